"""`selvedge evaluate off-policy`: whether a policy's value can be told from another policy's log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands import _shared
from commands._progress import Progress

LOG = click.Path(exists=True, path_type=Path)


@click.command()
@click.option("--random", "first", required=True, type=LOG, help="The log of one policy: a file, or its folder.")
@click.option("--bts", "second", required=True, type=LOG, help="The log of the other, over the same items.")
@click.option("--seed", default=42, show_default=True, help="Of the folds in which click rates are learnt.")
@_shared.AS_JSON
def evaluate(first: Path, second: Path, seed: int, as_json: bool) -> None:
    """Estimate from each of two logs what the other policy earned (IPS, SNIPS, doubly robust), and compare it with what
    the other log shows.

    Columns: item_id, position, click, propensity_score, as in the Open Bandit Dataset (its uniform and its Thompson
    sampling logs gave the options their names). Where there is too little to go by, it says so.
    """
    from algorithms.bandit_logs import crossed  # noqa: PLC0415
    from ingest.bandit_files import read_log  # noqa: PLC0415

    with Progress() as progress:
        progress.step("reading the logs")
        logs = {"random": read_log(first), "bts": read_log(second)}
        progress.step("estimating")
        found = crossed(logs, seed)
    click.echo(json.dumps(found) if as_json else "\n".join(_told(name, each) for name, each in found.items()))


def _told(name: str, found: dict[str, Any]) -> str:
    shown = found["shown"]
    low, high = shown["interval"]
    lines = [
        f"{name} shows {shown['value']:.5f} ({low:.5f} to {high:.5f}) on {shown['n']:,} rows, {shown['clicks']} clicks",
        f"  from the log of {found['estimated_from']}:",
    ]
    for estimator, each in found["estimates"].items():
        low, high = each["interval"]
        verdict = "holds it" if each["holds"] else "misses it; " + ("agrees" if each["agree"] else "disagrees")
        worth = f"worth {each['effective_n']:,.0f} rows, {each['effective_rewards']:.0f} clicks"
        few = "" if each["enough"] else f"; TOO FEW: {worth}"
        lines.append(f"  {estimator:<14}{each['value']:.5f} ({low:.5f} to {high:.5f}) {verdict}{few}")
    return "\n".join(lines)
