"""`selvedge experiment result`: read what a test of texts or algorithms showed."""

from __future__ import annotations

from typing import Literal

import click

from commands.shared.arm_lines import render_arms
from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_duration
from commands.shared.runtime import load_business_time, open_database
from settings import load


@click.command("result")
@click.argument("kind", type=click.Choice(["slot", "campaign"]))
@click.argument("name")
@click.option("--within", default="7d", show_default=True, help="A client's window after being shown.")
@click.option("--narrowest-at", type=click.IntRange(4), help="Clients of two arms for which the test was planned.")
@AS_JSON
def command(kind: Literal["slot", "campaign"], name: str, within: str, narrowest_at: int | None, as_json: bool) -> None:
    """Read what the split of a slot, or the texts of a campaign's mail, showed: the same figures as of a flag, and the
    share of clients who clicked in a mail.

    \b
    selvedge experiment result slot ranking
    selvedge experiment result campaign spring/hello --within 14d
    """
    from services.experiments.texts_and_splits import read_experiment  # noqa: PLC0415

    engine = open_database(load())
    window = parse_duration(within, "within")
    read = read_experiment(engine, kind, name, load_business_time(engine), window, narrowest_at)
    click.echo(read.model_dump_json() if as_json else "\n".join(render_arms(read)))
