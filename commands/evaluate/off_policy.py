"""`selvedge evaluate off-policy`: estimate a policy's value from another policy's log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands.shared.options import AS_JSON
from commands.shared.progress import ProgressLine

LOG_PATH = click.Path(exists=True, path_type=Path)


@click.command("off-policy")
@click.option("--random", "first", required=True, type=LOG_PATH, help="The log of one policy: a file, or its folder.")
@click.option("--bts", "second", required=True, type=LOG_PATH, help="The log of the other, over the same items.")
@click.option("--seed", default=42, show_default=True, help="Seed of the folds in which click rates are estimated.")
@AS_JSON
def command(first: Path, second: Path, seed: int, as_json: bool) -> None:
    """Estimate from each of two logs what the other policy earned (IPS, SNIPS, doubly robust), and compare it with what
    the other log shows.

    Columns: item_id, position, click, propensity_score, as in the Open Bandit Dataset (its uniform and its Thompson
    sampling logs gave the options their names). Where there is too little to go by, it says so.
    """
    from algorithms.evaluation.bandit_logs import cross_estimate  # noqa: PLC0415
    from ingest.bandit_files import read_log  # noqa: PLC0415

    with ProgressLine() as progress:
        progress.step("reading the logs")
        logs = {"random": read_log(first), "bts": read_log(second)}
        progress.step("estimating")
        report = cross_estimate(logs, seed)
    click.echo(
        json.dumps(report)
        if as_json
        else "\n".join(_render_policy(name, policy_report) for name, policy_report in report.items())
    )


def _render_policy(name: str, report: dict[str, Any]) -> str:
    shown = report["shown"]
    low, high = shown["interval"]
    lines = [
        f"{name} shows {shown['value']:.5f} ({low:.5f} to {high:.5f}) on {shown['n']:,} rows, {shown['clicks']} clicks",
        f"  from the log of {report['estimated_from']}:",
    ]
    for estimator, estimate in report["estimates"].items():
        low, high = estimate["interval"]
        verdict = "holds it" if estimate["holds"] else "misses it; " + ("agrees" if estimate["agree"] else "disagrees")
        worth = f"worth {estimate['effective_n']:,.0f} rows, {estimate['effective_rewards']:.0f} clicks"
        few = "" if estimate["enough"] else f"; TOO FEW: {worth}"
        lines.append(f"  {estimator:<14}{estimate['value']:.5f} ({low:.5f} to {high:.5f}) {verdict}{few}")
    return "\n".join(lines)
