"""Accounts of people whom the identity provider knows, found by issuer and subject, never by name or address."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from domain.provider_claims import choose_name, choose_role, parse_role_rules, require_domain
from domain.sign_in_rules import fold_name
from errors import Forbidden
from models.actors import Actor, Channel, Role, Subject, SubjectKind
from models.team import AccountState
from services.team.invitations import add_person
from settings import Settings
from store.activity import write_activity
from store.database import write_transaction
from store.team import accounts, sign_ins


class ProvidedPerson(NamedTuple):
    """Whom the provider let in: their account, at its version."""

    account_id: str
    version: int


def accept_claims(
    engine: Engine, settings: Settings, claims: Mapping[str, Any], now: datetime, real_now: datetime
) -> ProvidedPerson:
    """Find or make the account of whom the claims speak, with the role that they give.

    Raises Forbidden: no role, another domain, or an account that was disabled.
    """
    domains = tuple(filter(None, (part.strip().lower() for part in settings.oidc_domains.split(","))))
    require_domain(claims, domains)
    default = Role(settings.oidc_default_role) if settings.oidc_default_role else None
    role = choose_role(claims, settings.oidc_role_claim, parse_role_rules(settings.oidc_roles), default)
    actor = Actor(who=choose_name(claims), role=role, channel=Channel.PAGE)
    return join_by_provider(engine, actor, build_subject_key(claims), now, real_now)


def build_subject_key(claims: Mapping[str, Any]) -> str:
    """Build the key by which an account is found: of the issuer and its subject, which stays when a name changes."""
    return hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()


def join_by_provider(
    engine: Engine, actor: Actor, subject_key: str, now: datetime, real_now: datetime
) -> ProvidedPerson:
    """Find or make the account of a subject, and give it the actor's role. Raises NotAllowed, Forbidden."""
    permissions.require(actor, Action.JOIN_BY_PROVIDER)
    with write_transaction(engine) as connection:
        accounts.lock_joining(connection)
        row = accounts.find_by_subject(connection, subject_key)
        if row is None:
            name = _choose_free_name(connection, actor.who)
            account = add_person(connection, name, actor.role, real_now)
            accounts.link_subject(connection, account.account_id, subject_key)
            record_joining(connection, actor.model_copy(update={"who": name}), None, now, real_now)
            row = accounts.find_by_subject(connection, subject_key)
        elif row.state == AccountState.DISABLED:
            raise Forbidden("Your account in this shop is disabled: ask its owner.")
        elif row.role != actor.role:
            accounts.change_account(connection, row.account_id, {"role": actor.role}, voids=True)
            sign_ins.delete_sign_ins(connection, row.account_id)
            record_joining(connection, actor.model_copy(update={"who": row.name}), row.role, now, real_now)
            row = accounts.find_by_subject(connection, subject_key)
    return ProvidedPerson(row.account_id, row.version)  # type: ignore[union-attr]


def _choose_free_name(connection: Connection, name: str) -> str:
    """Choose a name that nobody has: somebody with the same name is somebody else."""
    wanted, number = name, 1
    while accounts.find_credentials(connection, fold_name(wanted)) is not None:
        number += 1
        wanted = f"{name[:58]} {number}"
    return wanted


def record_joining(
    connection: Connection, actor: Actor, before: Role | None, now: datetime, real_now: datetime
) -> None:
    """Put on record that somebody joined, or came by another role."""
    subject, data = Subject(kind=SubjectKind.ACCOUNT, id=actor.who), {"changed": {"role": [before, actor.role]}}
    write_activity(connection, actor, Action.JOIN_BY_PROVIDER, subject, now, real_now, data)
