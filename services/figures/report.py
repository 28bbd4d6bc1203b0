"""Put the key figures together for pages, the API and files: kept days, and what there is of today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from domain.key_figures import PHASE_RULES, RULES, build_kpi
from models.figures import Kpi, KpiReport, Tally
from services.csv_lines import format_line
from services.figures.days import AGAIN, count_day
from store.database import read_transaction
from store.figures.tallies import find_last_counted, load_tallies

SPANS: Final = (7, 28, 90)


def count_unsettled(connection: Connection, now: datetime) -> dict[str, int]:
    """Count today at business `now`, and up to ten days that ended since the last pass: each tally by day and name."""
    today, counted_until = now.astimezone(UTC).date(), find_last_counted(connection)
    ended = (today - counted_until).days - 1 if counted_until else 0
    days = [today - timedelta(days=back) for back in range(ended + 1 if ended <= AGAIN else 1)]
    return {f"{day}/{tally}": amount for day in days for tally, amount in count_day(connection, day, now).items()}


def load_report(
    engine: Engine, now: datetime, days: int, currency: str, unsettled: Mapping[str, int] | None = None
) -> KpiReport:
    """Load all figures over `days` days, today included, at business `now`: days are kept once they are over, and what
    is `unsettled` was counted a moment ago, or is counted now."""
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    with read_transaction(engine) as connection:
        kept = load_tallies(connection, first - timedelta(days=days), today)
        counted_until = find_last_counted(connection)
        counted = count_unsettled(connection, now) if unsettled is None else unsettled
    for name, amount in counted.items():
        day, tally = date.fromisoformat(name[:10]), Tally(name[11:])
        if day in kept and (counted_until is None or day > counted_until):
            kept[day][tally] = amount
    spans = [(day, tallies) for day, tallies in sorted(kept.items())]
    before, inside = spans[:days], spans[days:]
    kpis, absent = list[Kpi](), list[str]()
    for rule in (*RULES, *PHASE_RULES):
        kpi = build_kpi(rule, inside, before)
        if rule.absent and kpi.value is None and kpi.before is None:
            absent.append(f"{rule.title}: {rule.absent}")
        else:
            kpis.append(kpi)
    given = {"kpis": tuple(kpis), "absent": tuple(absent)}
    return KpiReport(now=now, days=days, currency=currency, counted_until=counted_until, **given)


def format_report(report: KpiReport) -> str:
    """Format the figures as CSV: a line for each figure and day."""
    lines = [format_line(("figure", "day", "value", "unit"))]
    for kpi in report.kpis:
        known = (point for point in kpi.series if point.value is not None)
        lines += [format_line((kpi.key, point.day, point.value, kpi.unit)) for point in known]
    return "".join(lines)
