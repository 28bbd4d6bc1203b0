"""Who has an account: invite, change the role, disable, and make a new link. The last owner stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from domain.sign_in_rules import fold_name
from errors import BadInput, NotFound
from models.actors import Actor, Role, Subject, SubjectKind
from models.team import Account, AccountInvitation, AccountList, AccountState, InvitationLink
from services.team.invitations import DAYS, LinkBase, add_person, build_link
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.team import accounts, sign_ins
from store.team.accounts import Credentials


def list_people(engine: Engine) -> AccountList:
    """List everybody who has an account."""
    with read_transaction(engine) as connection:
        return AccountList(accounts=tuple(accounts.list_accounts(connection)))


def find_person(engine: Engine, name: str) -> Account:
    """Find an account by name or id. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = accounts.find_credentials(connection, fold_name(name)) or accounts.load_credentials(connection, name)
        if row is None:
            raise NotFound("nobody has an account of this name", "name")
        return accounts.parse_account(row)


def invite_person(
    engine: Engine, actor: Actor, link_base: LinkBase, order: AccountInvitation, now: datetime, real_now: datetime
) -> InvitationLink:
    """Add an account and return the link with which its person sets a password. Raises NotAllowed, Taken."""
    permissions.require(actor, Action.INVITE_PERSON)
    with write_transaction(engine) as connection:
        account = add_person(connection, order.name, order.role, real_now)
        _record(
            connection,
            actor,
            Action.INVITE_PERSON,
            account.name,
            now,
            real_now,
            {"changed": {"role": [None, order.role]}},
        )
        return _build_answer(connection, link_base, account.account_id)


def set_role(engine: Engine, actor: Actor, account_id: str, role: Role, now: datetime, real_now: datetime) -> Account:
    """Give somebody another role, from their next click on. Raises NotAllowed, NotFound, BadInput."""
    permissions.require(actor, Action.SET_ROLE)
    with write_transaction(engine) as connection:
        row = _load(connection, account_id)
        if row.role != role:
            _require_another_owner(connection, row)
            accounts.change_account(connection, account_id, {"role": role})
            _record(
                connection, actor, Action.SET_ROLE, row.name, now, real_now, {"changed": {"role": [row.role, role]}}
            )
        return accounts.parse_account(_load(connection, account_id))


def disable_person(engine: Engine, actor: Actor, account_id: str, now: datetime, real_now: datetime) -> Account:
    """Disable an account and end its sign-ins; a new link enables it. Raises NotAllowed, NotFound, BadInput."""
    permissions.require(actor, Action.DISABLE_PERSON)
    with write_transaction(engine) as connection:
        row = _load(connection, account_id)
        if row.state != AccountState.DISABLED:
            _require_another_owner(connection, row)
            accounts.change_account(connection, account_id, {"state": AccountState.DISABLED}, voids=True)
            ended = sign_ins.delete_sign_ins(connection, account_id)
            changes = {"changed": {"state": [row.state, AccountState.DISABLED]}, "sign_ins_ended": ended}
            _record(connection, actor, Action.DISABLE_PERSON, row.name, now, real_now, changes)
        return accounts.parse_account(_load(connection, account_id))


def reset_person(
    engine: Engine, actor: Actor, link_base: LinkBase, account_id: str, now: datetime, real_now: datetime
) -> InvitationLink:
    """Take away password and second factor, end the sign-ins, and return a new link. Raises NotAllowed, NotFound.

    The last owner keeps their account: the link that they get lets them in again.
    """
    permissions.require(actor, Action.RESET_PERSON)
    with write_transaction(engine) as connection:
        row = _load(connection, account_id)
        state = AccountState.INVITED if row.state == AccountState.DISABLED else row.state
        values: dict[str, Any] = {
            "password_hash": "",
            "totp_secret": "",
            "totp_step": 0,
            "recovery_hashes": [],
            "state": state,
        }
        accounts.change_account(connection, account_id, values, voids=True)
        ended = sign_ins.delete_sign_ins(connection, account_id)
        _record(connection, actor, Action.RESET_PERSON, row.name, now, real_now, {"sign_ins_ended": ended})
        return _build_answer(connection, link_base, account_id)


def _build_answer(connection: Connection, link_base: LinkBase, account_id: str) -> InvitationLink:
    row = _load(connection, account_id)
    link = build_link(link_base, account_id, row.version)
    return InvitationLink(account=accounts.parse_account(row), link=link, days=DAYS)


def _load(connection: Connection, account_id: str) -> Credentials:
    row = accounts.load_credentials(connection, account_id, lock=True)
    if row is None:
        raise NotFound("nobody has this account", "account_id")
    return row


def _require_another_owner(connection: Connection, row: Credentials) -> None:
    if row.role == Role.OWNER and row.state == AccountState.ACTIVE and accounts.count_owners(connection) == 1:
        raise BadInput("is the only owner who can sign in: make another one first", "account_id")


def _record(
    connection: Connection,
    actor: Actor,
    action: Action,
    name: str,
    now: datetime,
    real_now: datetime,
    data: Mapping[str, Any],
) -> None:
    write_activity(connection, actor, action, Subject(kind=SubjectKind.ACCOUNT, id=name), now, real_now, data)
