"""Random tokens, their hashes, and what is sealed with the signing key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from errors import ConfigError

TOKEN_BYTES: Final = 32


def make_token() -> str:
    """Make a token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(signing_key: str, purpose: str, value: str) -> str:
    """Compute the keyed hash, 64 hex digits, under which a token, name or address is stored. With another signing key
    no stored one is found any more."""
    return hmac.digest(signing_key.encode(), f"team/{purpose}:{value}".encode(), "sha256").hex()


def seal(signing_key: str, text: str) -> str:
    """Encrypt a text, so that a copy of the database alone does not tell it."""
    return _build_box(signing_key).encrypt(text.encode()).decode()


def unseal(signing_key: str, sealed: str, within_s: int | None = None) -> str:
    """Decrypt a sealed text; one that is older than `within_s` seconds counts as none. Raises ConfigError where the
    signing key is another one by now."""
    try:
        return _build_box(signing_key).decrypt(sealed.encode(), within_s).decode()
    except InvalidToken:
        raise ConfigError(
            "SELVEDGE_SIGNING_KEY: was changed, so what it sealed cannot be read; `selvedge team reset` removes second "
            "factors, `selvedge webhooks rotate` makes new secrets"
        ) from None


def _build_box(signing_key: str) -> Fernet:
    key = hashlib.sha256(f"team/seal:{signing_key}".encode()).digest()
    return Fernet(base64.urlsafe_b64encode(key))
