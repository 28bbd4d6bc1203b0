"""The private key that signs our mail. One is made on first use and saved under the home folder.

`python -m mail.dkim_key` prints the DNS record to publish for it.
"""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from errors import ConfigError
from settings import Settings
from settings import load as load_settings

BITS = 2048
"""What RFC 8301 asks for; DNS still takes the public key in one record."""


def load_key(settings: Settings) -> rsa.RSAPrivateKey:
    """Load the key in use. Raises ConfigError naming SELVEDGE_DKIM_KEY_FILE."""
    if settings.dkim_key_file is not None:
        return _read_key(settings.dkim_key_file)
    path = settings.home / "dkim.pem"
    if not path.exists():
        _make_key(path)
    return _read_key(path)


def build_dns_record(key: rsa.RSAPrivateKey) -> str:
    """Build the TXT record to publish at `<selector>._domainkey.<domain>` (RFC 6376, 3.6.1)."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"


def _read_key(path: Path) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as missing:
        raise ConfigError(f"SELVEDGE_DKIM_KEY_FILE: {path} cannot be read ({missing.strerror})") from None
    except (ValueError, TypeError):
        raise ConfigError(f"SELVEDGE_DKIM_KEY_FILE: {path} is not an unencrypted PEM private key") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 1024:
        raise ConfigError(f"SELVEDGE_DKIM_KEY_FILE: {path} is not an RSA key of 1024 bits or more; 2048 are good")
    return key


def _make_key(path: Path) -> None:
    """Make a key file that only its owner can read; two processes that start together agree on one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    key = rsa.generate_private_key(public_exponent=65_537, key_size=BITS)
    with NamedTemporaryFile("wb", dir=path.parent, delete=False) as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with suppress(FileExistsError):
        path.hardlink_to(file.name)
    Path(file.name).unlink()


def _main() -> None:
    settings = load_settings()
    domain = settings.dkim_domain or settings.mail_from.rpartition("@")[2]
    print(f'{settings.dkim_selector}._domainkey.{domain}. TXT "{build_dns_record(load_key(settings))}"')


if __name__ == "__main__":
    _main()
