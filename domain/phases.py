"""The phases of a client's life, and the rules by which one follows another: engagement band, orders, and time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from models.base import Contract
from models.states import Band, Phase

ONBOARDING_DAYS: Final = 30
WON_BACK_DAYS: Final = 30
LAPSED_DAYS: Final = 60
"""Days without mail after the win-back mail; then a lapsed client counts as dormant."""


class PhaseState(Contract):
    """A phase and the moment it began."""

    phase: Phase
    since: datetime


_PHASE_OF_BAND: Final = {
    Band.ACTIVE: Phase.ACTIVE,
    Band.COOLING: Phase.COOLING,
    Band.AT_RISK: Phase.AT_RISK,
    Band.LAPSED: Phase.LAPSED,
}
AWAY_PHASES: Final = frozenset({Phase.AT_RISK, Phase.LAPSED, Phase.DORMANT})


def start_phase(signed_up_at: datetime, last_order_at: datetime | None, band: Band, now: datetime) -> PhaseState:
    """Choose the first phase of a client who was never assessed before."""
    if last_order_at is None and now < signed_up_at + timedelta(days=ONBOARDING_DAYS):
        return PhaseState(phase=Phase.ONBOARDING, since=signed_up_at)
    return PhaseState(phase=_PHASE_OF_BAND[band], since=now)


def advance_phase(current: PhaseState, band: Band, last_order_at: datetime | None, now: datetime) -> PhaseState:
    """Return the phase that follows from what is known at `now`; `current` itself when nothing changed."""
    phase = _choose_phase(current, band, last_order_at, now)
    return current if phase == current.phase else PhaseState(phase=phase, since=now)


def _choose_phase(current: PhaseState, band: Band, last_order_at: datetime | None, now: datetime) -> Phase:
    ordered_since = last_order_at is not None and last_order_at > current.since
    age = now - current.since
    match current.phase:
        case Phase.ERASED:
            return Phase.ERASED
        case Phase.ONBOARDING if not ordered_since and age < timedelta(days=ONBOARDING_DAYS):
            return Phase.ONBOARDING
        case phase if phase in AWAY_PHASES and ordered_since and band in (Band.ACTIVE, Band.COOLING):
            return Phase.WON_BACK
        case Phase.WON_BACK if band in (Band.ACTIVE, Band.COOLING) and age < timedelta(days=WON_BACK_DAYS):
            return Phase.WON_BACK
        case Phase.LAPSED | Phase.DORMANT if band is Band.LAPSED:
            quiet = current.phase is Phase.DORMANT or age >= timedelta(days=LAPSED_DAYS)
            return Phase.DORMANT if quiet else Phase.LAPSED
        case _:
            return _PHASE_OF_BAND[band]


def compute_phase_end(state: PhaseState) -> datetime | None:
    """Compute when the phase ends by time alone; None when only a change of the score ends it."""
    days = {
        Phase.ONBOARDING: ONBOARDING_DAYS,
        Phase.WON_BACK: WON_BACK_DAYS,
        Phase.LAPSED: LAPSED_DAYS,
    }.get(state.phase)
    return None if days is None else state.since + timedelta(days=days)


def build_episode_key(state: PhaseState) -> str:
    """Build the key of an episode, which is one stay in a phase: the moment it began."""
    return f"{state.since:%Y%m%dT%H%M%S}"
