"""Keys of programs: made, listed, revoked, and recognised. A key reads `selvedge_<id>_<secret>`."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action, Disclosure, find_permission
from errors import BadInput, NotFound, Taken, Unavailable
from models.actors import Actor, Channel, Subject, SubjectKind
from models.team import ApiKey, ApiKeyList, ApiKeyOrder, ApiKeySecret
from services.team.secrets import make_token
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.team import api_keys

_SHAPE: Final = re.compile(r"selvedge_([0-9a-f]{12})_([A-Za-z0-9_-]{40,50})")
TOUCH_EVERY: Final = timedelta(minutes=1)
PERMISSIONS: Final = tuple(sorted({*map(str, Action), *map(str, Disclosure)}))


def list_keys(engine: Engine) -> ApiKeyList:
    """List every key, the newest first, revoked and expired ones too."""
    with read_transaction(engine) as connection:
        return ApiKeyList(keys=tuple(api_keys.list_keys(connection)))


def create_key(engine: Engine, actor: Actor, order: ApiKeyOrder, now: datetime, real_now: datetime) -> ApiKeySecret:
    """Make a key and return it with its secret, of which only a hash is stored.

    Raises: NotAllowed; BadInput for a permission that there is not or that the role lacks; Taken for a name in use.
    """
    permissions.require(actor, Action.CREATE_KEY)
    _check_only(order)
    key = ApiKey(
        key_id=secrets.token_hex(6),
        name=order.name,
        role=order.role,
        only=tuple(sorted(set(order.only))) if order.only else None,
        created_at=real_now,
        created_by=actor.who,
        expires_at=real_now + timedelta(days=order.days) if order.days else None,
        used_at=None,
        revoked_at=None,
    )
    secret = make_token()
    with write_transaction(engine) as connection:
        if api_keys.has_live_key(connection, order.name):
            raise Taken("a key of this name is in force; revoke it first, or take another name", "name")
        api_keys.add_key(connection, key, _hash(secret))
        data = {"role": order.role, "days": order.days, "only": list(key.only or ())}
        subject = Subject(kind=SubjectKind.KEY, id=order.name)
        write_activity(connection, actor, Action.CREATE_KEY, subject, now, real_now, data)
    return ApiKeySecret(key=key, secret=f"selvedge_{key.key_id}_{secret}")


def revoke_key(engine: Engine, actor: Actor, name: str, now: datetime, real_now: datetime) -> ApiKey:
    """Revoke a key by its name or id; a program that uses it is refused within seconds. Raises NotAllowed, NotFound."""
    permissions.require(actor, Action.REVOKE_KEY)
    with write_transaction(engine) as connection:
        keys = [key for key in api_keys.list_keys(connection) if name in (key.name, key.key_id)]
        live = next((key for key in keys if key.revoked_at is None), None)
        if live is None:
            raise NotFound("is revoked already" if keys else "no key has this name", "name")
        api_keys.revoke_key(connection, live.key_id, real_now)
        subject = Subject(kind=SubjectKind.KEY, id=live.name)
        write_activity(connection, actor, Action.REVOKE_KEY, subject, now, real_now)
        return live.model_copy(update={"revoked_at": real_now})


def recognise_key(engine: Engine, given: str, now: datetime) -> tuple[Actor, datetime | None] | None:
    """Recognise a key: for whom it acts, and until when; None where it is none of ours, expired or revoked."""
    shape = _SHAPE.fullmatch(given)
    if shape is None:
        return None
    with read_transaction(engine) as connection:
        row = api_keys.load_key(connection, shape[1])
    if row is None or not hmac.compare_digest(row.secret_hash, _hash(shape[2])):
        return None
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    if row.used_at is None or now - row.used_at >= TOUCH_EVERY:
        _touch(engine, row.key_id, now)
    only = None if row.only is None else frozenset(row.only)
    return Actor(who=row.name, role=row.role, channel=Channel.API, only=only), row.expires_at


def _touch(engine: Engine, key_id: str, now: datetime) -> None:
    try:
        with write_transaction(engine) as connection:
            api_keys.touch_key(connection, key_id, now)
    except Unavailable:
        return  # a program may read while the database takes no writes


def _check_only(order: ApiKeyOrder) -> None:
    for name in order.only or ():
        if name not in PERMISSIONS:
            raise BadInput(f"{name!r} is no permission; docs/team.md lists them", "only")
        if not permissions.may(Actor(who=order.name, role=order.role, channel=Channel.API), find_permission(name)):
            raise BadInput(f"the role {order.role} may not do {name}", "only")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
