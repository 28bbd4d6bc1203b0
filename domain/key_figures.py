"""How the key figures are put together from the tallies of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final, Literal, NamedTuple

from models.figures import Kpi, KpiPoint, KpiUnit, Tally

Day = Mapping[Tally, int]
SECONDS_A_DAY: Final = 86_400


class FigureRule(NamedTuple):
    """How one figure is put together: `over` sums divided by `under` sums (none: the sum alone). With `last` both are
    those of the last day that has them, as for the number of clients. `absent`: what is said in its place where the
    shop sends nothing to count it from; empty: it is shown without a value."""

    key: str
    title: str
    definition: str
    unit: KpiUnit
    better: Literal["up", "down", ""]
    over: tuple[Tally, ...]
    under: Tally | None = None
    minus: Tally | None = None
    scale: float = 1.0
    last_under: bool = False
    last: bool = False
    absent: str = ""


RULES: Final = (
    FigureRule(
        "open_rate",
        "Open rate of mail",
        "Mails that were opened, of those sent in these days. Openings by machines do not count where they can be "
        "told; some programs open for their readers and others never say, so clicks are the better measure.",
        KpiUnit.SHARE,
        "up",
        (Tally.MAILS_OPENED,),
        Tally.MAILS_SENT,
    ),
    FigureRule(
        "click_rate",
        "Click rate of mail",
        "Mails that a person clicked in, of those sent in these days. Those of machines do not count; a mail "
        "clicked on two days counts on both.",
        KpiUnit.SHARE,
        "up",
        (Tally.MAILS_CLICKED,),
        Tally.MAILS_SENT,
    ),
    FigureRule(
        "conversion",
        "Conversion of mail",
        "Mails whose client ordered within seven days after, of those sent in these days. The last week still grows.",
        KpiUnit.SHARE,
        "up",
        (Tally.MAILS_ORDERED,),
        Tally.MAILS_SENT,
    ),
    FigureRule(
        "cart_abandonment",
        "Cart abandonment",
        "Carts that no order of the client followed within a day, of all whose day ended in these days. What a client "
        "puts in on one day is one cart.",
        KpiUnit.SHARE,
        "down",
        (Tally.CARTS_LEFT,),
        Tally.CARTS,
        absent="the shop's systems send no carts yet (events added_to_cart).",
    ),
    FigureRule(
        "revenue_per_client",
        "Revenue per client",
        "Orders less returns in these days, divided by the number of clients.",
        KpiUnit.CENTS,
        "up",
        (Tally.REVENUE,),
        Tally.CLIENTS,
        Tally.RETURNED,
        last_under=True,
    ),
    FigureRule(
        "keep_rate",
        "Keep rate",
        "Pieces of Fixes that clients kept, of those of which they told in these days.",
        KpiUnit.SHARE,
        "up",
        (Tally.PIECES_KEPT,),
        Tally.PIECES_JUDGED,
    ),
    FigureRule(
        "average_order_value",
        "Average order value",
        "The value of the orders of these days, before returns, divided by their number.",
        KpiUnit.CENTS,
        "up",
        (Tally.REVENUE,),
        Tally.ORDERS,
    ),
    FigureRule(
        "days_to_first_order",
        "Time to first purchase",
        "Days from signing up to the first order, on average over the clients whose first order fell in these days.",
        KpiUnit.DAYS,
        "down",
        (Tally.FIRST_ORDER_SECONDS,),
        Tally.FIRST_ORDERS,
        scale=1 / SECONDS_A_DAY,
    ),
    FigureRule(
        "revenue_at_risk",
        "Revenue at risk",
        "What clients would be expected to spend in the next 90 days if they stayed, times the chance that they have "
        "left; of the clients whom the risk model judges. As of the last night.",
        KpiUnit.CENTS,
        "down",
        (Tally.AT_RISK,),
        last=True,
    ),
    FigureRule(
        "mails_sent",
        "Mails sent",
        "Mails that a mail server took in these days.",
        KpiUnit.COUNT,
        "",
        (Tally.MAILS_SENT,),
    ),
    FigureRule(
        "bounce_rate",
        "Mails that came back",
        "Mails sent in these days that came back, of all that were sent.",
        KpiUnit.SHARE,
        "down",
        (Tally.MAILS_BOUNCED,),
        Tally.MAILS_SENT,
    ),
)
"""In the order in which they are shown."""


_PHASES: Final[Mapping[Tally, tuple[str, Literal["up", "down", ""]]]] = {
    Tally.IN_ACTIVE: ("active", "up"),
    Tally.IN_COOLING: ("cooling", ""),
    Tally.IN_AT_RISK: ("at risk", "down"),
    Tally.IN_LAPSED: ("lapsed", "down"),
    Tally.IN_DORMANT: ("dormant", "down"),
}
PHASE_RULES: Final = tuple(
    FigureRule(
        f"clients_{words.replace(' ', '_')}",
        f"Clients {words}",
        f"Clients who were {words} at the end of the last day that was counted.",
        KpiUnit.COUNT,
        better,
        (tally,),
        last=True,
    )
    for tally, (words, better) in _PHASES.items()
)
"""How many clients stand in each phase."""


def build_kpi(rule: FigureRule, days: Sequence[tuple[date, Day]], before: Sequence[tuple[date, Day]]) -> Kpi:
    """Build a figure from the tallies of `days`, oldest first, and of as many days `before`. What only stands, as how
    many clients there are, stands until it is counted anew."""
    earlier = compute_figure(rule, before)
    value = compute_figure(rule, days)
    counted = None if rule.under is None else _sum_tally(days, rule.under, last=rule.last_under)
    return Kpi(
        key=rule.key,
        title=rule.title,
        definition=rule.definition,
        unit=rule.unit,
        better=rule.better,
        value=earlier if value is None and rule.last else value,
        before=earlier,
        of=counted,
        series=tuple(KpiPoint(day=day, value=compute_figure(rule, [(day, tallies)])) for day, tallies in days),
    )


def compute_figure(rule: FigureRule, days: Sequence[tuple[date, Day]]) -> float | None:
    """Compute a figure over those of some days of which it was counted; None where that is none, or there is nothing to
    divide by."""
    days = [day for day in days if rule.over[0] in day[1]]
    if not days:
        return None
    if rule.last:
        return _find_last(days, rule.over[0])
    over = sum(_sum_tally(days, tally) for tally in rule.over)
    over -= _sum_tally(days, rule.minus) if rule.minus else 0
    if rule.under is None:
        return float(over)
    under = _sum_tally(days, rule.under, last=rule.last_under)
    return over * rule.scale / under if under else None


def _sum_tally(days: Sequence[tuple[date, Day]], tally: Tally, *, last: bool = False) -> int:
    if last:
        return int(_find_last(days, tally) or 0)
    return sum(tallies.get(tally, 0) for _, tallies in days)


def _find_last(days: Sequence[tuple[date, Day]], tally: Tally) -> float | None:
    return next((float(tallies[tally]) for _, tallies in reversed(days) if tally in tallies), None)


def compute_value_at_risk(p_alive: float, expected_value_cents: float) -> float:
    """Compute what may be lost of one client, in cents: what they would spend if they stayed, times the chance that
    they have left. `expected_value_cents` is the model's, which counts that chance already."""
    if not 0 < p_alive <= 1 or expected_value_cents <= 0:
        return 0.0
    return expected_value_cents / max(p_alive, 0.05) * (1 - p_alive)
