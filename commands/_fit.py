"""`selvedge predict fit` and `selvedge evaluate fit`: whether a garment in a size will fit, from plain files."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter
from typing import Any

import click

from commands import _forecasts, _shared
from commands._progress import Progress
from commands._shared import FILE
from ingest import results

FEEDBACK = click.option(
    "--feedback", required=True, type=FILE, help="client_id, item_id, size, fit[, occurred_at, any others]."
)


@click.command()
@FEEDBACK
@click.option("--targets", required=True, type=FILE, help="client_id, item_id, size[, the same others].")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@_shared.AS_JSON
def predict(feedback: Path, targets: Path, out: Path, as_json: bool) -> None:
    """The chances that each garment of TARGETS is small, fits, or is large, learnt from what clients said of others.

    Columns: client_id, item_id, size, p_small, p_fit, p_large, in the order of TARGETS. `fit` is small, fit or large.
    Further columns that both files have, such as category, height (5 ft 8, 172cm) or body type, are learnt from as
    well; unknown clients, items and sizes are answered by what is known of the rest.
    """
    from algorithms.fit.rows import Feedback  # noqa: PLC0415
    from algorithms.fit.serving import FitModel  # noqa: PLC0415
    from ingest import fit_files  # noqa: PLC0415

    started = perf_counter()
    results.check(out)
    with Progress() as progress:
        progress.step(f"reading {feedback.name} and {targets.name}")
        said, asked = fit_files.read_feedback(feedback), fit_files.read_targets(targets)
        both = [name for name in said.rows.further if name in asked.rows.further]
        progress.step(f"learning from {len(said):,} rows")
        model = FitModel.learnt(Feedback(said.rows.only(both), said.fit))
        progress.step(f"foretelling {len(asked.rows):,} rows")
        chances = model.chances(asked.rows)
        fit_files.write_chances(out, asked, chances)
    summary = {
        "targets": len(asked.rows),
        "feedback": len(said),
        "learnt_columns": [side.name for side in model.design.sides],
        "mean_p_fit": round(float(chances[:, 1].mean()), 4) if len(chances) else None,
        "out": str(out),
        "seconds": round(perf_counter() - started, 2),
    }
    told = f"{len(asked.rows):,} rows by {len(said):,} of feedback in {summary['seconds']} s. {out}"
    click.echo(json.dumps(summary) if as_json else told)


@click.command()
@FEEDBACK
@click.option("--until", required=True, help="The last day that is learnt from, in UTC; later rows are foretold.")
@click.option("--seed", default=42, show_default=True, help="Of gradient boosting, its folds and the intervals.")
@_shared.AS_JSON
def evaluate(feedback: Path, until: str, seed: int, as_json: bool) -> None:
    """AUC of misfit (small or large) with its interval, log-loss and calibration error on later rows; beside the item's
    share of misfits and gradient boosting."""
    from algorithms.fit.evaluation import evaluate as evaluated  # noqa: PLC0415
    from ingest import fit_files  # noqa: PLC0415

    day = _forecasts.day_named(until, "until")
    with Progress() as progress:
        progress.step(f"reading {feedback.name}")
        found = evaluated(fit_files.read_feedback(feedback, dated=True), day, seed, progress.step)
    found |= {"until": until}
    click.echo(json.dumps(found) if as_json else _table(found))


def _table(found: dict[str, Any]) -> str:
    cold = found["cold"]
    lines = [
        f"{found['held_out']:,} rows after {found['until']}, {found['share_misfit']:.1%} of them misfits; "
        f"learnt from {found['learnt_from']:,}",
        f"{'':<20}{'AUC':>7}{'95 %':>18}{'log-loss':>10}{'calibration error':>19}{'new clients':>13}{'new items':>11}",
    ]
    for name, figures in found["algorithms"].items():
        new = [_number(cold[each]["auc"][name]) for each in ("clients", "items")]
        lines.append(
            f"{name:<20}{_number(figures['auc']):>7}{_range(figures['auc_interval']):>18}{figures['log_loss']:>10.4f}"
            f"{figures['calibration_error']:>19.4f}{new[0]:>13}{new[1]:>11}"
        )
    return "\n".join([*lines, f"gain in AUC over gradient boosting: {_range(found['gain_over_boosting'])}"])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _range(interval: list[float] | None) -> str:
    return "-" if interval is None else f"{interval[0]:.4f} to {interval[1]:.4f}"
