"""At risk against one's own rhythm: what a risk algorithm says of a client, and how the band follows from it.

A client who ordered twice or more is at risk from the moment at which silence alone has made an order half as likely as
it was on the day of the last one, and not before: a weekly buyer gets there within weeks, a yearly one not for months.
Lapsed is who fell to a fifth and whose engagement has faded too. Both moments are known ahead, so a timer can wait for
them. Of everybody else the engagement score alone decides.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from domain.engagement import BANDS, Engagement, EngagementRules, EngagementScore, crossings
from models.base import Contract
from models.states import Band

FALLEN: Final = 0.5
GONE: Final = 0.2
"""Shares of the chance of an order on the day of the last one."""
LONG: Final = 1.5
"""A silence of so many own gaps is called long."""
FAST: Final = 1.0
"""Days: a gap below it, as of a shop that reports lines as orders, is no rhythm to count silence in."""


class Risk(Contract):
    """What was said of one client at one moment, and by whom. Orders and value are those of the next `horizon_days`.

    `next_order_days`: by when the next order has come with chance .1, .5 and .9; None: never so likely. `falls_at`,
    `gone_at`: when the chance of an order falls to FALLEN and GONE; None: never. `orders`: placed so far.
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
        """Whether there is a rhythm to be measured against."""
        return self.orders > 1


def in_rhythm(
    rules: EngagementRules, stats: Engagement, reading: EngagementScore, risk: Risk, now: datetime
) -> EngagementScore:
    """The reading with the band that the client's own rhythm puts them in, and when that will be left."""
    if not risk.has_rhythm:
        return reading.model_copy(update={"order_moves": risk.orders == 1})
    faded = [at for at in crossings(rules, stats) if at is not None]
    held = BANDS.index(reading.band)

    def band_at(then: datetime) -> Band:
        index = held if then == now else max(held, sum(at <= then for at in faded))
        fallen, gone = (at is not None and at <= then for at in (risk.falls_at, risk.gone_at))
        if gone and BANDS[index] is Band.LAPSED:
            return Band.LAPSED
        return Band.AT_RISK if fallen else BANDS[min(index, BANDS.index(Band.COOLING))]

    band = band_at(now)
    turns = sorted(at for at in (*faded, risk.falls_at, risk.gone_at) if at is not None and at > now)
    crosses_at = next((at for at in turns if band_at(at) is not band), None)
    moves = BANDS.index(band) > BANDS.index(Band.COOLING)
    return reading.model_copy(update={"band": band, "crosses_at": crosses_at, "order_moves": moves})


def told(risk: Risk) -> str:
    """The risk in one sentence, who says so included."""
    chance = f", {risk.p_order:.0%} to order within {risk.horizon_days} days" if risk.p_order is not None else ""
    falls = f"; at risk from {risk.falls_at:%Y-%m-%d} on" if risk.falls_at and risk.has_rhythm else ""
    why = f"{risk.why}: " if risk.why else ""
    return f"{why}{risk.p_alive:.0%} likely still a client{chance}{falls} ({risk.algorithm} {risk.version})"


def words(orders: int, gap_days: float, silence_days: float) -> str:
    """Why somebody stands where they stand: their own silence against their own `gap_days`, in one sentence."""
    quiet = f"{silence_days:,.0f} {_days(silence_days)}"
    if orders < 2:
        return f"ordered once, {quiet} ago; no rhythm is known yet"
    if gap_days < FAST:
        return f"{orders:,} orders, mostly within a day of each other; the last {quiet} ago"
    known = f"{orders:,} orders, usually {gap_days:,.0f} {_days(gap_days)} apart"
    if silence_days <= gap_days:
        return f"{known}; the last {quiet} ago, within the usual gap"
    if silence_days <= LONG * gap_days:
        return f"{known}; the last {quiet} ago, a little over the usual gap"
    times = silence_days / gap_days
    return f"{known}; silent for {quiet}, {times:,.{0 if times > 20 else 1}f} times the usual gap"


def _days(count: float) -> str:
    return "day" if round(count) == 1 else "days"
