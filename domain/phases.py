"""Where a client stands: how a phase follows from the band, the orders and the time since."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from models.base import Contract
from models.states import Band, Phase

ONBOARDING_DAYS: Final = 30
WON_BACK_DAYS: Final = 30
LAPSED_DAYS: Final = 60
"""After the win-back mail a lapsed client is left in peace; then it is dormant."""


class PhaseState(Contract):
    """A phase, and since when."""

    phase: Phase
    since: datetime


_OF_BAND: Final = {
    Band.ACTIVE: Phase.ACTIVE,
    Band.COOLING: Phase.COOLING,
    Band.AT_RISK: Phase.AT_RISK,
    Band.LAPSED: Phase.LAPSED,
}
_AWAY: Final = frozenset({Phase.AT_RISK, Phase.LAPSED, Phase.DORMANT})


def first_standing(signed_up_at: datetime, last_order_at: datetime | None, band: Band, now: datetime) -> PhaseState:
    """The standing of a client never assessed before."""
    if last_order_at is None and now < signed_up_at + timedelta(days=ONBOARDING_DAYS):
        return PhaseState(phase=Phase.ONBOARDING, since=signed_up_at)
    return PhaseState(phase=_OF_BAND[band], since=now)


def next_standing(current: PhaseState, band: Band, last_order_at: datetime | None, now: datetime) -> PhaseState:
    """The standing that follows; `current` itself when nothing changed."""
    phase = _next_phase(current, band, last_order_at, now)
    return current if phase == current.phase else PhaseState(phase=phase, since=now)


def _next_phase(current: PhaseState, band: Band, last_order_at: datetime | None, now: datetime) -> Phase:
    ordered_since = last_order_at is not None and last_order_at > current.since
    age = now - current.since
    match current.phase:
        case Phase.ERASED:
            return Phase.ERASED
        case Phase.ONBOARDING if not ordered_since and age < timedelta(days=ONBOARDING_DAYS):
            return Phase.ONBOARDING
        case phase if phase in _AWAY and ordered_since and band in (Band.ACTIVE, Band.COOLING):
            return Phase.WON_BACK
        case Phase.WON_BACK if band in (Band.ACTIVE, Band.COOLING) and age < timedelta(days=WON_BACK_DAYS):
            return Phase.WON_BACK
        case Phase.LAPSED | Phase.DORMANT if band is Band.LAPSED:
            quiet = current.phase is Phase.DORMANT or age >= timedelta(days=LAPSED_DAYS)
            return Phase.DORMANT if quiet else Phase.LAPSED
        case _:
            return _OF_BAND[band]


def phase_ends_at(standing: PhaseState) -> datetime | None:
    """When the phase ends by itself, whatever the score does; None when only the score ends it."""
    days = {
        Phase.ONBOARDING: ONBOARDING_DAYS,
        Phase.WON_BACK: WON_BACK_DAYS,
        Phase.LAPSED: LAPSED_DAYS,
    }.get(standing.phase)
    return None if days is None else standing.since + timedelta(days=days)
