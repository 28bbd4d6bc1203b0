"""What a test showed, as lines for people."""

from __future__ import annotations

from models.flag_results import ArmFigures, ArmsResult


def render_arms(read: ArmsResult) -> list[str]:
    """Render each arm's figures, each beside the control, and what they say."""
    lines = [
        f"{'arm':<20} {'clients':>8} {'waiting':>8} {'clicks/page':>11} {'ordered':>8} {'session':>9} "
        f"{'revenue':>9} {'in mail':>8} {'visits':>7}"
    ]
    lines += [_render_arm(arm) for arm in read.arms]
    for one in read.comparisons:
        value, low, high = one.difference_at_every_look
        removed = f", CUPED took {one.removed:.0%} of the variance" if one.removed else ""
        few = "" if one.enough else ", too few to rely on"
        lines.append(
            f"{one.arm} {one.figure}: {value:+.4g}, {low:+.4g} to {high:+.4g} at any look (p "
            f"{one.p_value_at_every_look:.3f}); better with a chance of {one.p_better:.1%}{removed}{few}"
        )
    if read.mismatch is not None:
        lines.append(f"arms have the clients that their shares say: p {read.mismatch:.4f}")
    return [*lines, *read.says]


def _render_arm(arm: ArmFigures) -> str:
    def show(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    return (
        f"{arm.arm or '(message)':<20} {arm.clients:>8,} {arm.waiting:>8,} {show(arm.click_rate, '.2%'):>11} "
        f"{show(arm.conversion, '.2%'):>8} {show(arm.session_minutes, '.1f'):>5} min {show(arm.revenue, '.2f'):>9} "
        f"{show(arm.mail_clicked, '.2%'):>8} {arm.visits:>7,}"
    )
