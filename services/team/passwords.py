"""Passwords: argon2id with the parameters of RFC 9106 for little memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from errors import Unavailable

_HASHER: Final = PasswordHasher()
_AT_ONCE: Final = BoundedSemaphore(2)
"""Each computation takes 64 MiB: a storm of sign-ins waits, instead of taking all memory."""
PATIENCE_S: Final = 3.0


def hash_password(password: str) -> str:
    """Hash a password; the hash holds its salt and parameters. Raises Unavailable."""
    with _take_place():
        return _HASHER.hash(password)


def is_password(password_hash: str, password: str) -> bool:
    """Return whether this is the password. It takes as long where there is none to compare with. Raises Unavailable."""
    with _take_place():
        try:
            return _HASHER.verify(password_hash or _make_decoy(), password) and bool(password_hash)
        except (VerificationError, InvalidHashError):
            return False


@contextmanager
def _take_place() -> Iterator[None]:
    """Take a place for a computation. Raises Unavailable where there is none for a while: the others need threads."""
    if not _AT_ONCE.acquire(timeout=PATIENCE_S):
        raise Unavailable("too many people sign in at once; try again in a moment", retry_after=5)
    try:
        yield
    finally:
        _AT_ONCE.release()


@cache
def _make_decoy() -> str:
    return _HASHER.hash("nobody has this password")
