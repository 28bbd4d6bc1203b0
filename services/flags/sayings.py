"""The result of a flag in plain sentences."""

from __future__ import annotations

from typing import Final

from models.flag_results import ArmComparison, FlagResult

FIGURES: Final = {
    "conversion": "clients who order",
    "click_rate": "clicks for each page",
    "session_minutes": "minutes of a session",
    "revenue": "revenue per client",
    "visits_clicked": "anonymous visits with a click",
    "visit_minutes": "minutes of an anonymous visit",
}
"""What each figure is, in words."""
CERTAIN: Final = 0.05


def say_result(result: FlagResult) -> tuple[str, ...]:
    """Say what a flag showed: first whether it can be read at all, then each figure of which one can be sure."""
    if result.since is None:
        return (f"{result.flag} has not started",)
    if result.suspicious:
        return (
            "the arms do not have the clients that their shares say: something brings clients into one arm, or keeps "
            "them out of it, so do not compare them before it is found",
        )
    if not any(one.enough for one in result.comparisons):
        return ("too few to tell: wait until each arm has a hundred clients whose window is over",)
    sure = [say_comparison(one) for one in result.comparisons if one.enough and one.p_value_at_every_look < CERTAIN]
    return tuple(sure) or ("no difference that one can be sure of at this look",)


def say_comparison(one: ArmComparison) -> str:
    """Say one figure of an arm beside the control's."""
    value, low, high = one.difference_at_every_look
    more = "more" if (value or 0) > 0 else "less"
    lift = "" if one.lift[0] is None else f" ({one.lift[0]:+.1%})"
    return (
        f"{one.arm} has {more} {FIGURES[one.figure]} than the control: {one.treated:g} against {one.control:g}{lift}; "
        f"the difference lies between {low:+.4g} and {high:+.4g}, at whatever look"
    )
