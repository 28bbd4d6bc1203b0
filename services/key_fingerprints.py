"""Whether the keys in force are those by which the database was written.

With another signing key, links in old mail lead nowhere, and suppressions, opt-outs and erased ids are not recognised,
so people would be mailed who must not be. With another DKIM key under the same name, receivers refuse our mail. Without
a payload key, workflows stand still: nobody can read what Temporal keeps of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine

from errors import ConfigError
from keys import load_payload_keys
from mail.dkim_key import DkimKey, load_shop_keys
from settings import Settings
from store.database import read_transaction, write_transaction
from store.fingerprints import forget_fingerprints, list_fingerprints, save_fingerprints

SIGNING = "signing"
PAYLOAD = "payload/"


def require_known_keys(engine: Engine, settings: Settings) -> None:
    """Require the keys that this database knows, and remember those that it does not know yet. Raises ConfigError with
    one line that says which key differs and what to do."""
    prints = build_fingerprints(settings)
    with read_transaction(engine) as connection:
        known = list_fingerprints(connection)
    if (stored := known.get(SIGNING)) is not None and prints[SIGNING] != stored:
        raise ConfigError(
            "SELVEDGE_SIGNING_KEY (or keys.json under SELVEDGE_HOME): not the key by which this database was written; "
            "put the old one back from a backup. Without it opt-outs and erased ids are not recognised. If it is lost "
            "for good: selvedge migrate --accept-keys"
        )
    for name, stored in known.items():
        if name.startswith(PAYLOAD) and prints.get(name) != stored:
            raise ConfigError(
                f"SELVEDGE_PAYLOAD_KEYS_FILE (or payload-keys.json under SELVEDGE_HOME): the key "
                f"{name.removeprefix(PAYLOAD)} is gone or another than before, and Temporal may hold what only it can "
                "read; put the file back from a backup. If no open workflow is that old: selvedge payload-keys remove"
            )
        if (
            name != SIGNING
            and not name.startswith(PAYLOAD)
            and prints.get(name, stored if _is_retired(name, settings) else "") != stored
        ):
            raise ConfigError(
                f"SELVEDGE_DKIM_KEY_FILE (or dkim.pem under SELVEDGE_HOME): the key {name} is gone or another than "
                "before; put it back from a backup, publish a new one under another SELVEDGE_DKIM_SELECTOR, or, if its "
                "DNS record was changed: selvedge migrate --accept-keys"
            )
    if new := {name: value for name, value in prints.items() if name not in known}:
        with write_transaction(engine) as connection:
            save_fingerprints(connection, new)


def accept_keys(engine: Engine, settings: Settings) -> None:
    """Let the keys in force count from now on, whatever the database knew."""
    with write_transaction(engine) as connection:
        save_fingerprints(connection, build_fingerprints(settings))


def forget_payload_key(engine: Engine, key_id: str) -> bool:
    """Forget a payload key that went on purpose; return whether the database knew it."""
    with write_transaction(engine) as connection:
        return forget_fingerprints(connection, [f"{PAYLOAD}{key_id}"]) > 0


def build_fingerprints(settings: Settings) -> Mapping[str, str]:
    """Build the fingerprint of each key that there is, by name. A DKIM key that is made at the first mail has none."""
    prints = {SIGNING: hash_signing_key(settings.keys.signing)}
    if settings.dkim_keys or settings.dkim_key_file or (settings.home / "dkim.pem").exists():
        prints |= {name_key(key): _hash_public(key) for key in load_shop_keys(settings)}
    if path := settings.payload_keys:
        prints |= {f"{PAYLOAD}{key.id}": _hash(key.secret) for key in load_payload_keys(path)}
    return prints


def name_key(key: DkimKey) -> str:
    """Name a DKIM key as the DNS does."""
    return f"{key.selector}@{key.domain}"


def _is_retired(name: str, settings: Settings) -> bool:
    """Return whether a key of another name signs now: then this one may go."""
    domain = settings.dkim_domain or settings.mail_from.rpartition("@")[2]
    return bool(settings.dkim_keys) or name != f"{settings.dkim_selector}@{domain}"


def hash_signing_key(key: str) -> str:
    """Hash slowly a secret that a person may have chosen, so that the database does not help to guess it."""
    return hashlib.scrypt(key.encode(), salt=b"selvedge fingerprint", n=2**14, r=8, p=1, dklen=16).hex()


def _hash_public(key: DkimKey) -> str:
    public = key.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return _hash(public)


def _hash(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:32]
