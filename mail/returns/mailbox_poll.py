"""Fetches returned mails from a mailbox by IMAP or POP3, for shops that do not route the bounce domain to us."""

from __future__ import annotations

import imaplib
import poplib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar
from urllib.parse import unquote, urlsplit

from errors import ConfigError, Unavailable
from mail.returns.reading import LARGEST

T = TypeVar("T")
TakeAll = Callable[[Sequence[bytes]], Sequence[bool]]
"""Takes in mails; False for one that must be fetched again."""
_PORTS: Final = {"imap": 143, "imaps": 993, "pop3": 110, "pop3s": 995}
TIMEOUT_S: Final = 30.0
MOST_AT_ONCE: Final = 500
"""Mails of one look; the rest waits for the next."""
TOGETHER: Final = 20
"""Mails that are in memory, and taken in, at once."""


@dataclass(frozen=True)
class PolledMailbox:
    """Where to look. `folder`: of IMAP."""

    scheme: str
    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    folder: str = "INBOX"


def parse_mailbox_url(url: str) -> PolledMailbox:
    """Parse `imaps://user:password@host/INBOX` or `pop3s://user:password@host`; a sign such as @ in a password is
    written as %40. Raises ConfigError naming SELVEDGE_RETURNS_MAILBOX."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        host, user, password = parts.hostname or "", unquote(parts.username or ""), unquote(parts.password or "")
    except (KeyError, ValueError):
        raise ConfigError("SELVEDGE_RETURNS_MAILBOX: give imaps://user:password@host/INBOX or pop3s://…") from None
    if not host or not user:
        raise ConfigError("SELVEDGE_RETURNS_MAILBOX: names no host or no user")
    if parts.scheme in ("imap", "pop3") and host not in ("127.0.0.1", "::1", "localhost"):
        raise ConfigError("SELVEDGE_RETURNS_MAILBOX: use imaps:// or pop3s://; a password is not sent in the clear")
    return PolledMailbox(parts.scheme, host, port, user, password, unquote(parts.path.strip("/")) or "INBOX")


def poll_mailbox(mailbox: PolledMailbox, take_all: TakeAll) -> int:
    """Take in the mails that are new there, and return how many. One that was taken is marked as read (IMAP) or deleted
    (POP3) only afterwards, so that none is lost; read twice, it changes nothing.

    Raises Unavailable when the server does not answer or refuses.
    """
    try:
        return _poll_imap(mailbox, take_all) if mailbox.scheme.startswith("imap") else _poll_pop3(mailbox, take_all)
    except (OSError, imaplib.IMAP4.error, poplib.error_proto, EOFError, ValueError) as failed:  # or answers nonsense
        raise Unavailable(f"SELVEDGE_RETURNS_MAILBOX: {mailbox.host} fails ({type(failed).__name__})") from None


def _poll_imap(mailbox: PolledMailbox, take_all: TakeAll) -> int:
    connect = imaplib.IMAP4_SSL if mailbox.scheme == "imaps" else imaplib.IMAP4
    with connect(mailbox.host, mailbox.port, timeout=TIMEOUT_S) as server:
        server.login(mailbox.user, mailbox.password)
        status, _ = server.select(f'"{mailbox.folder}"')
        if status != "OK":
            raise imaplib.IMAP4.error("no such folder")
        _, found = server.uid("SEARCH", "UNSEEN", "SMALLER", str(LARGEST))
        taken = 0
        for uids in _split((found[0] or b"").decode().split()[:MOST_AT_ONCE]):
            mails = _fetch(server, uids)
            done = [uid for uid, well in zip(mails, take_all(list(mails.values())), strict=True) if well]
            if done:
                server.uid("STORE", ",".join(done), "+FLAGS", "(\\Seen)")
            taken += len(done)
        return taken


_UID: Final = re.compile(rb"\bUID (\d+)", re.IGNORECASE)


def _fetch(server: imaplib.IMAP4, uids: Sequence[str]) -> dict[str, bytes]:
    """Fetch mails by uid, which servers name before or after the body; what was deleted meanwhile is missing."""
    _, parts = server.uid("FETCH", ",".join(uids), "(UID BODY.PEEK[])")
    mails: dict[str, bytes] = {}
    for part, after in zip(parts, [*parts[1:], b""], strict=True):
        if isinstance(part, tuple) and isinstance(part[1], bytes):
            named = _UID.search(part[0]) or (_UID.search(after) if isinstance(after, bytes) else None)
            if named:
                mails[named[1].decode()] = part[1]
    return mails


def _poll_pop3(mailbox: PolledMailbox, take_all: TakeAll) -> int:
    connect = poplib.POP3_SSL if mailbox.scheme == "pop3s" else poplib.POP3
    server = connect(mailbox.host, mailbox.port, timeout=TIMEOUT_S)
    try:
        server.user(mailbox.user)
        server.pass_(mailbox.password)
        sizes = [tuple(int(word) for word in line.split()[:2]) for line in server.list()[1]]
        taken = 0
        for numbers in _split([number for number, size in sizes if size <= LARGEST][:MOST_AT_ONCE]):
            raws = [b"\r\n".join(server.retr(number)[1]) + b"\r\n" for number in numbers]
            for number, well in zip(numbers, take_all(raws), strict=True):
                if well:
                    server.dele(number)
                    taken += 1
        return taken
    finally:
        server.quit()


def _split(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), TOGETHER):
        yield values[start : start + TOGETHER]
