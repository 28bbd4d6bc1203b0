"""`selvedge predict fit`: predict whether garments fit."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter

import click

from commands.shared.forecast_options import FEEDBACK
from commands.shared.options import AS_JSON, FILE
from commands.shared.progress import ProgressLine
from ingest import results


@click.command("fit")
@FEEDBACK
@click.option("--targets", required=True, type=FILE, help="client_id, item_id, size[, the same others].")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv or .parquet")
@AS_JSON
def command(feedback: Path, targets: Path, out: Path, as_json: bool) -> None:
    """Predict whether each garment of TARGETS is small, fits, or is large, learnt from what clients said of others.

    Columns: client_id, item_id, size, p_small, p_fit, p_large, in the order of TARGETS. `fit` is small, fit or large.
    Further columns that both files have, such as category, height (5 ft 8, 172cm) or body type, are learnt from as
    well; unknown clients, items and sizes are answered by what is known of the rest.
    """
    from algorithms.fit.model import FitModel  # noqa: PLC0415
    from algorithms.fit.rows import Feedback  # noqa: PLC0415
    from ingest import fit_files  # noqa: PLC0415

    started = perf_counter()
    results.check_path(out)
    with ProgressLine() as progress:
        progress.step(f"reading {feedback.name} and {targets.name}")
        known, questions = fit_files.read_feedback(feedback), fit_files.read_targets(targets)
        both = [name for name in known.rows.further if name in questions.rows.further]
        progress.step(f"learning from {len(known):,} rows")
        model = FitModel.train(Feedback(known.rows.keep_columns(both), known.fit))
        progress.step(f"predicting {len(questions.rows):,} rows")
        chances = model.predict_rows(questions.rows)
        fit_files.write_chances(out, questions, chances)
    summary = {
        "targets": len(questions.rows),
        "feedback": len(known),
        "learnt_columns": [side.name for side in model.design.sides],
        "mean_p_fit": round(float(chances[:, 1].mean()), 4) if len(chances) else None,
        "out": str(out),
        "seconds": round(perf_counter() - started, 2),
    }
    sentence = f"{len(questions.rows):,} rows by {len(known):,} of feedback in {summary['seconds']} s. {out}"
    click.echo(json.dumps(summary) if as_json else sentence)
