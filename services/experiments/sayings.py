"""The result of a test in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from models.flag_results import ArmComparison

FIGURES: Final = {
    "conversion": "clients who order",
    "click_rate": "clicks for each page",
    "session_minutes": "minutes of a session",
    "revenue": "revenue per client",
    "mail_clicked": "clients who click in a mail",
    "visits_clicked": "anonymous visits with a click",
    "visit_minutes": "minutes of an anonymous visit",
}
"""What each figure is, in words."""
SHARES: Final = frozenset({"conversion", "click_rate", "mail_clicked", "visits_clicked"})
"""Those that are said in percent."""
CERTAIN: Final = 0.05


def say_arms(title: str, comparisons: Sequence[ArmComparison], *, started: bool, suspicious: bool) -> tuple[str, ...]:
    """Say what a test showed: first whether it can be read at all, then each figure of which one can be sure."""
    if not started:
        return (f"{title} has not started",)
    if suspicious:
        return (
            "the arms do not have the clients that their shares say: something brings clients into one arm, or keeps "
            "them out of it, so do not compare them before it is found",
        )
    if not any(one.enough for one in comparisons):
        return ("too few to tell: wait until each arm has a hundred clients whose window is over",)
    sure = [say_comparison(one) for one in comparisons if one.enough and one.p_value_at_every_look < CERTAIN]
    return tuple(sure) or ("no difference that one can be sure of at this look",)


def say_comparison(one: ArmComparison) -> str:
    """Say one figure of an arm beside the control's."""
    _, low, high = one.difference_at_every_look
    lift = "" if one.lift[0] is None else f" ({one.lift[0]:+.1%})"
    if one.figure in SHARES:
        values, bounds = (
            f"{one.treated:.1%} against {one.control:.1%}",
            (100 * (low or 0), 100 * (high or 0), " points"),
        )
    else:
        values, bounds = f"{one.treated:.2f} against {one.control:.2f}", (low or 0, high or 0, "")
    return (
        f"{one.arm}, {FIGURES[one.figure]}: {values} of the control{lift}; the difference lies between "
        f"{bounds[0]:+.2f} and {bounds[1]:+.2f}{bounds[2]}, at whatever look"
    )
