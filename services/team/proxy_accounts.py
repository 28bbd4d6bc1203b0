"""Accounts of people whom a trusted proxy has signed in, found by the name that it gives them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine

from domain.provider_claims import choose_role, parse_role_rules
from domain.proxy_peers import NamedUser
from domain.sign_in_rules import fold_name
from errors import Forbidden
from models.actors import Actor, Channel, Role
from models.team import AccountState
from services.team.provider_accounts import join_by_provider, record_joining
from settings import Settings
from store.database import read_transaction, write_transaction
from store.team import accounts
from store.team.accounts import Credentials


class ProxiedPerson(NamedTuple):
    """Whom the proxy let in, as an actor, and their account."""

    actor: Actor
    account_id: str


def recognise_user(
    engine: Engine, settings: Settings, user: NamedUser, now: datetime, real_now: datetime
) -> ProxiedPerson:
    """Recognise whom the proxy names, with the role in force: writes only where somebody comes for the first time, or
    by another role.

    Raises Forbidden: no account and none to be made, no role, or an account that was disabled.
    """
    key, role = _build_key(user), _choose_role(settings, user)
    with read_transaction(engine) as connection:
        row = accounts.find_by_subject(connection, key, lock=False)
    if row is None or row.state != AccountState.ACTIVE or role not in (None, row.role):
        row = _join(engine, settings, user, key, role, now, real_now)
    return ProxiedPerson(Actor(who=row.name, role=Role(row.role), channel=Channel.PAGE), row.account_id)


def _build_key(user: NamedUser) -> str:
    """Build the key of the account. The name is folded: who was let in no more does not come again in capitals."""
    return hashlib.sha256(f"proxy\n{fold_name(user.name)}".encode()).hexdigest()


def _choose_role(settings: Settings, user: NamedUser) -> Role | None:
    """Choose the role that the groups give; None where the shop's owner gives roles. Raises Forbidden for no role."""
    rules = parse_role_rules(settings.proxy_roles)
    return choose_role({"groups": user.groups}, "groups", rules, _get_default(settings)) if rules else None


def _get_default(settings: Settings) -> Role | None:
    return Role(settings.proxy_default_role) if settings.proxy_default_role else None


def _join(
    engine: Engine,
    settings: Settings,
    user: NamedUser,
    key: str,
    role: Role | None,
    now: datetime,
    real_now: datetime,
) -> Credentials:
    with write_transaction(engine) as connection:
        accounts.lock_joining(connection)
        row = accounts.find_by_subject(connection, key) or _claim_invitation(connection, user, key, now, real_now)
    chosen = role or (Role(row.role) if row else _get_default(settings))
    if chosen is None:
        raise Forbidden("Nobody of this name has an account in this shop: ask its owner for an invitation.")
    actor = Actor(who=user.name, role=chosen, channel=Channel.PAGE)
    account_id = join_by_provider(engine, actor, key, now, real_now).account_id
    with read_transaction(engine) as connection:
        return accounts.load_credentials(connection, account_id)  # type: ignore[return-value]


def _claim_invitation(
    connection: Connection, user: NamedUser, key: str, now: datetime, real_now: datetime
) -> Credentials | None:
    """Give the proxy's user the account that an owner made for this name and nobody has used; its link is void then.
    An account with a password stays that of whoever knows it."""
    row = accounts.find_credentials(connection, fold_name(user.name))
    if row is None or row.state != AccountState.INVITED:
        return None
    accounts.link_subject(connection, row.account_id, key)
    accounts.change_account(connection, row.account_id, {}, voids=True)
    actor = Actor(who=row.name, role=Role(row.role), channel=Channel.PAGE)
    record_joining(connection, actor, None, now, real_now)
    return accounts.load_credentials(connection, row.account_id)
