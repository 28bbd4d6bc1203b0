"""`selvedge assess --as-of DATE --out FILE`: score every client into a file."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from commands.shared.options import AS_JSON
from commands.shared.parsing import parse_moment
from commands.shared.progress import ProgressLine
from commands.shared.runtime import open_database
from errors import BadInput
from settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from services.decisions.decider import Decider


@click.command()
@click.option("--as-of", required=True, help="A day (to its end, in UTC) or a moment in ISO 8601 with offset.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv, .jsonl or .parquet")
@click.option("--horizon", default=90.0, show_default=True, help="Days over which orders are expected.")
@AS_JSON
def command(as_of: str, out: Path, horizon: float, as_json: bool) -> None:
    """Score every client as of a date, from what had happened by then, into a file.

    Columns: client_id, engagement (0 to 100), band, p_alive, expected_orders over the horizon, next_crossing_at.
    """
    from algorithms.slots.conformance import START_SECONDS  # noqa: PLC0415
    from algorithms.slots.registry import Registry  # noqa: PLC0415
    from services.assessment.engagement import SLOT  # noqa: PLC0415
    from services.decisions.decider import Decider  # noqa: PLC0415

    started = perf_counter()
    at = parse_moment(as_of)
    if not 0 < horizon <= 3_650:
        raise BadInput("must be over 0 and at most 3650 days", "horizon")
    settings = load()
    engine = open_database(settings)
    with closing(Registry.from_settings(settings)) as registry, ProgressLine() as progress:
        registry.is_ready(SLOT, START_SECONDS)
        summary = assess_to_file(engine, settings.home, at, out, horizon, progress, Decider(registry))
    summary |= {"out": str(out), "seconds": round(perf_counter() - started, 2)}
    click.echo(json.dumps(summary) if as_json else _render_summary(summary))


def assess_to_file(
    engine: Engine,
    home: Path,
    at: datetime,
    out: Path,
    horizon: float,
    progress: ProgressLine,
    decider: Decider | None = None,
) -> dict[str, Any]:
    """Score everybody as of `at` into the file `out` and return the summary.

    Raises: BadInput when nobody was a client by then, or the file cannot be written.
    """
    from commands.shared.score_file import check_path, write_scores  # noqa: PLC0415
    from domain.engagement import BANDS  # noqa: PLC0415
    from services.assessment.client_scores import score_clients  # noqa: PLC0415

    check_path(out)
    result = score_clients(engine, home, at, horizon, progress.step, progress.more, decider)
    progress.step(f"writing {out.name}", "clients")
    write_scores(out, result.ids, result.scores, progress.more)
    return {
        "clients": len(result.ids),
        "as_of": at.isoformat(),
        "horizon_days": horizon,
        "source": result.source,
        "algorithm": result.algorithm,
        "bands": {band.value: int((result.scores.band == index).sum()) for index, band in enumerate(BANDS)},
        "expected_orders": round(float(result.scores.expected_orders.sum()), 2),
    }


def _render_summary(summary: dict[str, Any]) -> str:
    bands = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary["bands"].items())
    at = datetime.fromisoformat(summary["as_of"])
    return (
        f"{summary['clients']:,} clients as of {at:%Y-%m-%d %H:%M} UTC in {summary['seconds']} s: {bands}; "
        f"{summary['expected_orders']:,.0f} orders expected in {summary['horizon_days']:g} days. {summary['out']}"
    )
