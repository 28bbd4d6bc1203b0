"""Sign in with name and password, then with a code where there is a second factor; failed tries are slowed down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Engine

from domain.sign_in_rules import FORGOTTEN_AFTER, compute_wait, fold_name
from errors import Forbidden, TooManyTries
from models.team import AccountState
from services.team.passwords import is_password
from services.team.second_factor import is_right_code
from services.team.secrets import hash_token
from store.database import read_transaction, write_transaction
from store.team import accounts, sign_ins

WRONG: Final = "That name and password do not go together."


class PasswordCheck(NamedTuple):
    """A right password: whose, at which version of the account, and whether a code must follow."""

    account_id: str
    version: int
    needs_code: bool


class SignInService:
    """Checks passwords and codes, and counts what fails by account and by network address."""

    def __init__(self, engine: Engine, signing_key: str) -> None:
        self._engine, self._key = engine, signing_key

    def check_password(self, name: str, password: str, address: str, now: datetime) -> PasswordCheck:
        """Check name and password. Raises Forbidden where they are wrong, TooManyTries."""
        subjects = self._list_subjects(fold_name(name), address)
        self._take_turn(subjects, now)
        with read_transaction(self._engine) as connection:
            row = accounts.find_credentials(connection, fold_name(name))
        may_try = row is not None and row.state == AccountState.ACTIVE
        if not is_password(row.password_hash if row is not None and may_try else "", password) or row is None:
            raise Forbidden(WRONG)
        self._settle(subjects, done=not row.totp_secret)
        return PasswordCheck(row.account_id, row.version, bool(row.totp_secret))

    def check_code(self, checked: PasswordCheck, code: str, address: str, now: datetime) -> None:
        """Check the code of a second factor, or a recovery code. Raises Forbidden, TooManyTries."""
        with read_transaction(self._engine) as connection:
            row = accounts.load_credentials(connection, checked.account_id)
        if row is None or row.state != AccountState.ACTIVE or row.version != checked.version:
            raise Forbidden("The account was changed meanwhile: sign in again.")
        subjects = self._list_subjects(row.name_key, address)
        self._take_turn(subjects, now)
        if not is_right_code(self._engine, self._key, row, code, now):
            raise Forbidden("That code is not right, or was used before.")
        self._settle(subjects, done=True)

    def _list_subjects(self, name_key: str, address: str) -> dict[str, str]:
        return {
            "name": hash_token(self._key, "name", name_key[:128]),
            "address": hash_token(self._key, "address", address),
        }

    def _take_turn(self, subjects: dict[str, str], now: datetime) -> None:
        """Count the try as failed before it is looked at, so that many at once are slowed down like many in a row."""
        with write_transaction(self._engine) as connection:
            sign_ins.delete_old_failures(connection, now - FORGOTTEN_AFTER)
            wait = max(
                compute_wait(kind, *sign_ins.count_try(connection, subject, now), now)
                for kind, subject in subjects.items()
            )
            if wait > timedelta():  # the transaction ends with nothing counted
                raise TooManyTries(
                    f"Too many tries failed. The next one is possible in {_describe_wait(wait)}; until then, not even "
                    "the right password is taken.",
                    wait.total_seconds(),
                )

    def _settle(self, subjects: dict[str, str], *, done: bool) -> None:
        """Take back the try that did not fail; only a whole sign-in, code and all, forgives those before it."""
        with write_transaction(self._engine) as connection:
            for subject in subjects.values():
                sign_ins.uncount_try(connection, subject)
            if done:
                sign_ins.forget_failures(connection, subjects["name"])


def _describe_wait(wait: timedelta) -> str:
    seconds = int(wait.total_seconds()) + 1
    return f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"
