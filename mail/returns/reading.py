"""Reads one return: what it says, and which mail of ours it is about. The one door for every way in."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from errors import Forbidden
from mail.links import Links
from mail.returns.auto_replies import is_auto_reply
from mail.returns.delivery_reports import Finding, read_delivery_report, read_disposition
from mail.returns.feedback_reports import read_feedback_report, read_forwarded_complaint
from mail.returns.identity import list_message_ids
from mail.returns.parts import AnyMessage, find_returned, get_header, parse_message
from mail.returns.plain_bounces import find_copied_headers, read_plain_bounce
from models.returns import ReturnKind, ReturnReading

LARGEST: Final = 2 * 1024 * 1024
"""Bytes of a return. Our own mails have some 40 KB, so that a report with one inside stays far below."""

_READERS: Final = (
    read_delivery_report,
    read_feedback_report,
    read_disposition,
    read_forwarded_complaint,
)
"""In this order: a report says what it is; text is only looked at when no part does."""


def read_return(raw: bytes, recipient: str, links: Links) -> ReturnReading:
    """Read a return that was delivered to `recipient` (empty: nobody knows).

    Whatever strangers write gives a reading; what nobody can read is `UNREADABLE`.
    """
    if opted_out := _read_unsubscribe(raw, recipient, links):
        return opted_out
    try:
        return _read(parse_message(raw), recipient, links)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError):  # a mail made to break parsers
        return ReturnReading(kind=ReturnKind.UNREADABLE, report_id=_digest(raw.hex()[:100_000]))


def _read(message: AnyMessage, recipient: str, links: Links) -> ReturnReading:
    finding = _find(message)
    returned = find_returned(message) or find_copied_headers(message)
    ids = list_message_ids(links, recipient, message, finding.fields, returned)
    stamp = get_header(message, "Message-ID") or get_header(message, "Date") or get_header(message, "Subject")
    return ReturnReading(
        kind=finding.kind,
        message_ids=ids,
        hard=finding.hard,
        code=finding.code,
        report_id=_digest(f"{finding.kind} {finding.code} {stamp} {' '.join(ids)}"),
    )


def _find(message: AnyMessage) -> Finding:
    for read in _READERS:
        if (finding := read(message)) is not None:
            return finding
    if is_auto_reply(message):
        return Finding(ReturnKind.ANSWER)
    return read_plain_bounce(message) or Finding(ReturnKind.UNREADABLE)


def _read_unsubscribe(raw: bytes, recipient: str, links: Links) -> ReturnReading | None:
    """Read a mail to the unsubscribe address of one of our mails: the address alone says all."""
    try:
        message_id = links.parse_unsubscribe_address(recipient or _read_first_recipient(raw))
    except Forbidden:
        return None
    report_id = _digest(f"{ReturnKind.OPT_OUT} {message_id}")
    return ReturnReading(kind=ReturnKind.OPT_OUT, message_ids=(message_id,), report_id=report_id)


_TO: Final = re.compile(rb"^(?:Delivered-To|To):[ \t]*(?:[^<\r\n]*<)?([^>\s,;]{1,254})", re.IGNORECASE | re.MULTILINE)


def _read_first_recipient(raw: bytes) -> str:
    match = _TO.search(raw.replace(b"\r\n\r\n", b"\n\n").partition(b"\n\n")[0])
    return match[1].decode("ascii", "replace") if match else ""


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
