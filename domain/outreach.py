"""The states of one mail: the allowed transitions, and the states that hold the client's turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models.base import CampaignSlug
from models.states import OutreachState as S
from models.states import Overdue, TouchKind

SETTLED: Final = frozenset({S.SENT, S.SUPPRESSED, S.REJECTED, S.EXPIRED, S.FAILED, S.UNKNOWN, S.BOUNCED, S.COMPLAINED})
"""Final states, except that a `sent` mail may come back, an `unknown` one prove to have been sent, and a person may
have one tried again that did not leave."""

RETURNED: Final = frozenset({S.BOUNCED, S.COMPLAINED})
"""The states of a mail of which something came back."""

ASIDE: Final = frozenset({S.PARKED, S.AWAITING_PERSON})
"""Unfinished but out of the queue: another mail of the same client may go first."""

IN_TURN: Final = frozenset(S) - SETTLED - ASIDE
"""These states hold the client's turn; a client has at most one mail in them."""

PAUSED_BY_ITSELF: Final = "paused_by_itself"
"""The code of a mail that a signal to its own workflow parked: only such a signal lets it continue."""

COUNTED: Final = frozenset({S.SENT, S.UNKNOWN, S.DATA, S.COMPLAINED})
"""The states that count against the caps: an unknown mail may have arrived, so it counts like one that did; one that
bounced did not."""

BEGINS_WITHIN_S: Final = 5.0
"""Real seconds within which DATA begins once the send gate was asked, or not at all: whoever has withdrawn a mail knows
after so long that it will not begin, even if its worker was stopped in between."""

COUNTED_DAYS: Final = 60
"""Mails that left longer ago count against no cap."""

PREPARING: Final = frozenset({S.BRIEFED, S.PICKED, S.DRAFTED, S.IN_REVIEW})
"""Not fully written yet."""

_STOPS: Final = frozenset({S.SUPPRESSED, S.REJECTED, S.EXPIRED, S.FAILED})

TRANSITIONS: Final[Mapping[S, frozenset[S]]] = {
    # Back to `briefed`: what it shows ran out, or it lay parked so long that it must be written afresh.
    S.BRIEFED: frozenset({S.PICKED, S.SCHEDULED, S.AWAITING_PERSON}) | _STOPS,
    S.PICKED: frozenset({S.DRAFTED, S.SCHEDULED, S.AWAITING_PERSON}) | _STOPS,
    S.DRAFTED: frozenset({S.IN_REVIEW, S.DRAFTED, S.SCHEDULED, S.AWAITING_PERSON}) | _STOPS,
    S.IN_REVIEW: frozenset({S.IN_REVIEW, S.DRAFTED, S.AWAITING_PERSON, S.SCHEDULED}) | _STOPS,
    S.AWAITING_PERSON: frozenset({S.SCHEDULED, S.DRAFTED}) | _STOPS,
    S.SCHEDULED: frozenset({S.CLAIMED, S.SCHEDULED, S.PARKED, S.BRIEFED}) | _STOPS,
    S.PARKED: frozenset({S.SCHEDULED, S.PARKED, S.BRIEFED}) | _STOPS,
    S.CLAIMED: frozenset({S.CLAIMED, S.DATA, S.SCHEDULED, S.PARKED, S.BRIEFED}) | _STOPS,
    # From `data` too: what comes back may be faster than the settling of the attempt.
    S.DATA: frozenset({S.SENT, S.FAILED, S.UNKNOWN, S.SCHEDULED}) | RETURNED,
    # To `parked` when a person has it sent again.
    S.UNKNOWN: frozenset({S.SENT, S.PARKED}) | RETURNED,
    S.SENT: RETURNED,
    # A mail that bounced for one address behind a forwarder may have arrived at another.
    S.BOUNCED: frozenset({S.COMPLAINED}),
    S.COMPLAINED: frozenset(),
    S.SUPPRESSED: frozenset(),
    # To `parked` when a person has them tried again.
    S.REJECTED: frozenset({S.PARKED}),
    S.EXPIRED: frozenset({S.PARKED}),
    S.FAILED: frozenset({S.PARKED}),
}


def list_sources(target: S) -> frozenset[S]:
    """Return the states from which `target` may be reached in one step."""
    return frozenset(state for state, following in TRANSITIONS.items() if target in following)


PRIORITY: Final[Mapping[TouchKind, int]] = {
    TouchKind.WELCOME: 90,
    TouchKind.MISSED: 70,
    TouchKind.NEW_IN: 70,
    TouchKind.STYLIST: 70,
    TouchKind.WON_BACK: 65,
    TouchKind.WIN_BACK: 60,
    TouchKind.CAMPAIGN: 50,
    TouchKind.QUIZ: 40,
}
"""Which mail of a client goes first when several are due. A campaign has a priority of its own."""


@dataclass(frozen=True, slots=True)
class ClientMail:
    """One mail of a client as the plan sees it: enough to plan, nothing personal. `reason_key`: what it answers."""

    n: int
    reason_key: str
    kind: TouchKind
    campaign: CampaignSlug | None
    state: S
    code: str
    epoch: int
    priority: int
    overdue: Overdue | None
    created_at: datetime
    updated_at: datetime
    sent_at: datetime | None


def find_in_turn(mails: Iterable[ClientMail]) -> ClientMail | None:
    """Find the mail that has the client's turn."""
    return next((mail for mail in mails if mail.state in IN_TURN), None)


def list_sent_times(mails: Iterable[ClientMail], now: datetime) -> tuple[datetime, ...]:
    """List when the mails of the last sixty days were sent, or may have been."""
    since = now - timedelta(days=COUNTED_DAYS)
    return tuple(mail.sent_at or mail.updated_at for mail in mails if mail.state in COUNTED and mail.updated_at > since)


def build_outreach_key(client_id: str, n: int) -> str | None:
    """Build the send key as events write it; None where a very long client id makes it longer than an id may be."""
    key = f"{client_id}.{n}"
    return key if len(key) <= 64 else None
