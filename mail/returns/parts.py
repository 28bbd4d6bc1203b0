"""Small tools over parsed mails that readers of returns share. Nothing here raises on what strangers write."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser, HeaderParser
from email.policy import compat32
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:  # no class to subscribe to on Python 3.11
    AnyMessage: TypeAlias = Message[str, str]
else:
    AnyMessage = Message
LONGEST_TEXT: Final = 20_000
"""Characters of free text that are looked at."""
SMALL: Final = 8_000
"""Bytes of a mail that is parsed as it is."""
DEEPEST: Final = 12
"""Parts within parts; nobody's report needs more."""


class ReadMessage(AnyMessage):
    """A mail that is read and not changed: each reader of returns asks each part for its type."""

    _type = ""

    def get_content_type(self) -> str:
        """Return the type, read from the header once."""
        if not self._type:
            self._type = super().get_content_type()
        return self._type


_PARSER: Final = BytesParser(ReadMessage, policy=compat32)
_HEADERS: Final = HeaderParser(ReadMessage, policy=compat32)


def parse_message(raw: bytes) -> AnyMessage:
    """Parse a mail; of one that is attached to it, as of one that came back whole, only the headers."""
    return _PARSER.parsebytes(cut_attached(raw) if len(raw) > SMALL else raw)


def cut_attached(raw: bytes) -> bytes:
    """Cut the text of attached mails, at which nobody looks: parsing it would cost more than all else."""
    raw = raw.replace(b"\r\n", b"\n")
    head = raw.partition(b"\n\n")[0]
    boundary = _BOUNDARY.search(head)
    if boundary is None:
        return raw
    mark = b"\n--" + boundary[1]
    return mark.join(_cut_part(part) for part in raw.split(mark))


def _cut_part(part: bytes) -> bytes:
    head, blank, rest = part.partition(b"\n\n")
    if not _ATTACHED.search(head) or _ENCODED.search(head):
        return part
    inner, blank_within, _ = rest.lstrip(b"\n").partition(b"\n\n")
    return head + blank + inner + blank_within


_BOUNDARY: Final = re.compile(
    rb"^Content-Type:[ \t]*multipart/[^\n]*(?:\n[ \t][^\n]*)*?boundary=\"?([^\";\s]+)", re.I | re.M
)
_ATTACHED: Final = re.compile(rb"^Content-Type:[ \t]*message/(rfc822|global)\b(?!-)", re.I | re.M)
_ENCODED: Final = re.compile(rb"^Content-Transfer-Encoding:[ \t]*(base64|quoted-printable)", re.I | re.M)


def parse_headers(text: str) -> AnyMessage:
    """Parse text that begins with headers."""
    return _HEADERS.parsestr(text.lstrip("\r\n"))


def get_header(message: AnyMessage, name: str) -> str:
    """Return a header as one line, decoded; empty if there is none."""
    value = message.get(name)
    if value is None:
        return ""
    text = str(value)
    if "=?" in text:
        try:
            text = str(make_header(decode_header(text)))
        except (ValueError, LookupError):
            text = str(value)
    return " ".join(text.split())


def iterate_parts(message: AnyMessage, depth: int = 0) -> Iterator[AnyMessage]:
    """Yield the message's parts, outermost first, without those of a mail that is attached to it."""
    yield message
    payload = message.get_payload()
    if isinstance(payload, list) and depth < DEEPEST and message.get_content_maintype() == "multipart":
        for part in payload:
            if isinstance(part, Message):
                yield from iterate_parts(part, depth + 1)


def find_part(message: AnyMessage, *types: str) -> AnyMessage | None:
    """Find the first part of one of these types."""
    return next((part for part in iterate_parts(message) if part.get_content_type() in types), None)


def get_text(part: AnyMessage) -> str:
    """Return the text of a part without parts, as far as it is looked at."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    try:
        text = payload.decode(part.get_content_charset() or "utf-8", "replace")
    except LookupError:
        text = payload.decode("latin-1")
    return text[:LONGEST_TEXT].replace("\r\n", "\n")


def get_plain_text(message: AnyMessage) -> str:
    """Return the first plain text of a mail."""
    part = find_part(message, "text/plain")
    return "" if part is None else get_text(part)


def get_attached(part: AnyMessage) -> AnyMessage | None:
    """Return the mail within a part of type message/rfc822 or its headers within text/rfc822-headers."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    text = get_text(part)
    return parse_headers(text) if text else None


def find_returned(message: AnyMessage) -> AnyMessage | None:
    """Find the headers of the mail that came back within a report."""
    part = find_part(message, "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")
    return None if part is None else get_attached(part)


def list_field_blocks(part: AnyMessage) -> list[AnyMessage]:
    """List the groups of fields of a report's part for machines, in their order."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return _split_blocks(get_text(part))
    blocks = [block for block in payload if isinstance(block, Message)]
    if len(blocks) == 1 and isinstance(rest := blocks[0].get_payload(), str) and rest.strip():
        return [blocks[0], *_split_blocks(rest)]
    return blocks


def _split_blocks(text: str) -> list[AnyMessage]:
    blocks = text.replace("\r\n", "\n").strip().split("\n\n")
    return [parse_headers(block) for block in blocks if ":" in block]
