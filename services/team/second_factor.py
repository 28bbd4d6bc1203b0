"""The second factor: codes of an app (TOTP, RFC 6238), each taken once, and recovery codes for when the app is lost."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final

import pyotp
from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput, NotFound
from models.actors import Actor, Subject, SubjectKind
from services.team.secrets import hash_token, seal, unseal
from store.activity import write_activity
from store.database import write_transaction
from store.team import accounts, sign_ins
from store.team.accounts import Credentials

STEP_S: Final = 30
RECOVERY_CODES: Final = 8
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"


def propose_secret() -> str:
    """Propose a secret; it counts once a code of it was given."""
    return pyotp.random_base32()


def build_address(shop: str, name: str, secret: str) -> str:
    """Build the address that an app reads from a picture or a link."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=shop)


def turn_on_second_factor(
    engine: Engine,
    actor: Actor,
    signing_key: str,
    account_id: str,
    secret: str,
    code: str,
    keep: str,
    now: datetime,
    real_now: datetime,
) -> tuple[str, ...]:
    """Turn the second factor on, end all other sign-ins, and return the recovery codes, which are shown this one time.

    Args: `code` is one of the secret's, as proof that the app has it; `keep`: the hash of the sign-in that goes on.
    Raises: NotAllowed; BadInput for a wrong code.
    """
    permissions.require(actor, Action.SET_SECOND_FACTOR)
    step = find_step(secret, code, real_now)
    if step is None:
        raise BadInput("is not what the app shows now; its clock may be wrong", "code")
    codes = tuple(_make_recovery_code() for _ in range(RECOVERY_CODES))
    values = {
        "totp_secret": seal(signing_key, secret),
        "totp_step": step,
        "recovery_hashes": [hash_token(signing_key, "recovery", one) for one in codes],
    }
    _change(engine, actor, account_id, values, [False, True], keep, now, real_now)
    return codes


def turn_off_second_factor(
    engine: Engine, actor: Actor, account_id: str, keep: str, now: datetime, real_now: datetime
) -> None:
    """Turn the second factor off. Raises NotAllowed."""
    permissions.require(actor, Action.SET_SECOND_FACTOR)
    values = {"totp_secret": "", "totp_step": 0, "recovery_hashes": []}
    _change(engine, actor, account_id, values, [True, False], keep, now, real_now)


def _change(
    engine: Engine,
    actor: Actor,
    account_id: str,
    values: dict[str, object],
    before_after: list[bool],
    keep: str,
    now: datetime,
    real_now: datetime,
) -> None:
    with write_transaction(engine) as connection:
        row = accounts.load_credentials(connection, account_id, lock=True)
        if row is None:
            raise NotFound("nobody has this account", "account_id")
        if bool(row.totp_secret) == before_after[1]:
            return
        accounts.change_account(connection, account_id, values, voids=True)
        ended = sign_ins.delete_sign_ins(connection, account_id, keep)
        changes = {"changed": {"second_factor": before_after}, "sign_ins_ended": ended}
        subject = Subject(kind=SubjectKind.ACCOUNT, id=row.name)
        write_activity(connection, actor, Action.SET_SECOND_FACTOR, subject, now, real_now, changes)


def is_right_code(engine: Engine, signing_key: str, row: Credentials, code: str, now: datetime) -> bool:
    """Return whether a code is the app's or a recovery code, and use it up: neither is taken twice."""
    step = find_step(unseal(signing_key, row.totp_secret), code, now)
    with write_transaction(engine) as connection:
        if step is not None:
            return accounts.take_totp_step(connection, row.account_id, step)
        return _take_recovery_code(connection, signing_key, row.account_id, code)


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """Find the time step whose code this is: the present one, or its neighbours, since clocks differ."""
    digits, present = "".join(code.split()), int(now.timestamp()) // STEP_S
    totp = pyotp.TOTP(secret)
    if len(digits) != totp.digits or not digits.isascii() or not digits.isdecimal():
        return None
    return next((step for step in (present, present - 1, present + 1) if totp.generate_otp(step) == digits), None)


def _take_recovery_code(connection: Connection, signing_key: str, account_id: str, code: str) -> bool:
    row = accounts.load_credentials(connection, account_id, lock=True)
    wanted = hash_token(signing_key, "recovery", code.strip().lower())
    if row is None or wanted not in row.recovery_hashes:
        return False
    left = [one for one in row.recovery_hashes if one != wanted]
    accounts.change_account(connection, account_id, {"recovery_hashes": left})
    return True


def _make_recovery_code() -> str:
    """Make a code of 49 bits, which throttled tries do not find."""
    letters = [secrets.choice(_LETTERS) for _ in range(10)]
    return "".join(letters[:5]) + "-" + "".join(letters[5:])
