"""What becomes of a client's consent to mail: by an event, by a link in a mail, or by the shop's own list. The other
purposes of consent: `domain/consent.py`.

A withdrawal ends every consent that arrived before it, whatever their times say: clocks differ, and silence is the safe
side. A consent that arrives later counts if it was given later. Both hold for the mailbox, under every client id that
carries it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

CONSENT_TYPES: Final = frozenset({"consent_changed", "unsubscribed", "email_complained"})
"""Event types that may change consent. A bounce is not among them: it says nothing of what the client wants."""
REPLY_TYPES: Final = CONSENT_TYPES | {"email_bounced"}
"""Event types by which a reader or their server answers our mail."""
TICK: Final = timedelta(microseconds=1)
STAY_FOR: Final = timedelta(days=7)
"""Business time for which a link may undo the withdrawal that it made."""


class ConsentState(NamedTuple):
    """The consent of one client. `consent_at`: since when; None: nobody has said anything. `withdrawn_at`: the last
    withdrawal of the mailbox, overcome or not."""

    consent: bool
    consent_at: datetime | None = None
    withdrawn_at: datetime | None = None


class ConsentChange(NamedTuple):
    """What is to be stored. `source`: where it was said; `overcomes`: the withdrawal of the mailbox that does not bind
    this client any more."""

    consent: bool
    at: datetime
    source: str
    overcomes: datetime | None = None


class StayOutcome(StrEnum):
    """What became of the wish to stay on the list."""

    BACK = "back"
    """The client is on the list, as before the link was used."""
    EXPIRED = "expired"
    """The link was used too long ago to undo that."""
    OTHER = "other"
    """Something else stands in the way: a complaint, or another withdrawal than this link's."""


class StayFacts(NamedTuple):
    """What decides on the wish to stay. `withdrawn`: a withdrawal binds the client now. `left_at`: when this very link
    withdrew the consent; None where something else did so last."""

    consent: bool
    withdrawn: bool
    suppressed: bool
    left_at: datetime | None

    @property
    def is_on_list(self) -> bool:
        """Whether there is nothing to undo."""
        return self.consent and not self.withdrawn


def decide_giving(state: ConsentState, at: datetime, source: str) -> ConsentChange | None:
    """Decide on a consent given at `at`; None: it is not later than what ended an earlier one."""
    ended = [None if state.consent else state.consent_at, state.withdrawn_at]
    if any(moment is not None and at <= moment for moment in ended):
        return None
    return ConsentChange(True, max(at, state.consent_at or at), source, state.withdrawn_at)


def decide_withdrawal(state: ConsentState, at: datetime, source: str) -> ConsentChange:
    """Decide on a withdrawal at `at`: it always holds, and an earlier one never moves a later one back."""
    return ConsentChange(False, at if state.consent else max(at, state.consent_at or at), source)


def may_list_decide(has_word: bool, wanted: bool) -> bool:
    """Return whether the consent that the shop's list says holds: False always; True only before anybody has said
    anything (`has_word`), since a list may be older than a withdrawal."""
    return not wanted or not has_word


def stamp_link_use(state: ConsentState, at: datetime) -> datetime:
    """Compute when a link counts as used: not before the consent that it ends, which a faster clock may have
    stamped."""
    return max(at, state.consent_at or at)


def stamp_withdrawal(at: datetime, before: datetime | None) -> datetime:
    """Compute the time of a mailbox's withdrawal: later than the one before, so that no consent overcomes both."""
    return at if before is None else max(at, before + TICK)


def stamp_stay(at: datetime, left_at: datetime, consent_at: datetime | None) -> datetime:
    """Compute the time of a consent that undoes a withdrawal; at the same moment the withdrawal would win."""
    return max(at, left_at + TICK, (consent_at or at) + TICK)


def decide_stay(facts: StayFacts, at: datetime) -> StayOutcome:
    """Decide whether a link may undo at `at` the withdrawal that it made: only if it was the last one and not long
    ago."""
    if facts.suppressed:
        return StayOutcome.OTHER
    if facts.is_on_list:
        return StayOutcome.BACK
    if facts.left_at is None:
        return StayOutcome.OTHER
    return StayOutcome.EXPIRED if at - facts.left_at > STAY_FOR else StayOutcome.BACK
