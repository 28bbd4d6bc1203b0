"""The mail sequences of the phases: which mail comes next and when. At most three re-engagement mails an episode."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from domain.phases import PhaseState
from models.base import Contract
from models.states import Phase, TouchKind

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
    state: PhaseState, answered_at: Mapping[str, datetime], quiz_answered: bool
) -> ScheduledMail | None:
    """Choose the first mail of the phase's sequence whose trigger is still open; None when the sequence is done.

    `answered_at` maps the keys of answered triggers to when that was. A mail keeps the sequence's spacing to the one
    before it, so that a sequence delayed by a pause does not arrive in a burst.
    """
    before: tuple[datetime, float] | None = None
    for kind, days in SEQUENCES.get(state.phase, ()):
        if kind is TouchKind.QUIZ and quiz_answered:
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
