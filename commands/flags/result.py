"""`selvedge flags result`: read what a flag showed."""

from __future__ import annotations

import click

from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_duration
from commands.shared.runtime import load_business_time, open_database
from models.flag_results import ArmFigures, FlagResult
from settings import load


@click.command("result")
@click.argument("slug")
@click.option("--within", default="7d", show_default=True, help="A client's window after being shown.")
@click.option("--narrowest-at", type=click.IntRange(4), help="Clients of two arms for which the test was planned.")
@AS_JSON
def command(slug: str, within: str, narrowest_at: int | None, as_json: bool) -> None:
    """Read what a flag showed: each arm's figures, each beside the control with intervals that hold at every look, and
    whether the arms have the clients that their shares say."""
    from services.flags.result import read_flag  # noqa: PLC0415

    engine = open_database(load())
    window = parse_duration(within, "within")
    read = read_flag(engine, slug, load_business_time(engine), window, narrowest_at)
    click.echo(read.model_dump_json() if as_json else "\n".join(_render(read)))


def _render(read: FlagResult) -> list[str]:
    lines = [
        f"{'arm':<20} {'clients':>8} {'waiting':>8} {'clicks/page':>11} {'ordered':>8} {'session':>9} "
        f"{'revenue':>9} {'visits':>7}"
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
        f"{arm.arm:<20} {arm.clients:>8,} {arm.waiting:>8,} {show(arm.click_rate, '.2%'):>11} "
        f"{show(arm.conversion, '.2%'):>8} {show(arm.session_minutes, '.1f'):>5} min {show(arm.revenue, '.2f'):>9} "
        f"{arm.visits:>7,}"
    )
