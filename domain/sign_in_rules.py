"""When a sign-in ends, how failed ones are slowed down, and what a password must be."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from errors import BadInput

MIN_LENGTH: Final = 12
MAX_LENGTH: Final = 256
FREE_TRIES: Final = {"name": 5, "address": 20}
"""Failed tries in a row before the next has to wait: for one account, and from one network address."""
FIRST_WAIT: Final = timedelta(seconds=30)
LONGEST_WAIT: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""Without a further failure, for so long, the tries count anew."""


@dataclass(frozen=True)
class SignInLimits:
    """How long a sign-in lasts: unused, and at most."""

    idle: timedelta
    absolute: timedelta

    def has_ended(self, began_at: datetime, seen_at: datetime, now: datetime) -> bool:
        """Return whether a sign-in has ended by now."""
        return now - seen_at >= self.idle or now - began_at >= self.absolute


def compute_wait(kind: str, failures: int, last_at: datetime, now: datetime) -> timedelta:
    """Compute how long the next try has to wait: from the first one too many 30 seconds after the last, twice as long
    after each further one, at most a quarter of an hour.

    Args: `kind` is "name" or "address".
    """
    if now - last_at >= FORGOTTEN_AFTER or failures < FREE_TRIES[kind]:
        return timedelta()
    doublings = min(failures - FREE_TRIES[kind], 10)
    wait = min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)
    return max(timedelta(), last_at + wait - now)


def fold_name(name: str) -> str:
    """Fold a name to what is compared: capitals and ways of writing the same letter are one."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def check_password(password: str, name: str) -> None:
    """Raise BadInput, naming the field, where a password is too short, too long or says who it is for."""
    if len(password) < MIN_LENGTH:
        raise BadInput(f"must have at least {MIN_LENGTH} characters; a few words with spaces do well", "password")
    if len(password) > MAX_LENGTH:
        raise BadInput(f"may have at most {MAX_LENGTH} characters", "password")
    if fold_name(name) in fold_name(password) and len(name) > 3:
        raise BadInput("must not contain your name", "password")
    if len(set(password)) < 5:
        raise BadInput("repeats too few characters", "password")
