"""The local mailbox: one SQLite file of raw messages and envelopes, written by the sink and read by the pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from errors import NotFound
from mail.summaries import HEAD, MailSummary, cut_head, cut_snippet, read_summary

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS mails (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    return_path TEXT NOT NULL,
    recipient TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS ix_mails_recipient ON mails (recipient, id);
"""


_LARGEST: Final = 2**63 - 1
"""SQLite stores no larger number, and its driver raises on one."""


@dataclass(frozen=True)
class Arrival:
    """A message as the sink received it. `received_at` is real time."""

    received_at: datetime
    return_path: str
    recipient: str = field(repr=False)
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class DeliveredMail:
    """A message in the mailbox."""

    id: int
    received_at: datetime
    return_path: str
    recipient: str = field(repr=False)
    raw: bytes = field(repr=False)

    @cached_property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        return message_from_bytes(self.raw, policy=policy.default)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"] or "")

    @property
    def date(self) -> datetime | None:
        """What the mail says: business time."""
        header = self.message["Date"]
        return getattr(header, "datetime", None)

    @cached_property
    def summary(self) -> MailSummary:
        """What a list shows of it."""
        quick = read_summary(cut_head(self.raw), len(self.raw) <= HEAD)
        return quick or MailSummary(self.subject, self.message_id, self.date, cut_snippet(self.text))

    @property
    def headers(self) -> dict[str, str]:
        """Headers with encoded words decoded; one that occurs several times has its values on lines of their own."""
        values: dict[str, str] = {}
        for name, value in self.message.items():
            values[name] = f"{values[name]}\n{value}" if name in values else str(value)
        return values

    @property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    def as_json(self) -> dict[str, Any]:
        """Return the mail as `/mailbox.json` lists it."""
        return {
            "id": self.id,
            "to": self.recipient,
            "subject": self.subject,
            "headers": self.headers,
            "text": self.text,
            "html": self.html,
            "received_at": self.received_at.isoformat(),
        }

    def _part(self, subtype: str) -> str:
        part = self.message.get_body((subtype,))
        if not isinstance(part, EmailMessage):
            return ""
        try:
            return str(part.get_content()).replace("\r\n", "\n")
        except (LookupError, KeyError):  # a charset or encoding that Python does not know; not from us
            return part.as_string()


class Mailbox:
    """The mailbox in the file at `path`. Safe from several threads and processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def append(self, arrivals: Iterable[Arrival]) -> None:
        """Save all of them, on the disk when this returns, or none."""
        rows = [(a.received_at.isoformat(), a.return_path, a.recipient, a.raw) for a in arrivals]
        with self._open() as connection, connection:
            connection.executemany(
                "INSERT INTO mails (received_at, return_path, recipient, raw) VALUES (?, ?, ?, ?)", rows
            )

    @contextmanager
    def hold_open(self) -> Iterator[None]:
        """Keep the file open within: whoever closes it last writes its log back, which takes four more writes to the
        disk than a mail does. A file that cannot be opened is not held; `append` says why."""
        with ExitStack() as held:
            with suppress(OSError, sqlite3.Error):
                held.enter_context(self._open())
            yield

    def count(self, recipient: str = "") -> int:
        """Count all mails, or those whose recipient contains `recipient`."""
        where, values = _build_filter(recipient)
        with self._open() as connection:
            return int(connection.execute(f"SELECT count(*) FROM mails WHERE {where}", values).fetchone()[0])  # noqa: S608

    def list_newest(self, limit: int, *, before: int | None = None, recipient: str = "") -> list[DeliveredMail]:
        """List up to `limit` mails older than the mail `before` whose recipient contains `recipient`, newest first."""
        where, values = _build_filter(recipient)
        query = f"SELECT * FROM mails WHERE {where} AND id < ? ORDER BY id DESC LIMIT ?"  # noqa: S608
        with self._open() as connection:
            return [_parse_row(row) for row in connection.execute(query, (*values, before or 2**62, limit))]

    def iterate_since(self, after: int = 0) -> Iterator[DeliveredMail]:
        """Yield all mails later than the mail `after`, oldest first."""
        after = min(after, _LARGEST)
        while True:
            with self._open() as connection:
                rows = connection.execute("SELECT * FROM mails WHERE id > ? ORDER BY id LIMIT 100", (after,)).fetchall()
            if not rows:
                return
            for row in rows:
                yield _parse_row(row)
            after = rows[-1][0]

    def get(self, mail_id: int) -> DeliveredMail:
        """Return one mail. Raises NotFound."""
        row = None
        if 0 < mail_id <= _LARGEST:
            with self._open() as connection:
                row = connection.execute("SELECT * FROM mails WHERE id = ?", (mail_id,)).fetchone()
        if row is None:
            raise NotFound(f"no mail {mail_id} in the mailbox", "id")
        return _parse_row(row)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=30)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(_SCHEMA)
            yield connection


def _build_filter(recipient: str) -> tuple[str, tuple[str, ...]]:
    if not recipient:
        return "1", ()
    literal = recipient.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return "recipient LIKE ? ESCAPE '\\'", (f"%{literal}%",)


def _parse_row(row: tuple[Any, ...]) -> DeliveredMail:
    mail_id, received_at, return_path, recipient, raw = row
    return DeliveredMail(mail_id, datetime.fromisoformat(received_at).astimezone(UTC), return_path, recipient, raw)
