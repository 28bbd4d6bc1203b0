"""`selvedge evaluate fit`: measure forecasts of fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands.shared.forecast_options import FEEDBACK
from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_day
from commands.shared.progress import ProgressLine


@click.command("fit")
@FEEDBACK
@click.option("--until", required=True, help="The last training day, in UTC; later rows are predicted.")
@click.option("--seed", default=42, show_default=True, help="Of gradient boosting, its folds and the intervals.")
@AS_JSON
def command(feedback: Path, until: str, seed: int, as_json: bool) -> None:
    """Measure AUC of misfit (small or large) with its interval, log-loss and calibration error on later rows; beside
    the item's share of misfits and gradient boosting."""
    from algorithms.evaluation.fit_evaluation import evaluate as evaluate_fit  # noqa: PLC0415
    from ingest import fit_files  # noqa: PLC0415

    day = parse_day(until, "until")
    with ProgressLine() as progress:
        progress.step(f"reading {feedback.name}")
        report = evaluate_fit(fit_files.read_feedback(feedback, dated=True), day, seed, progress.step)
    report |= {"until": until}
    click.echo(json.dumps(report) if as_json else _render_table(report))


def _render_table(report: dict[str, Any]) -> str:
    cold = report["cold"]
    lines = [
        f"{report['held_out']:,} rows after {report['until']}, {report['share_misfit']:.1%} of them misfits; "
        f"learnt from {report['learnt_from']:,}",
        f"{'':<20}{'AUC':>7}{'95 %':>18}{'log-loss':>10}{'calibration error':>19}{'new clients':>13}{'new items':>11}",
    ]
    for name, figures in report["algorithms"].items():
        new = [_format_number(cold[kind]["auc"][name]) for kind in ("clients", "items")]
        lines.append(
            f"{name:<20}{_format_number(figures['auc']):>7}{_format_range(figures['auc_interval']):>18}{figures['log_loss']:>10.4f}"
            f"{figures['calibration_error']:>19.4f}{new[0]:>13}{new[1]:>11}"
        )
    return "\n".join([*lines, f"gain in AUC over gradient boosting: {_format_range(report['gain_over_boosting'])}"])


def _format_number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _format_range(interval: list[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"
