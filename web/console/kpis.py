"""`/kpis`, `/kpis/<figure>` and `/kpis.csv`: the key figures of the shop, with what they mean and how they moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, NamedTuple

from fastapi import APIRouter, Query, Request, Response

from domain.permissions import Disclosure
from domain.wording import format_price
from errors import NotFound
from models.figures import Kpi, KpiPoint, KpiReport, KpiUnit
from services.figures.at_risk import ClientAtRisk, count_largest_stakes, list_at_risk
from services.figures.report import SPANS, format_report
from web.auth.rules import needs
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

Days = Annotated[int, Query(ge=1, le=365)]
WIDTH: Final = 760
HEIGHT: Final = 200


class KpiTile(NamedTuple):
    """A figure as a tile shows it. `change`: in words, `tone`: whether that is good."""

    kpi: Kpi
    value: str
    before: str
    change: str
    tone: str
    lines: Sequence[str]


@router.get("/kpis", dependencies=[needs(Disclosure.SHOP)])
def show_kpis(request: Request, context: Here, days: Days = 28) -> Response:
    """Show all figures as tiles."""
    report = _load(context, days)
    tiles = build_tiles(report)
    return render_page(request, "kpis.html", report=report, tiles=tiles, spans=SPANS, days=days)


@router.get("/kpis.csv", dependencies=[needs(Disclosure.SHOP)])
def download_kpis(context: Here, days: Days = 28) -> Response:
    """Send the figures of each day as a file."""
    headers = {"Content-Disposition": f'attachment; filename="kpis-{days}-days.csv"'}
    return Response(format_report(_load(context, days)), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/kpis/{key}", dependencies=[needs(Disclosure.SHOP)])
def show_kpi(request: Request, context: Here, key: str, days: Days = 28) -> Response:
    """Show one figure by day, as a chart and as a table."""
    report = _load(context, days)
    kpi = next((kpi for kpi in report.kpis if kpi.key == key), None)
    if kpi is None:
        raise NotFound("There is no such figure.")
    scale = max((point.value for point in kpi.series if point.value is not None), default=0.0)
    return render_page(
        request,
        "kpi.html",
        report=report,
        tile=build_tile(kpi, report.currency),
        lines=draw_lines(kpi.series, WIDTH, HEIGHT),
        width=WIDTH,
        height=HEIGHT,
        top=format_figure(kpi.unit, scale, report.currency),
        rows=[(point.day, format_figure(kpi.unit, point.value, report.currency)) for point in reversed(kpi.series)],
        spans=SPANS,
        days=days,
        phase=key.removeprefix("clients_") if key.startswith("clients_") else "",
        at_risk=_list_at_risk(context) if key == "revenue_at_risk" else None,
    )


def _list_at_risk(context: WebContext) -> Sequence[ClientAtRisk]:
    return list_at_risk(context.engine, context.counts.read(count_largest_stakes))


def build_tiles(report: KpiReport) -> list[KpiTile]:
    """Build the tile of each figure."""
    return [build_tile(kpi, report.currency) for kpi in report.kpis]


def build_tile(kpi: Kpi, currency: str) -> KpiTile:
    """Build the tile of a figure."""
    change, tone = describe_change(kpi)
    value, before = (format_figure(kpi.unit, amount, currency) for amount in (kpi.value, kpi.before))
    return KpiTile(kpi, value, before, change, tone, draw_lines(kpi.series, 120, 30))


def describe_change(kpi: Kpi) -> tuple[str, str]:
    """Describe how a figure moved against as many days before, and whether that is good."""
    if kpi.value is None or not kpi.before:
        return "", "quiet"
    share = kpi.value / kpi.before - 1
    if abs(share) < 0.005:
        return "as before", "quiet"
    good = {"up": share > 0, "down": share < 0}.get(kpi.better)
    tone = "quiet" if good is None else "good" if good else "bad"
    return f"{'+' if share > 0 else '−'}{abs(share):.0%}".replace("%", " %"), tone


def format_figure(unit: KpiUnit, value: float | None, currency: str) -> str:
    """Format a figure for people."""
    if value is None:
        return "–"
    match unit:
        case KpiUnit.SHARE:
            return f"{100 * value:.1f} %"
        case KpiUnit.CENTS:
            return format_price(round(value), currency)
        case KpiUnit.DAYS:
            return f"{value:.1f} {'day' if round(value, 1) == 1 else 'days'}"
        case KpiUnit.COUNT:
            return f"{value:,.0f}"


def draw_lines(series: Sequence[KpiPoint], width: int, height: int) -> list[str]:
    """Draw the days of a figure as polylines in a box; a day without a value ends a line, and one between two such days
    is a dash."""
    top = max((point.value for point in series if point.value is not None), default=0.0) or 1.0
    step = width / max(len(series) - 1, 1)
    lines: list[list[tuple[float, float]]] = [[]]
    for place, point in enumerate(series):
        if point.value is None:
            lines.append([])
        else:
            lines[-1].append((place * step, height - 2 - max(point.value, 0.0) / top * (height - 4)))
    return [" ".join(f"{x:.1f},{y:.1f}" for x, y in _stretch(line, step, width)) for line in lines if line]


def _stretch(line: list[tuple[float, float]], step: float, width: int) -> list[tuple[float, float]]:
    """Stretch a line of one day to a dash, which can be seen."""
    if len(line) > 1:
        return line
    (x, y), reach = line[0], min(step, width) / 3
    return [(max(0.0, x - reach), y), (min(float(width), x + reach), y)]


def _load(context: WebContext, days: int) -> KpiReport:
    return context.load_figures(days)
