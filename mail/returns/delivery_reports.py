"""Reads reports of delivery (RFC 3464, RFC 6533) and of disposition (RFC 8098)."""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.bounces import choose_status, find_status, is_hard
from mail.returns.parts import AnyMessage, find_part, get_header, get_plain_text, list_field_blocks
from models.returns import ReturnKind

REPORT: Final = ("message/delivery-status", "message/global-delivery-status")
DISPOSITION: Final = ("message/disposition-notification", "message/global-disposition-notification")
_DONE: Final = frozenset({"delivered", "relayed", "expanded"})


class Finding(NamedTuple):
    """What a return says, and the values of its fields that may name the mail."""

    kind: ReturnKind
    hard: bool = False
    code: str = ""
    fields: tuple[str, ...] = ()


def read_delivery_report(message: AnyMessage) -> Finding | None:
    """Read a report of delivery; None if it is none, or says of nobody what happened."""
    part = find_part(message, *REPORT)
    if part is None:
        return None
    blocks = list_field_blocks(part)
    fields = tuple(
        get_header(block, name)
        for block in blocks[:1]
        for name in ("X-Postfix-Sender", "Original-Envelope-Id", "X-Original-Message-ID")
    )
    findings = [finding for block in blocks if (finding := _read_recipient(block, message)) is not None]
    if not findings:
        return None
    # A mail to one address that was handed on to several: it failed for good only where it failed for all.
    failed = [finding for finding in findings if finding.kind is ReturnKind.FAILED]
    if failed:
        worst = max(failed, key=lambda finding: finding.hard)
        return worst._replace(hard=worst.hard and len(failed) == len(findings), fields=fields)
    delayed = next((finding for finding in findings if finding.kind is ReturnKind.DELAYED), findings[0])
    return delayed._replace(fields=fields)


def _read_recipient(block: AnyMessage, message: AnyMessage) -> Finding | None:
    action = get_header(block, "Action").lower().partition(" ")[0].partition(";")[0]
    if not action:
        return None
    diagnostic = get_header(block, "Diagnostic-Code").partition(";")[2].strip()
    status = find_status(get_header(block, "Status"))
    if action == "delayed":
        return Finding(ReturnKind.DELAYED, code=status)
    if action != "failed":
        return Finding(ReturnKind.NOTICE) if action in _DONE else None
    words = diagnostic or get_plain_text(message)
    code = choose_status(status, words)
    return Finding(ReturnKind.FAILED, hard=is_hard(code, words), code=code)


def read_disposition(message: AnyMessage) -> Finding | None:
    """Read a notice that a mail was read, deleted or turned away by the reader's own filter; None if it is none."""
    part = find_part(message, *DISPOSITION)
    if part is None:
        return None
    named = tuple(get_header(block, "Original-Message-ID") for block in list_field_blocks(part))
    return Finding(ReturnKind.ANSWER, fields=named)
