"""Put the key figures together for pages, the API and files: kept days, and what there is of today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from domain.key_figures import RULES, build_kpi
from models.figures import KpiReport
from services.csv_lines import format_line
from services.figures.days import AGAIN, count_day
from store.database import read_transaction
from store.figures.tallies import find_last_counted, load_tallies

SPANS: Final = (7, 28, 90)
ABSENT: Final = ("Cart abandonment: the shop's systems send no check-outs.",)
"""What the shop would have to send for a figure."""


def load_report(engine: Engine, now: datetime, days: int, currency: str) -> KpiReport:
    """Load all figures over `days` days, today included, at business `now`. Today is counted now, and so are up to ten
    days that ended since the last pass; the others are kept."""
    today = now.astimezone(UTC).date()
    first = today - timedelta(days=days - 1)
    with read_transaction(engine) as connection:
        kept = load_tallies(connection, first - timedelta(days=days), today)
        counted_until = find_last_counted(connection)
        ended = (today - counted_until).days - 1 if counted_until else 0
        for back in range(ended + 1 if ended <= AGAIN else 1):
            day = today - timedelta(days=back)
            kept[day] = count_day(connection, day, now)
    spans = [(day, tallies) for day, tallies in sorted(kept.items())]
    before, inside = spans[:days], spans[days:]
    kpis = tuple(build_kpi(rule, inside, before) for rule in RULES)
    return KpiReport(now=now, days=days, currency=currency, counted_until=counted_until, kpis=kpis, absent=ABSENT)


def format_report(report: KpiReport) -> str:
    """Format the figures as CSV: a line for each figure and day."""
    lines = [format_line(("figure", "day", "value", "unit"))]
    for kpi in report.kpis:
        known = (point for point in kpi.series if point.value is not None)
        lines += [format_line((kpi.key, point.day, point.value, kpi.unit)) for point in known]
    return "".join(lines)
