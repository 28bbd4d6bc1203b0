"""When certificates and API keys expire."""

from __future__ import annotations

import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

from mail.smtp_url import parse_smtp_url
from services.context import ServiceContext
from settings import Settings
from store.database import read_transaction
from store.team.api_keys import find_next_expiry

PATIENCE_S: Final = 10.0


def find_certificate_ends(settings: Settings) -> dict[str, datetime]:
    """Find when the certificates of the public address and of the mail server end, by the name of each. A server that
    does not answer, or has none, is left out: that is another alarm's matter."""
    ends = {}
    for name, address, starts_plain in _list_servers(settings):
        try:
            ends[name] = _read_end(address, starts_plain)
        except (OSError, smtplib.SMTPException, ValueError):
            continue
    return ends


def _list_servers(settings: Settings) -> Iterator[tuple[str, tuple[str, int], bool]]:
    site = urlsplit(settings.public_url or "")
    if site.scheme == "https" and site.hostname:
        yield "site", (site.hostname, site.port or 443), False
    if settings.smtp_url:
        server = parse_smtp_url(settings.smtp_url)
        yield "mail_server", (server.host, server.port), not server.tls


def _read_end(address: tuple[str, int], starts_plain: bool) -> datetime:
    """Read the end of the certificate that a server shows, whether anybody trusts it or not."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if starts_plain:
        with smtplib.SMTP(*address, timeout=PATIENCE_S) as server:
            server.starttls(context=context)
            return _parse_end(server.sock)
    with (
        closing(socket.create_connection(address, PATIENCE_S)) as plain,
        context.wrap_socket(plain, server_hostname=address[0]) as encrypted,
    ):
        return _parse_end(encrypted)


def _parse_end(encrypted: object) -> datetime:
    shown = encrypted.getpeercert(binary_form=True) if isinstance(encrypted, ssl.SSLSocket) else None
    if not shown:
        raise ValueError("no certificate")
    return x509.load_der_x509_certificate(shown).not_valid_after_utc


def find_key_end(context: ServiceContext, real_now: datetime) -> datetime | None:
    """Find when the next of the API keys in force expires."""
    with read_transaction(context.engine) as connection:
        return find_next_expiry(connection, real_now)
