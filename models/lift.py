"""The result of a campaign, as pages and commands show it."""

from __future__ import annotations

from pydantic import Field

from models.base import CampaignSlug, Contract, Utc


class ArmOutcome(Contract):
    """One arm: the clients whose window is over, and their orders in it; `waiting`: clients whose window still runs."""

    clients: int = 0
    waiting: int = 0
    ordered: int = 0
    """Clients with at least one order."""
    orders: int = 0
    revenue_cents: int = 0


class Difference(Contract):
    """Treated minus control per client, in shares or cents.

    `low`, `high` (95 %) and `p_value` hold at every look, however often one looks. `lift`: relative to the control;
    None where the control is zero. `p_better`: the probability that mailing is better, for a single look with a flat
    prior.
    """

    treated: float
    control: float
    value: float
    low: float
    high: float
    p_value: float
    lift: float | None = None
    p_better: float


class MailMetric(Contract):
    """One metric of a campaign's mails, such as complaints: `count` of `of` mails, the 95 % interval of the share, and
    one sentence. `limit`: beyond it the campaign pauses by itself."""

    name: str
    count: int
    of: int
    low: float
    high: float
    limit: float | None = None
    said: str


class LiftPoint(Contract):
    """The difference in the share who ordered, as it stood at `at`."""

    at: Utc
    value: float
    low: float
    high: float


class CampaignLift(Contract):
    """The lift by intention to treat: every enrolled client counts in their arm, mailed or not."""

    slug: CampaignSlug
    control_share: float
    window_days: int
    treated: ArmOutcome = ArmOutcome()
    control: ArmOutcome = ArmOutcome()
    enough: bool = False
    balance_p: float = 1.0
    """The probability of arm sizes as uneven as these, clients whose window still runs included."""
    said: str
    """The result in one plain sentence."""
    conversion: Difference | None = None
    revenue: Difference | None = None
    """Cents per client, adjusted by CUPED for the value of the 90 days before."""
    variance_removed: float = 0.0
    """The share of the variance of revenue that CUPED removed."""
    needed: int | None = None
    """Clients of both arms that would show a lift of a fifth, where there are too few."""
    shows: float | None = None
    """The smallest lift that the clients enrolled so far show with a power of four fifths."""
    revenue_said: str = ""
    """What the revenue says, in one sentence of its own."""
    mails: tuple[MailMetric, ...] = ()
    """Clicks, unsubscribes, complaints and hard bounces, each judged by itself."""
    series: tuple[LiftPoint, ...] = Field(default=(), repr=False)
