"""Parses `SELVEDGE_SMTP_URL`: smtp://user:password@host:587 (STARTTLS when offered) or smtps://host:465."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit

from errors import ConfigError

_PORTS: Final = {"smtp": 25, "smtps": 465}
_HOW: Final = "such as smtp://user:password@mail.shop.com:587 or smtps://mail.shop.com:465"


@dataclass(frozen=True)
class SmtpServer:
    """The server that mail is handed to, and the account used there."""

    host: str
    port: int
    tls: bool
    """TLS from the first byte on. Without it, STARTTLS is used where the server offers it."""
    requires_tls: bool = False
    """Whether to hand over nothing where the server does not offer it."""
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """For messages; without user and password."""
        return f"{self.host}:{self.port}"

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine, so that a password may go unencrypted."""
        return self.host in {"127.0.0.1", "::1", "localhost"}


def parse_smtp_url(url: str, *, requires_tls: bool = False) -> SmtpServer:
    """Parse the URL. Raises ConfigError naming SELVEDGE_SMTP_URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ConfigError(f"SELVEDGE_SMTP_URL: not an address of a mail server, {_HOW}") from None
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ConfigError(f"SELVEDGE_SMTP_URL: not an address of a mail server, {_HOW}")
    return SmtpServer(
        host=parts.hostname,
        port=port or _PORTS[parts.scheme],
        tls=parts.scheme == "smtps",
        requires_tls=requires_tls,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )
