"""Reads bounces without a part for machines: qmail's, Exim's, Sendmail's of old, and others that servers write."""

from __future__ import annotations

import re
from typing import Final

from domain.bounces import find_status, is_hard
from mail.returns.auto_replies import is_from_mail_server
from mail.returns.delivery_reports import Finding
from mail.returns.parts import AnyMessage, get_header, get_plain_text, parse_headers
from models.returns import ReturnKind

_COPY: Final = re.compile(
    r"^ *(-{2,}.*(copy of (the|your) message|original message|unsent message|returned message|message headers"
    r"|undelivered message|message follows).*|-{3,} ?Original Message ?-{3,}|Received: from .*)$",
    re.IGNORECASE | re.MULTILINE,
)
_DELAY: Final = re.compile(
    r"warning only|has been delayed|delivery (is )?delayed|will (be |keep |continue )?(retr|try)|not yet been delivered"
    r"|still being retried|no action is required",
    re.IGNORECASE,
)
_FAILURE: Final = re.compile(
    r"undeliver|not (be )?deliver|delivery (status|failure|failed|has failed|to the following)|fail(ed|ure)"
    r"|returned (mail|to sender)|could ?n.t (be )?deliver|unzustellbar|non remis|rejected|permanent(e)? (error|erreur)",
    re.IGNORECASE,
)
_REPLY_CODE: Final = re.compile(r"(?<![\d.])[45]\d\d(?=[ -])")


def split_text(message: AnyMessage) -> tuple[str, str]:
    """Split the text of a bounce into what the server says and the copy of the mail that follows it."""
    text = get_plain_text(message)
    match = _COPY.search(text)
    if match is None:
        return text, ""
    start = match.start() if match[0].startswith("Received") else match.end()
    return text[: match.start()], text[start:]


def find_copied_headers(message: AnyMessage) -> AnyMessage | None:
    """Find the headers of the mail that came back as text below the server's words."""
    copy = split_text(message)[1].lstrip("\n")
    return parse_headers(copy) if copy else None


def read_plain_bounce(message: AnyMessage) -> Finding | None:
    """Read a bounce that a mail server wrote as plain text; None when it is not recognised as one."""
    words, _ = split_text(message)
    named = message.get("X-Failed-Recipients") is not None
    if not named and not is_from_mail_server(message) and not words.startswith("Hi. This is the qmail-send"):
        return None
    subject = get_header(message, "Subject")
    if _DELAY.search(subject) or _DELAY.search(words):
        return Finding(ReturnKind.DELAYED, code=find_status(words))
    if not named and not _FAILURE.search(f"{subject}\n{words}"):
        return None
    code = _find_code(words)
    return Finding(ReturnKind.FAILED, hard=is_hard(code, words), code=code)


def _find_code(words: str) -> str:
    """Find the enhanced code; else what the reply code alone says: refused for good, or for now."""
    code = find_status(words)
    if code:
        return code
    reply = _REPLY_CODE.search(words)
    return f"{reply[0][0]}.0.0" if reply else ""
