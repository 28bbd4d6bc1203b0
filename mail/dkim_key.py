"""The private keys that sign our mail. One is made on first use and saved under the home folder.

`python -m mail.dkim_key` prints the DNS records to publish.
"""

from __future__ import annotations

import re
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

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


_DOMAIN: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_SELECTOR: Final = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


@dataclass(frozen=True)
class DkimKey:
    """A private key, and where its public half stands in the DNS."""

    domain: str
    selector: str
    private: rsa.RSAPrivateKey = field(repr=False)

    @property
    def record_name(self) -> str:
        """The name of the TXT record."""
        return f"{self.selector}._domainkey.{self.domain}"


def load_signing_keys(settings: Settings) -> list[DkimKey]:
    """Load the keys that sign each mail: the shop's, and that of a second domain, as of a mail provider.

    Raises:
        ConfigError: names the setting to correct.
    """
    second = _parse_entries("SELVEDGE_DKIM_SECOND", settings.dkim_second)
    return [load_shop_keys(settings)[0], *second[:1]]


def load_shop_keys(settings: Settings) -> list[DkimKey]:
    """Load all keys of the shop's domain. The first signs; the others stay published while mail that they signed is on
    its way, or are published before they sign. Raises ConfigError."""
    domain = settings.dkim_domain or settings.mail_from.rpartition("@")[2]
    if not _DOMAIN.fullmatch(domain):
        raise ConfigError(f"SELVEDGE_DKIM_DOMAIN: {domain} is not a domain")
    if not _SELECTOR.fullmatch(settings.dkim_selector):
        raise ConfigError(f"SELVEDGE_DKIM_SELECTOR: {settings.dkim_selector} is not a selector")
    if settings.dkim_keys:
        return _parse_entries("SELVEDGE_DKIM_KEYS", settings.dkim_keys, domain)
    return [DkimKey(domain, settings.dkim_selector, _load_key(settings))]


def _parse_entries(variable: str, text: str, domain: str = "") -> list[DkimKey]:
    """Parse `selector=path, ...`, or `selector@domain=path` where no domain is given."""
    keys = []
    for entry in filter(None, map(str.strip, text.split(","))):
        name, _, path = entry.partition("=")
        selector, _, of_domain = name.partition("@")
        key_domain = domain or of_domain
        if not path or bool(of_domain) == bool(domain) or not _SELECTOR.fullmatch(selector):
            raise ConfigError(f"{variable}: {entry} is not selector{'' if domain else '@domain'}=path of a key")
        if not _DOMAIN.fullmatch(key_domain):
            raise ConfigError(f"{variable}: {key_domain} is not a domain")
        keys.append(DkimKey(key_domain, selector, _read_key(Path(path), variable)))
    return keys


def _load_key(settings: Settings) -> rsa.RSAPrivateKey:
    """Load the one key. Raises ConfigError naming SELVEDGE_DKIM_KEY_FILE."""
    if settings.dkim_key_file is not None:
        return _read_key(settings.dkim_key_file, "SELVEDGE_DKIM_KEY_FILE")
    path = settings.home / "dkim.pem"
    if not path.exists():
        _make_key(path)
    return _read_key(path, "SELVEDGE_DKIM_KEY_FILE")


def build_dns_record(key: rsa.RSAPrivateKey) -> str:
    """Build the TXT record to publish at `<selector>._domainkey.<domain>` (RFC 6376, 3.6.1)."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"


def _read_key(path: Path, variable: str) -> rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as missing:
        raise ConfigError(f"{variable}: {path} cannot be read ({missing.strerror})") from None
    except (ValueError, TypeError):
        raise ConfigError(f"{variable}: {path} is not an unencrypted PEM private key") from None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 1024:
        raise ConfigError(f"{variable}: {path} is not an RSA key of 1024 bits or more; 2048 are good")
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
    for key in [*load_shop_keys(settings), *load_signing_keys(settings)[1:]]:
        print(f'{key.record_name}. TXT "{build_dns_record(key.private)}"')


if __name__ == "__main__":
    _main()
