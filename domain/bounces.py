"""Decide what a refusal says of the address: hard (it leads nowhere) or soft; and when soft refusals are too many.

Source: RFC 3463 for the codes. The texts are those of servers that say no code, or one that says little.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

MOST_SOFT: Final = 3
"""Soft bounces in a row after which an address is suppressed, if they lie at least SOFT_SPAN apart."""
SOFT_SPAN: Final = timedelta(days=3)
QUIET: Final = timedelta(days=7)
"""A later mail that brought no return for so long ends the row."""
MOST_REFUSALS: Final = 5
"""Times that one mail is handed over to a server that refuses it for good in words that may be about us (5.7.x)."""

_FIRST_WAIT: Final = timedelta(hours=1)
"""After a refusal, doubled with each further one, so that all tries lie within a day."""

_ENHANCED: Final = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d]|\.\d)")
_ABOUT_SENDER: Final = frozenset({5, 7, 8})
"""Details of 5.1.x that say nothing against the recipient: valid, or the sender's address is wrong."""
_SOFT_WORDS: Final = re.compile(
    r"spam|black ?list|block ?list|blocked|blocking|reputation|policy|policies|quota|over ?limit|mailbox (is )?full"
    r"|full mailbox|storage|dmarc|dkim|\bspf\b|too (many|quickly|fast|large|big)|at a rate|rate limit|temporar|relay"
    r"|try again|greylist|content|virus|attachment|plein|voll\b"
)
_HARD_WORDS: Final = re.compile(
    r"(unknown|no such|invalid|nonexistent|non-existent|bad destination|unrouteable|unroutable|undeliverable)"
    r" (virtual )?(user|mailbox|recipient|address|account|alias|local[ -]part|person|host|domain|customer)"
    r"|(user|mailbox|recipient|address|account|alias|addressee|domain|host or domain name)( name)?"
    r"( \S+@\S+| \S+)?( is| was| has been| does| could)?"
    r" ?(unknown|not found|doesn.?t exist|does not exist|not exist|invalid|not be found|unavailable|disabled"
    r"|inactive|deactivated|discontinued|closed|suspended|terminated|deleted|not known|no longer)"
    r"|(doesn.?t|does not) have an? \S+ account|no (mailbox|account|user|person) (here )?(by|with) (that|this) name"
    r"|not a valid (mailbox|user|recipient)|no longer (available|valid|in use|exists|works|employed)"
    r"|recipient address rejected: access denied|unknown or illegal alias|unknown address|not our customer"
    r"|not listed in|re(solver\.adr\.(ex)?)?recip(ient)?notfound|is not known (at|here)|domain not found|nullmx"
    r"|(does not|doesn.?t|never) accepts? (any )?(e-?)?mail|recipient(s)? not (found|exist)|that you tried to reach is"
    r"|mailbox not found|no mailbox|addresse? (inconnue|d.? ?au moins un destinataire invalide)"
    r"|adresse d.? ?au moins un destinataire invalide|(destinataire|utilisateur|adresse) (inconnue?|invalide)"
    r"|(empf(ä|ae)nger|benutzer|adresse|postfach)\S* (ist )?(unbekannt|existiert nicht|nicht gefunden|deaktiviert)"
    r"|unbekannter? (empf(ä|ae)nger|benutzer|adresse)"
    r"|(usuario|destinatario|buz[oó]n) (desconocido|inexistente|no existe)"
    r"|(utente|destinatario|casella) (sconosciut[oa]|inesistente)|gebruiker onbekend|onbekende gebruiker"
)


def find_status(text: str) -> str:
    """Find the first enhanced status code in `text`, such as `5.1.1`; empty if there is none. Parts of an address on
    the network (four numbers) are none."""
    match = _ENHANCED.search(text)
    return match[0] if match else ""


def is_hard(status: str, text: str) -> bool:
    """Return whether a refusal for good says that the address leads nowhere.

    Args:
        status: the enhanced code, or empty. One that decides is believed whatever the text says.
        text: what the server wrote, in any case.
    """
    match = _ENHANCED.fullmatch(status)
    words = " ".join(text.lower().split())
    if match:
        level, subject, detail = (int(number) for number in match.groups())
        if level != 5 or subject == 7 or (subject, detail) == (2, 2):
            return False
        if subject == 1:
            return detail not in _ABOUT_SENDER
        if (subject, detail) == (2, 1):
            return "at a rate" not in words and "too quickly" not in words
        if (subject, detail) == (4, 4):
            return True
    return _HARD_WORDS.search(words) is not None and _SOFT_WORDS.search(words) is None


def choose_status(status: str, diagnostic: str) -> str:
    """Choose the code that says more: the report's own, unless it is one of `x.0.0` and the server's words hold
    another."""
    said = find_status(diagnostic)
    return said if said and (not status or status.endswith(".0.0")) else status


def compute_refusal_wait(refusals: int) -> timedelta:
    """Compute how long a mail that was refused `refusals` times waits for the next try, in business time."""
    return timedelta(seconds=_FIRST_WAIT.total_seconds() * 2 ** (refusals - 1))


@dataclass(frozen=True, slots=True)
class MailboxMail:
    """One mail to a mailbox that left, or was refused for good. `at`: business time; `soft`: it bounced softly."""

    at: datetime
    soft: bool


def is_dead_by_soft_bounces(mails: Sequence[MailboxMail], cleared_at: datetime | None, now: datetime) -> bool:
    """Return whether the latest bounces in a row are so many, over so long, that the mailbox is given up.

    Args:
        mails: of one mailbox, in any order; those that bounced hard or were complained of are left out.
        cleared_at: the last moment at which a person of that mailbox read a mail or ordered, or somebody here lifted
            the suppression; bounces before it do not count.
        now: business time. A mail that brought no return yet ends the row only after seven days.
    """
    row: list[datetime] = []
    for mail in sorted(mails, key=lambda mail: mail.at, reverse=True):
        if cleared_at is not None and mail.at <= cleared_at:
            break
        if mail.soft:
            row.append(mail.at)
        elif now - mail.at >= QUIET:
            break
    return len(row) >= MOST_SOFT and row[0] - row[-1] >= SOFT_SPAN
