"""Links that set a password, once: for who is invited, for who forgot theirs, and for the shop's first owner.

A link is signed and carries the account's version, which each use raises, so nothing of it is stored.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any, Final, NamedTuple

from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from domain.sign_in_rules import check_password, fold_name
from errors import BadInput, OldLink, Taken
from models.actors import Actor, Channel, Role, Subject, SubjectKind
from models.team import Account, AccountState
from services.team.passwords import hash_password
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.team import accounts, sign_ins

DAYS: Final = 7
_FIRST: Final = "first-owner"
_USED: Final = "this link was used, or replaced by a newer one: ask the shop's owner for another"


class Invitee(NamedTuple):
    """For whom a link sets a password. `account_id` is empty for the first owner, who chooses a name."""

    account_id: str
    name: str
    role: Role


class LinkBase(NamedTuple):
    """What a link is built with: the address of the site, and the signing key."""

    base_url: str
    signing_key: str


def build_link(base: LinkBase, account_id: str, version: int) -> str:
    """Build the link for an account at its present version."""
    return f"{base.base_url}/invitation/{_build_signer(base.signing_key).dumps([account_id, version])}"


def build_first_link(engine: Engine, base: LinkBase) -> str:
    """Build the link that makes the first owner; empty where an owner can sign in."""
    with read_transaction(engine) as connection:
        return "" if accounts.count_owners(connection) else build_link(base, _FIRST, 0)


def read_link(engine: Engine, signing_key: str, token: str) -> Invitee:
    """Read whom a link is for. Raises OldLink."""
    with read_transaction(engine) as connection:
        return _resolve(connection, signing_key, token)


def accept_invitation(
    engine: Engine, signing_key: str, token: str, name: str, password: str, now: datetime, real_now: datetime
) -> str:
    """Set the password, end older sign-ins, and return the account's id. `name` counts for the first owner alone.

    Raises: OldLink; BadInput naming the field; Taken for a name that somebody has.
    """
    invitee = read_link(engine, signing_key, token)
    name = invitee.name or name.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise BadInput("must have 1 to 64 letters", "name")
    check_password(password, name)
    password_hash = hash_password(password)  # before the transaction: it takes a tenth of a second
    actor = Actor(who=name, role=invitee.role, channel=Channel.PAGE)
    with write_transaction(engine) as connection:
        invitee = _resolve(connection, signing_key, token)
        account_id = invitee.account_id or add_person(connection, name, Role.OWNER, real_now).account_id
        permissions.require(actor, Action.SET_PASSWORD)
        change_password(connection, actor, account_id, password_hash, now, real_now)
        return account_id


def change_password(
    connection: Connection, actor: Actor, account_id: str, password_hash: str, now: datetime, real_now: datetime
) -> None:
    """Set a password, enable the account, and end all its sign-ins."""
    values = {"password_hash": password_hash, "state": AccountState.ACTIVE}
    accounts.change_account(connection, account_id, values, voids=True)
    ended = sign_ins.delete_sign_ins(connection, account_id)
    subject = Subject(kind=SubjectKind.ACCOUNT, id=actor.who)
    write_activity(connection, actor, Action.SET_PASSWORD, subject, now, real_now, {"sign_ins_ended": ended})


def add_person(connection: Connection, name: str, role: Role, real_now: datetime) -> Account:
    """Add an account. Raises Taken where somebody has the name."""
    name_key = fold_name(name)
    if accounts.find_credentials(connection, name_key) is not None:
        raise Taken("somebody has this name already", "name")
    account_id = f"p-{secrets.token_hex(6)}"
    accounts.add_account(connection, account_id, name, name_key, role, real_now)
    row = accounts.load_credentials(connection, account_id)
    return accounts.parse_account(row)  # type: ignore[arg-type]


def _resolve(connection: Connection, signing_key: str, token: str) -> Invitee:
    account_id, version = _parse_token(signing_key, token)
    if account_id == _FIRST:
        if accounts.count_owners(connection):
            raise OldLink(_USED)
        return Invitee("", "", Role.OWNER)
    row = accounts.load_credentials(connection, account_id, lock=True)
    if row is None or row.version != version or row.state == AccountState.DISABLED:
        raise OldLink(_USED)
    return Invitee(row.account_id, row.name, Role(row.role))


def _parse_token(signing_key: str, token: str) -> tuple[str, int]:
    try:
        payload: Any = _build_signer(signing_key).loads(token, max_age=DAYS * 24 * 3600)
    except BadData:
        raise OldLink(f"this link is not whole, or older than {DAYS} days: ask the shop's owner for another") from None
    return str(payload[0]), int(payload[1])


def _build_signer(signing_key: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(signing_key, salt="team/invitation")
