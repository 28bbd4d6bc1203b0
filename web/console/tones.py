"""In which of four colours pages show a state."""

from __future__ import annotations

from typing import Final

GOOD: Final = frozenset(
    {"sent", "done", "live", "completed", "running", "active", "won_back", "shipped", "closed", "kept", "up"}
)
WAITING: Final = frozenset(
    {
        "briefed",
        "picked",
        "drafted",
        "in_review",
        "awaiting_person",
        "scheduled",
        "claimed",
        "data",
        "open",
        "waiting",
        "in_step",
        "requested",
        "ranked",
        "assembled",
        "proposed",
        "approved",
        "reminded",
    }
)
BAD: Final = frozenset({"failed", "unknown", "rejected", "escalated", "down"})


def choose_tone(state: str) -> str:
    """Choose which of four colours a state is shown in: good, waiting, bad or quiet."""
    for name, states in (("good", GOOD), ("waiting", WAITING), ("bad", BAD)):
        if state in states:
            return name
    return "quiet"
