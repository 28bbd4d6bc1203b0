"""Which mail a phase calls for next. At most three re-engagement mails a spell, each from a different angle."""

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
"""Per phase: what to send, and how many days after the phase began."""


class ScheduledMail(Contract):
    """A mail that a phase calls for. `key` names the occasion: one mail an occasion, for ever."""

    kind: TouchKind
    key: str
    due_at: datetime


def next_touch(standing: PhaseState, made: Mapping[str, datetime], quiz_answered: bool) -> ScheduledMail | None:
    """The first mail of the phase's sequence that has not been made.

    `made` maps the occasions already answered to when; a mail follows its forerunner at the sequence's own spacing,
    so that a sequence held up by a pause does not come in a burst.
    """
    before: tuple[datetime, float] | None = None
    for kind, days in SEQUENCES.get(standing.phase, ()):
        if kind is TouchKind.QUIZ and quiz_answered:
            continue
        key = occasion(kind, standing)
        if key in made:
            before = (made[key], days)
            continue
        due = standing.since + timedelta(days=days)
        if before is not None:
            due = max(due, before[0] + timedelta(days=days - before[1]))
        return ScheduledMail(kind=kind, key=key, due_at=due)
    return None


def occasion(kind: TouchKind, standing: PhaseState) -> str:
    """What a mail answers: once ever for the welcome, once a spell for the others."""
    return str(kind) if kind is TouchKind.WELCOME else f"{kind}:{spell(standing)}"


def spell(standing: PhaseState) -> str:
    """The name of one stay in a phase: its beginning."""
    return f"{standing.since:%Y%m%dT%H%M%S}"
