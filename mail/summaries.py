"""What a list shows of a delivered mail, read from its beginning: parsing all of a mail costs ten times as much."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Final

HEAD: Final = 8_000
"""Bytes that hold the headers and the text of our mails."""


@dataclass(frozen=True)
class MailSummary:
    """The subject, Message-ID, date (business time) and how the text goes on."""

    subject: str
    message_id: str
    date: datetime | None
    snippet: str


def cut_head(raw: bytes) -> bytes:
    """Cut the beginning of a mail: up to where its HTML part says what it is, HEAD bytes at most."""
    head = raw[:HEAD]
    return head.partition(b"text/html")[0] if len(raw) > HEAD else head


def cut_snippet(text: str) -> str:
    """Cut how a text goes on after the shop's name, the subject and the greeting."""
    paragraphs = [" ".join(block.split()) for block in text.split("\n\n")]
    return next((paragraph for paragraph in paragraphs[3:] if paragraph), "")[:160]


@lru_cache(maxsize=1_000)
def read_summary(head: bytes, whole: bool) -> MailSummary | None:
    """Read the summary from the beginning of a mail, which is all of it if `whole`. None: more is needed."""
    with suppress(LookupError, ValueError):  # an encoding that Python does not know, a date that is none; not from us
        message = message_from_bytes(head)
        if "Message-ID" in message and (text := _find_text(message, whole)) is not None:
            return MailSummary(
                _decode(message["Subject"]),
                str(message["Message-ID"]).strip(),
                parsedate_to_datetime(str(message["Date"])) if message["Date"] else None,
                cut_snippet(text),
            )
    return None


def _decode(value: object) -> str:
    unfolded = "".join(str(value or "").splitlines())
    return str(make_header(decode_header(unfolded)))


def _find_text(message: Message, whole: bool) -> str | None:
    """Find the text part; None where it may go on beyond what was read."""
    parts = list(message.walk())
    for index, part in enumerate(parts):
        if part.get_content_type() == "text/plain":
            if index == len(parts) - 1 and not whole:
                return None
            content = part.get_payload(decode=True)
            charset = part.get_content_charset("utf-8")
            return content.decode(charset, "replace").replace("\r\n", "\n") if isinstance(content, bytes) else None
    return "" if whole else None
