"""`selvedge assess --as-of DATE --out FILE`."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from commands import _shared
from commands._progress import Progress
from errors import BadInput
from settings import load

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from algorithms.risk.served import RiskModel
    from domain.histories import Histories


@click.command()
@click.option("--as-of", required=True, help="A day (to its end, in UTC) or a moment in ISO 8601 with offset.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help=".csv, .jsonl or .parquet")
@click.option("--horizon", default=90.0, show_default=True, help="Days over which orders are expected.")
@_shared.AS_JSON
def command(as_of: str, out: Path, horizon: float, as_json: bool) -> None:
    """Score every client as of a date, from what had happened by then, into a file.

    Columns: client_id, engagement (0 to 100), band, p_alive, expected_orders over the horizon, next_crossing_at.
    """
    from commands import _scores  # noqa: PLC0415

    started = perf_counter()
    at = moment(as_of)
    if not 0 < horizon <= 3_650:
        raise BadInput("must be over 0 and at most 3650 days", "horizon")
    _scores.check(out)
    settings = load()
    engine = _shared.database(settings)
    with Progress() as progress:
        summary = assessed(engine, settings.home, at, out, horizon, progress)
    summary |= {"out": str(out), "seconds": round(perf_counter() - started, 2)}
    click.echo(json.dumps(summary) if as_json else _sentence(summary))


def assessed(engine: Engine, home: Path, at: datetime, out: Path, horizon: float, progress: Progress) -> dict[str, Any]:
    """Assess everybody as of `at` into `out`; returns the summary. Raises BadInput when nobody was known by then.

    By the risk model that serves, where there is one that was learnt from nothing later than `at`.
    """
    from algorithms.engagement import ALGORITHM, assess_all, in_rhythm, learn  # noqa: PLC0415
    from commands import _scores  # noqa: PLC0415
    from domain.engagement import BANDS, EngagementRules  # noqa: PLC0415

    rules = EngagementRules()
    ids, histories, source = _histories(engine, rules, at, progress)
    if not ids:
        raise BadInput(f"nobody was a client by {at:%Y-%m-%d %H:%M} UTC; see selvedge import clients", "as_of")
    progress.step("assessing", "clients")
    population = learn(histories, at.timestamp())
    result = assess_all(rules, histories, at.timestamp(), population, horizon)
    model, version = _serving(engine, home, at)
    if model is not None:
        result = in_rhythm(rules, histories, at.timestamp(), model, horizon, result)
    progress.step(f"writing {out.name}", "clients")
    _scores.write(out, ids, result, progress.more)
    return {
        "clients": len(ids),
        "as_of": at.isoformat(),
        "horizon_days": horizon,
        "source": source,
        "algorithm": f"{ALGORITHM}+{version}" if model else ALGORITHM,
        "bands": {band.value: int((result.band == place).sum()) for place, band in enumerate(BANDS)},
        "expected_orders": round(float(result.expected_orders.sum()), 2),
    }


def _serving(engine: Engine, home: Path, at: datetime) -> tuple[RiskModel | None, str]:
    from services.assessment.risk import SLOT, loaded  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415
    from store.learning import artefacts  # noqa: PLC0415

    with read_transaction(engine) as connection:
        live = artefacts.live(connection, SLOT)
    if live is None or live.window_until is None or live.window_until > at:
        return None, ""
    return loaded(home, live), live.id


def moment(text: str, field: str = "as_of", *, begins: bool = False) -> datetime:
    """The moment that an option such as `--as-of` names; a bare day counts to its end in UTC, or `begins` with its
    beginning. Raises BadInput."""
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day if begins else day + timedelta(days=1, microseconds=-1)
        named = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!r} is neither a day such as 2026-11-21 nor a moment in ISO 8601", field) from None
    if named.tzinfo is None:
        raise BadInput("a moment needs an offset, such as 2026-11-21T12:00:00+00:00", field)
    return named.astimezone(UTC)


def _histories(engine: Engine, rules: Any, at: datetime, progress: Progress) -> tuple[list[str], Histories, str]:
    """Everybody's statistics as of `at`: those kept when nothing happened since, else worked out from the events."""
    from store.clients import histories  # noqa: PLC0415
    from store.database import read_transaction  # noqa: PLC0415

    with read_transaction(engine) as connection:
        latest = histories.latest_event(connection)
        if latest is None or latest <= at:
            progress.step("reading statistics", "clients")
            return *histories.as_kept(connection, at, progress.more), "statistics"
        progress.step(f"reading events up to {at:%Y-%m-%d %H:%M}", "events")
        return *histories.as_of_then(connection, rules, at, progress.more), "events"


def _sentence(summary: dict[str, Any]) -> str:
    bands = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in summary["bands"].items())
    at = datetime.fromisoformat(summary["as_of"])
    return (
        f"{summary['clients']:,} clients as of {at:%Y-%m-%d %H:%M} UTC in {summary['seconds']} s: {bands}; "
        f"{summary['expected_orders']:,.0f} orders expected in {summary['horizon_days']:g} days. {summary['out']}"
    )
