"""`selvedge flags result`: read what a flag showed."""

from __future__ import annotations

import click

from commands.shared.arm_lines import render_arms
from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_duration
from commands.shared.runtime import load_business_time, open_database
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
    click.echo(read.model_dump_json() if as_json else "\n".join(render_arms(read)))
