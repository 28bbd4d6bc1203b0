"""Sign-ins in force: begun, used, listed and ended. The cookie holds a random token; stored is its keyed hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from domain.sign_in_rules import SignInLimits, check_password
from errors import BadInput, Forbidden, NotFound, Unavailable
from models.actors import Actor, Channel, Role, Subject, SubjectKind
from models.team import AccountState, SignIn
from services.team.invitations import change_password
from services.team.passwords import hash_password, is_password
from services.team.secrets import hash_token, make_token
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.team import accounts, sign_ins

TOUCH_EVERY: Final = timedelta(minutes=1)


class SignedIn(NamedTuple):
    """Whoever is signed in, as an actor, and by which sign-in."""

    actor: Actor
    account_id: str
    token_hash: str


def begin_sign_in(
    engine: Engine,
    signing_key: str,
    limits: SignInLimits,
    account_id: str,
    version: int | None,
    agent: str,
    address: str,
    before: str,
    now: datetime,
) -> str:
    """Begin a sign-in and return its token, always a new one. Ended ones, and that which the browser had, are deleted.

    Args: `version`: that of the account when the password was checked; None: whatever it is. `before`: the token that
    the browser sent, or nothing.
    Raises: Forbidden where the account was changed meanwhile.
    """
    token = make_token()
    with write_transaction(engine) as connection:
        row = accounts.load_credentials(connection, account_id, lock=True)
        if row is None or row.state != AccountState.ACTIVE or version not in (None, row.version):
            raise Forbidden("The account was changed meanwhile: sign in again.")
        sign_ins.delete_ended(connection, now - limits.absolute, now - limits.idle)
        if before and (old := sign_ins.load_sign_in(connection, _hash(signing_key, before))):
            sign_ins.delete_sign_in(connection, old.token_hash, old.account_id)
        sign_ins.add_sign_in(connection, _hash(signing_key, token), account_id, agent[:120], address[:45], now)
        accounts.change_account(connection, account_id, {"signed_in_at": now})
    return token


def find_signed_in(
    engine: Engine, signing_key: str, limits: SignInLimits, token: str, now: datetime
) -> SignedIn | None:
    """Find who a token stands for, and note its use each minute; None where its sign-in has ended or never was."""
    token_hash = _hash(signing_key, token)
    with read_transaction(engine) as connection:
        row = sign_ins.load_sign_in(connection, token_hash)
    if row is None or row.state != AccountState.ACTIVE or limits.has_ended(row.began_at, row.seen_at, now):
        return None
    if now - row.seen_at >= TOUCH_EVERY:
        _touch(engine, token_hash, now)
    actor = Actor(who=row.name, role=Role(row.role), channel=Channel.PAGE)
    return SignedIn(actor, row.account_id, token_hash)


def _touch(engine: Engine, token_hash: str, now: datetime) -> None:
    try:
        with write_transaction(engine) as connection:
            sign_ins.touch_sign_in(connection, token_hash, now)
    except Unavailable:
        return  # reading goes on while the database takes no writes; the next click notes it


def list_sign_ins(engine: Engine, account_id: str) -> Sequence[SignIn]:
    """List the sign-ins of somebody, the last used first."""
    with read_transaction(engine) as connection:
        return sign_ins.list_sign_ins(connection, account_id)


def end_sign_in(
    engine: Engine, actor: Actor, account_id: str, token_hash: str, now: datetime, real_now: datetime
) -> None:
    """End one sign-in of one's own. Raises NotAllowed, NotFound."""
    permissions.require(actor, Action.END_SIGN_IN)
    with write_transaction(engine) as connection:
        if not sign_ins.delete_sign_in(connection, token_hash, account_id):
            raise NotFound("this sign-in has ended already", "sign_in")
        subject = Subject(kind=SubjectKind.ACCOUNT, id=actor.who)
        write_activity(connection, actor, Action.END_SIGN_IN, subject, now, real_now, {"sign_ins_ended": 1})


def leave(engine: Engine, account_id: str, token_hash: str) -> None:
    """Sign out."""
    with write_transaction(engine) as connection:
        sign_ins.delete_sign_in(connection, token_hash, account_id)


def set_own_password(
    engine: Engine, actor: Actor, account_id: str, old: str, new: str, now: datetime, real_now: datetime
) -> None:
    """Change one's own password and end all one's sign-ins. Raises NotAllowed; BadInput naming the field."""
    permissions.require(actor, Action.SET_PASSWORD)
    with read_transaction(engine) as connection:
        row = accounts.load_credentials(connection, account_id)
    if row is None or not is_password(row.password_hash, old):
        raise BadInput("is not your present password", "old_password")
    check_password(new, actor.who)
    password_hash = hash_password(new)
    with write_transaction(engine) as connection:
        change_password(connection, actor, account_id, password_hash, now, real_now)


def _hash(signing_key: str, token: str) -> str:
    return hash_token(signing_key, "sign-in", token)
