"""`selvedge evaluate risk` and `selvedge evaluate ranking`: how well forecasts foretell what a plain file holds out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from commands import _bundles, _fit, _forecasts, _off_policy, _shared, _uplift
from commands._progress import Progress
from commands._shared import FILE


@click.group()
def command() -> None:
    """Measure forecasts on held-out days of plain files; no store and no server is needed."""


command.add_command(_bundles.evaluate, "bundles")
command.add_command(_fit.evaluate, "fit")
command.add_command(_off_policy.evaluate, "off-policy")
command.add_command(_uplift.evaluate, "uplift")


@command.command()
@click.option("--events", required=True, type=FILE, help="Orders (client_id, occurred_at[, value]) or events.")
@click.option("--calibrate-until", required=True, help="The last day that is learnt from, in UTC.")
@click.option("--horizon", required=True, type=int, help="Days held out, from the next day on.")
@click.option("--replay", is_flag=True, help="Replay alarms about clients at risk too: a forecast every 30 days.")
@_shared.AS_JSON
def risk(events: Path, calibrate_until: str, horizon: int, replay: bool, as_json: bool) -> None:
    """Total foretold over actual, mean absolute error, AUC of "orders again", calibration error; beside baselines."""
    from algorithms.risk import at_risk  # noqa: PLC0415
    from algorithms.risk.evaluation import evaluate  # noqa: PLC0415
    from ingest.order_files import EVENTS, read_orders  # noqa: PLC0415

    day = _forecasts.day_named(calibrate_until, "calibrate_until")
    _forecasts.check_horizon(horizon)
    with Progress() as progress:
        progress.step(f"reading {events.name}")
        orders = read_orders(events, EVENTS, progress.more)
        progress.step("learning and forecasting", "clients")
        found = evaluate(orders, day, horizon)
        if replay:
            progress.step("replaying alarms", "days")
            found["at_risk"] = at_risk.figures(at_risk.replay(orders, day, horizon))
    found |= {"calibrate_until": calibrate_until, "horizon_days": horizon}
    click.echo(json.dumps(found) if as_json else _table(found))


@command.command()
@_forecasts.INTERACTIONS
@_forecasts.ITEMS
@_forecasts.CLIENTS
@click.option("--split", default="time:0.8", show_default=True, help="leave-last-out, time:0.8, time:DATE, random:0.25")
@click.option("--k", default=10, show_default=True, type=click.IntRange(1, 1_000), help="Length of the lists.")
@click.option("--algorithms", default="all", show_default=True, help="Names with commas between, or all.")
@_forecasts.REPEATS
@_forecasts.MIN_VALUE
@_forecasts.SEED
@_shared.AS_JSON
def ranking(
    interactions: Path,
    items: Path | None,
    clients: Path | None,
    split: str,
    k: int,
    algorithms: str,
    repeats: bool,
    min_value: float | None,
    seed: int,
    as_json: bool,
) -> None:
    """Recall, NDCG, MAP, coverage, novelty, cold clients and items apart, seconds and memory of each algorithm.

    time:0.8 learns from the earliest 80 %, time:2016-12-31 from what came until that day; random:0.25 holds out 25 %.
    """
    from algorithms.ranking import zoo  # noqa: PLC0415
    from algorithms.ranking.evaluation import evaluate  # noqa: PLC0415
    from commands._rankings import table  # noqa: PLC0415
    from ingest.interaction_files import read_question  # noqa: PLC0415

    names = zoo.names(algorithms)
    with Progress() as progress:
        progress.step(f"reading {interactions.name}")
        log = read_question(interactions, items, clients, None, min_value).log
        found = evaluate(log, split, k, names, seed=seed, repeats=repeats, told=progress.step)
    click.echo(json.dumps(found) if as_json else table(found))


def _table(found: dict[str, Any]) -> str:
    names = ("predicted_over_actual", "mean_absolute_error", "auc", "calibration_error")
    lines = [
        f"{found['clients']:,} clients until {found['calibrate_until']}; {found['share_who_ordered']:.1%} ordered "
        f"in the {found['horizon_days']} days after, {found['orders_held_out']:,} times",
        f"{'':<12}{'foretold/actual':>17}{'mean error':>12}{'AUC':>8}{'calibration error':>19}",
    ]
    for algorithm, figures in found["algorithms"].items():
        cells = ["" if figures.get(name) is None else f"{figures[name]:.3f}" for name in names]
        lines.append(f"{algorithm:<12}{cells[0]:>17}{cells[1]:>12}{cells[2]:>8}{cells[3]:>19}")
    if alarms := found.get("at_risk"):
        lines.append(
            f"{alarms['flagged']:,} alarms on {alarms['days']} days: {alarms['precision']:.1%} right (longest silence "
            f"{alarms['precision_of_silence']:.1%}), {alarms['lead_days'] or 0:.0f} days before the lapse was evident; "
            f"{alarms['caught'] or 0:.1%} of the lapses found"
        )
    if not found["horizon_covered"]:
        lines.append("the file ends before the horizon does: what is foretold for its last days cannot have come")
    return "\n".join(lines)
