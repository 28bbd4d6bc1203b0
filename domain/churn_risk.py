"""How churn risk, measured against a client's own purchase cadence, changes the engagement band.

A client with two orders or more is at risk from the moment at which silence alone has halved their chance of an order
since the day of the last one: for a weekly buyer within weeks, for a yearly one after months. They are lapsed when that
chance has fallen to a fifth and their engagement has faded too. Both moments are known in advance, so a timer can wait
for them. For all other clients the engagement score alone decides.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from domain.engagement import BANDS, Engagement, EngagementRules, EngagementScore, compute_band_exits
from models.base import Contract
from models.states import Band

AT_RISK_SHARE: Final = 0.5
LAPSED_SHARE: Final = 0.2
"""Shares of the chance of an order on the day of the last one: below the first a client is at risk, below the second
lapsed."""
LONG_SILENCE_GAPS: Final = 1.5
"""A silence longer than this many of the client's own gaps is called long."""
CERTAIN: Final = 0.99
"""A larger chance is not told as a figure."""
MIN_GAP_DAYS: Final = 1.0
"""A shorter usual gap is no cadence: some shops report the lines of one order as several orders."""


class ClientOrders(Contract):
    """One client's order totals: how many, when the first and the last were, and what all were worth."""

    orders: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    value_cents: int = 0
    signed_up_at: datetime


class ChurnRisk(Contract):
    """The churn risk of one client at one moment, and the algorithm that computed it.

    Orders and value are those of the next `horizon_days`. `orders`: placed so far. `next_order_days`: within how many
    days the next order comes with probability .1, .5 and .9; None where it never gets that likely. `falls_at` and
    `gone_at`: when the chance of an order falls to AT_RISK_SHARE and LAPSED_SHARE; None: never.
    """

    algorithm: str
    version: str
    horizon_days: int
    orders: int
    p_alive: float
    p_order: float | None = None
    expected_orders: float
    expected_value_cents: int | None = None
    next_order_days: tuple[float | None, ...] = ()
    falls_at: datetime | None = None
    gone_at: datetime | None = None
    why: str = ""

    @property
    def has_rhythm(self) -> bool:
        """Whether the client has a purchase cadence to be measured against: two orders or more."""
        return self.orders > 1


def apply_churn_risk(
    rules: EngagementRules, stats: Engagement, engagement: EngagementScore, risk: ChurnRisk, now: datetime
) -> EngagementScore:
    """Return the score with the band that the client's own cadence calls for, and when that band is left."""
    if not risk.has_rhythm:
        return engagement.model_copy(update={"order_moves": engagement.order_moves or risk.orders == 1})
    exits = compute_band_exits(rules, stats) if engagement.band_exits is None else engagement.band_exits
    fade_times = [at for at in exits if at is not None]
    held_index = BANDS.index(engagement.band)

    def band_at(then: datetime) -> Band:
        index = held_index if then == now else max(held_index, sum(at <= then for at in fade_times))
        at_risk, lapsed = (at is not None and at <= then for at in (risk.falls_at, risk.gone_at))
        if lapsed and BANDS[index] is Band.LAPSED:
            return Band.LAPSED
        return Band.AT_RISK if at_risk else BANDS[min(index, BANDS.index(Band.COOLING))]

    band = band_at(now)
    change_times = sorted(at for at in (*fade_times, risk.falls_at, risk.gone_at) if at is not None and at > now)
    crosses_at = next((at for at in change_times if band_at(at) is not band), None)
    order_moves = BANDS.index(band) > BANDS.index(Band.COOLING) or engagement.order_moves
    return engagement.model_copy(update={"band": band, "crosses_at": crosses_at, "order_moves": order_moves})


def explain_risk(risk: ChurnRisk) -> str:
    """Explain the risk in one sentence, naming the algorithm."""
    chance = f", {risk.p_order:.0%} to order within {risk.horizon_days} days" if risk.p_order is not None else ""
    half = risk.next_order_days[1] if len(risk.next_order_days) > 1 else None
    odds = f", even odds of an order within {half:,.0f} days" if half is not None else ""
    falls = f"; at risk from {risk.falls_at:%-d %B %Y} on" if risk.falls_at and risk.has_rhythm else ""
    why = f"{risk.why}: " if risk.why else ""
    state = "still a client" if risk.orders else "to order at all"  # of those who never did, that is what is forecast
    return f"{why}{_render_share(risk.p_alive)} likely {state}{chance}{odds}{falls} ({risk.algorithm})"


def _render_share(share: float) -> str:
    """Render a chance; none is told as certain."""
    if share >= CERTAIN:
        return "over 99%"
    return "under 1%" if share <= 1 - CERTAIN else f"{share:.0%}"


def explain_silence(orders: int, gap_days: float, silence_days: float) -> str:
    """Explain in one sentence how a client's silence compares with their usual `gap_days` between orders."""
    quiet = f"{silence_days:,.0f} {_pluralise_days(silence_days)}"
    if orders < 2:
        return f"ordered once, {quiet} ago; no rhythm is known yet"
    if gap_days < MIN_GAP_DAYS:
        return f"{orders:,} orders, mostly within a day of each other; the last {quiet} ago"
    known = f"{orders:,} orders, usually {gap_days:,.0f} {_pluralise_days(gap_days)} apart"
    if silence_days <= gap_days:
        return f"{known}; the last {quiet} ago, within the usual gap"
    if silence_days <= LONG_SILENCE_GAPS * gap_days:
        return f"{known}; the last {quiet} ago, a little over the usual gap"
    times = silence_days / gap_days
    return f"{known}; silent for {quiet}, {times:,.{0 if times > 20 else 1}f} times the usual gap"


def _pluralise_days(count: float) -> str:
    return "day" if round(count) == 1 else "days"
