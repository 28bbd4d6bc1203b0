"""Reads complaints: feedback reports (RFC 5965), and those that Microsoft forwards as an attached mail."""

from __future__ import annotations

from typing import Final

from mail.returns.delivery_reports import Finding
from mail.returns.parts import AnyMessage, find_part, find_returned, get_header, list_field_blocks
from models.returns import ReturnKind

_KINDS: Final = {
    "abuse": ReturnKind.COMPLAINT,
    "fraud": ReturnKind.COMPLAINT,
    "not-spam": ReturnKind.NOT_SPAM,
    "opt-out": ReturnKind.OPT_OUT,
    "opt-out-list": ReturnKind.OPT_OUT,
}
"""Feedback of another type is not about this reader: it is noted."""
_MICROSOFT: Final = ("staff@hotmail.com", "staff@outlook.com", "staff@microsoft.com")


def read_feedback_report(message: AnyMessage) -> Finding | None:
    """Read a feedback report; None if it is none."""
    part = find_part(message, "message/feedback-report")
    if part is None:
        return None
    for block in list_field_blocks(part):
        kind = get_header(block, "Feedback-Type").lower()
        if kind:
            named = tuple(str(value) for value in block.get_all("Original-Mail-From", ()))
            return Finding(_KINDS.get(kind, ReturnKind.NOTICE), fields=named)
    return None


def read_forwarded_complaint(message: AnyMessage) -> Finding | None:
    """Read a complaint as Microsoft's programme sends it: the mail itself, attached, from a known sender."""
    returned = find_returned(message)
    if returned is None:
        return None
    marked = any(get_header(part, "X-HmXmrOriginalRecipient") for part in (message, returned))
    sender = get_header(message, "From").lower()
    if marked or any(address in sender for address in _MICROSOFT):
        return Finding(ReturnKind.COMPLAINT)
    return None
