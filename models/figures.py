"""The key figures of the shop: what is counted each day, and the figures that people read."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from models.base import Contract


class Tally(StrEnum):
    """What is counted for each day of business time, in UTC; amounts of money in cents."""

    MAILS_SENT = "mails_sent"
    MAILS_CLICKED = "mails_clicked"
    """Mails with a click that a person made on that day."""
    MAILS_OPENED = "mails_opened"
    """Mails that were opened on that day, by a person as far as can be told."""
    MAILS_ORDERED = "mails_ordered"
    """Of the mails sent on that day, those whose client ordered within a week."""
    MAILS_BOUNCED = "mails_bounced"
    ORDERS = "orders"
    REVENUE = "revenue"
    RETURNED = "returned"
    FIRST_ORDERS = "first_orders"
    FIRST_ORDER_SECONDS = "first_order_seconds"
    CARTS = "carts"
    """Carts whose day to order in ended on that day; what a client put in on one day is one cart."""
    CARTS_LEFT = "carts_left"
    """Of these, those that no order of the client followed."""
    PIECES_KEPT = "pieces_kept"
    PIECES_JUDGED = "pieces_judged"
    CLIENTS = "clients"
    """How many clients there were at the end of the day."""
    IN_ACTIVE = "in_active"
    """How many clients stood in the phase at the end of the day; the same of those below."""
    IN_COOLING = "in_cooling"
    IN_AT_RISK = "in_at_risk"
    IN_LAPSED = "in_lapsed"
    IN_DORMANT = "in_dormant"
    AT_RISK = "at_risk"
    """What may be lost: see the figure `revenue_at_risk`."""


class KpiUnit(StrEnum):
    """What a figure is measured in."""

    SHARE = "share"
    CENTS = "cents"
    DAYS = "days"
    COUNT = "count"


class KpiPoint(Contract):
    """A figure of one day; None where nothing was there to count."""

    day: date
    value: float | None


class Kpi(Contract):
    """A figure over some days. `before`: over as many days before; `of`: how many it was counted from."""

    key: str
    title: str
    definition: str
    unit: KpiUnit
    better: Literal["up", "down", ""] = ""
    """The direction that is good; empty: neither."""
    value: float | None
    before: float | None
    of: int | None = None
    series: tuple[KpiPoint, ...]


class KpiReport(Contract):
    """All figures over `days` days up to business `now`; the last day is not over. `counted_until`: up to where days
    are counted and kept, null before a worker has counted any."""

    now: datetime
    days: int
    currency: str
    counted_until: date | None
    kpis: tuple[Kpi, ...]
    absent: tuple[str, ...]
    """Figures for which the shop sends no events yet."""
