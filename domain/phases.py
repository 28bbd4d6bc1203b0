"""The phases of a client's life, the rules by which one follows another (engagement band, orders, and time), and the
mails that each calls for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from models.base import Contract
from models.states import Band, Phase, TouchKind

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


SEQUENCES: Final[Mapping[Phase, tuple[tuple[TouchKind, float], ...]]] = {
    Phase.ONBOARDING: ((TouchKind.WELCOME, 0.0), (TouchKind.QUIZ, 3.0)),
    Phase.AT_RISK: ((TouchKind.MISSED, 0.0), (TouchKind.NEW_IN, 7.0), (TouchKind.STYLIST, 14.0)),
    Phase.LAPSED: ((TouchKind.WIN_BACK, 0.0),),
    Phase.WON_BACK: ((TouchKind.WON_BACK, 1.0),),
}
"""For each phase, the mails to send and how many days after the phase began."""


class ScheduledMail(Contract):
    """A mail that a phase calls for. `key` names its trigger; one trigger gets one mail, ever."""

    kind: TouchKind
    key: str
    due_at: datetime


def choose_next_mail(
    state: PhaseState, answered_at: Mapping[str, datetime], skipped: Collection[TouchKind]
) -> ScheduledMail | None:
    """Choose the first mail of the phase's sequence whose trigger is still open; None when the sequence is done. Kinds
    in `skipped` are left out: a quiz that was answered, and what the client does not want.

    `answered_at` maps the keys of answered triggers to when that was. A mail keeps the sequence's spacing to the one
    before it, so that a sequence delayed by a pause does not arrive in a burst.
    """
    before: tuple[datetime, float] | None = None
    for kind, days in SEQUENCES.get(state.phase, ()):
        if kind in skipped:
            continue
        key = build_trigger_key(kind, state)
        if key in answered_at:
            before = (answered_at[key], days)
            continue
        due = state.since + timedelta(days=days)
        if before is not None:
            due = max(due, before[0] + timedelta(days=days - before[1]))
        return ScheduledMail(kind=kind, key=key, due_at=due)
    return None


def build_trigger_key(kind: TouchKind, state: PhaseState) -> str:
    """Build the key of a mail's trigger: one for ever for the welcome, one an episode for all others."""
    return str(kind) if kind is TouchKind.WELCOME else f"{kind}:{build_episode_key(state)}"


def build_episode_key(state: PhaseState) -> str:
    """Build the key of an episode, which is one stay in a phase: the moment it began."""
    return f"{state.since:%Y%m%dT%H%M%S}"
