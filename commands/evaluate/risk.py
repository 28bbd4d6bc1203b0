"""`selvedge evaluate risk`: measure forecasts of orders."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands.shared.options import AS_JSON, FILE
from commands.shared.parsing import parse_day, require_horizon
from commands.shared.progress import ProgressLine


@click.command("risk")
@click.option("--events", required=True, type=FILE, help="Orders (client_id, occurred_at[, value]) or events.")
@click.option("--calibrate-until", required=True, help="The last training day, in UTC.")
@click.option("--horizon", required=True, type=int, help="Days held out, from the next day on.")
@click.option("--replay", is_flag=True, help="Replay alarms about clients at risk too: a forecast every 30 days.")
@AS_JSON
def command(events: Path, calibrate_until: str, horizon: int, replay: bool, as_json: bool) -> None:
    """Measure total predicted over actual, mean absolute error, AUC of "orders again" and calibration error, beside
    baselines."""
    from algorithms.evaluation import at_risk  # noqa: PLC0415
    from algorithms.evaluation.risk_evaluation import evaluate  # noqa: PLC0415
    from ingest.order_files import EVENTS, read_orders  # noqa: PLC0415

    day = parse_day(calibrate_until, "calibrate_until")
    require_horizon(horizon)
    with ProgressLine() as progress:
        progress.step(f"reading {events.name}")
        orders = read_orders(events, EVENTS, progress.more)
        progress.step("learning and forecasting", "clients")
        report = evaluate(orders, day, horizon)
        if replay:
            progress.step("replaying alarms", "days")
            report["at_risk"] = at_risk.build_figures(at_risk.replay_alarms(orders, day, horizon))
    report |= {"calibrate_until": calibrate_until, "horizon_days": horizon}
    click.echo(json.dumps(report) if as_json else _render_table(report))


def _render_table(report: dict[str, Any]) -> str:
    names = ("predicted_over_actual", "mean_absolute_error", "auc", "calibration_error")
    lines = [
        f"{report['clients']:,} clients until {report['calibrate_until']}; {report['share_who_ordered']:.1%} ordered "
        f"in the {report['horizon_days']} days after, {report['orders_held_out']:,} times",
        f"{'':<12}{'predicted/actual':>17}{'mean error':>12}{'AUC':>8}{'calibration error':>19}",
    ]
    for algorithm, figures in report["algorithms"].items():
        cells = ["" if figures.get(name) is None else f"{figures[name]:.3f}" for name in names]
        lines.append(f"{algorithm:<12}{cells[0]:>17}{cells[1]:>12}{cells[2]:>8}{cells[3]:>19}")
    if alarms := report.get("at_risk"):
        lines.append(
            f"{alarms['flagged']:,} alarms on {alarms['days']} days: {alarms['precision']:.1%} right (longest silence "
            f"{alarms['precision_of_silence']:.1%}), {alarms['lead_days'] or 0:.0f} days before the lapse was evident; "
            f"{alarms['caught'] or 0:.1%} of the lapses found"
        )
    if report["warning"]:
        lines.append(f"warning: {report['warning']}")
    if not report["horizon_covered"]:
        lines.append("the file ends before the horizon does: what is predicted for its last days cannot have come")
    return "\n".join(lines)
