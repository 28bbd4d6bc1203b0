"""What a campaign brought, as pages and commands tell it."""

from __future__ import annotations

from pydantic import Field

from models.base import CampaignSlug, Contract, Utc


class ArmOutcome(Contract):
    """One arm. Clients whose window is over, and what these did in it; `waiting`: those whose window still runs."""

    clients: int = 0
    waiting: int = 0
    ordered: int = 0
    """Clients who ordered at all."""
    orders: int = 0
    revenue_cents: int = 0


class Difference(Contract):
    """Treated less control, for each client; shares, or cents.

    `low`, `high` (95 %) and `p_value` hold at every look, however often one looks. `lift`: relative to the control;
    None where that shows nothing. `p_better`: the chance that mailing is the better, seen once and with no opinion
    before.
    """

    treated: float
    control: float
    value: float
    low: float
    high: float
    p_value: float
    lift: float | None = None
    p_better: float


class LiftPoint(Contract):
    """The difference in the share who ordered, as it was told at `at`."""

    at: Utc
    value: float
    low: float
    high: float


class CampaignLift(Contract):
    """Intention to treat: whoever was enrolled counts in their arm, mailed or not."""

    slug: CampaignSlug
    control_share: float
    window_days: int
    treated: ArmOutcome = ArmOutcome()
    control: ArmOutcome = ArmOutcome()
    enough: bool = False
    balance_p: float = 1.0
    """How often a lot of this share gives arms as uneven as these, waiting clients counted."""
    said: str
    """One plain sentence."""
    conversion: Difference | None = None
    revenue: Difference | None = None
    """Cents a client, freed by CUPED of what the value of the 90 days before foretells."""
    variance_removed: float = 0.0
    """The share of the variance of revenue that CUPED took away."""
    needed: int | None = None
    """Clients of both arms that would show a lift of a fifth, where there are too few."""
    shows: float | None = None
    """The smallest lift that the clients enrolled so far will show in four of five such campaigns."""
    series: tuple[LiftPoint, ...] = Field(default=(), repr=False)
