"""The states of one Fix: the allowed transitions, and the states in which units are reserved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from models.fixes import FixState as S

SETTLED: Final = frozenset({S.CLOSED, S.CANCELLED, S.EXPIRED, S.FAILED})
"""Final states."""

HOLDING: Final = frozenset({S.PROPOSED, S.APPROVED})
"""The units of the box are reserved."""

OPEN: Final = frozenset(S) - SETTLED - {S.SHIPPED}
"""The Fix is being made; a client has at most one such Fix."""

_STOPS: Final = frozenset({S.CANCELLED, S.FAILED})

TRANSITIONS: Final[Mapping[S, frozenset[S]]] = {
    S.REQUESTED: frozenset({S.RANKED}) | _STOPS,
    S.RANKED: frozenset({S.ASSEMBLED, S.RANKED}) | _STOPS,
    # Back to `ranked`: the stock moved, and the box must be made anew from what is there now.
    S.ASSEMBLED: frozenset({S.PROPOSED, S.RANKED, S.ASSEMBLED}) | _STOPS,
    S.PROPOSED: frozenset({S.PROPOSED, S.APPROVED, S.RANKED, S.EXPIRED}) | _STOPS,
    S.APPROVED: frozenset({S.SHIPPED, S.RANKED}) | _STOPS,
    S.SHIPPED: frozenset({S.CLOSED}),
    S.CLOSED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
    S.FAILED: frozenset(),
}


def list_sources(target: S) -> frozenset[S]:
    """Return the states from which `target` may be reached in one step."""
    return frozenset(state for state, following in TRANSITIONS.items() if target in following)
