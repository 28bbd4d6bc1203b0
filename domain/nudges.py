"""Which events of a client ask for an assessment before the next one is due."""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from models.states import Phase

STARTING: Final = frozenset({"signed_up"})
"""Events upon which a client is assessed whatever the score."""
ORDERED: Final = frozenset({"order_placed"})
MOVING_ONBOARDING: Final = frozenset({"quiz_answered", "order_placed"})
"""Events that may end or change the onboarding."""
SLACK: Final = 1e-9
"""Of a score: a nudge too many costs little, one too few would be missed."""


def needs_assessment(score: float, lift_score: float | None, phase: str, order_moves: bool, types: Set[str]) -> bool:
    """Return whether a client is to be assessed after events of these types.

    Args: `score` is the engagement with these events; `lift_score` the threshold that the last assessment left, None
        where no score matters; `order_moves` says that any order moves the client, whatever the score.
    """
    if lift_score is not None and score >= lift_score - SLACK:
        return True
    if phase == Phase.ONBOARDING and not MOVING_ONBOARDING.isdisjoint(types):
        return True
    return order_moves and not ORDERED.isdisjoint(types)
