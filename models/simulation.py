"""A campaign simulated before its launch: what was asked for, how clients were taken to respond, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from models.actors import Actor
from models.base import CampaignSlug, ClientId, Contract, StrictInput
from models.lift import CampaignLift


class SimulationOrder(StrictInput):
    """What to simulate. With one seed, and as long as the shop's data stay, each client's mails are the same."""

    version: int | None = Field(default=None, ge=1)
    days: int = Field(default=90, ge=1, le=400)
    clients: int = Field(default=1_000, ge=1, le=5_000)
    seed: int = Field(default=1, ge=0, le=2**31)


class ResponseRate(Contract):
    """One rate of the response model, and where it is from: `hits` of `of` in the shop's own history where those are
    enough, else an assumption."""

    name: str
    rate: float
    source: Literal["history", "assumption"]
    hits: int = 0
    of: int = 0
    said: str


class ResponseModel(Contract):
    """How clients are taken to respond to mail, and what they do by themselves."""

    opens: ResponseRate
    """Of mails."""
    clicks: ResponseRate
    """Of mails that were opened."""
    orders: ResponseRate
    """Of clicks: orders that would not have come without."""
    unsubscribes: ResponseRate
    """Of mails that were opened."""
    own: Mapping[str, float] = Field(default_factory=dict)
    """Events a client and day by type, without any mail: the mean. Each client has their own, by what they did."""
    own_days: int = 0
    """The days of history from which those are."""

    @property
    def rates(self) -> tuple[ResponseRate, ...]:
        """The rates of mail."""
        return (self.opens, self.clicks, self.orders, self.unsubscribes)


class SimulatedMail(Contract):
    """One line of a client's ledger. `day`: of the simulation, the first is 1. `outcome`: the furthest that it came to:
    the state, or opened, clicked, ordered, unsubscribed."""

    client_id: ClientId
    campaign: CampaignSlug | None
    kind: str
    step: str = ""
    variant: str = ""
    day: int
    outcome: str


class SimulatedDay(Contract):
    """One day: mails of the campaign and of all else, and what stood in the way. `capped` and `collided`: clients who
    waited for a mail of the campaign at the day's end for the caps, or for another mail."""

    day: int
    sent: int = 0
    other_sent: int = 0
    opened: int = 0
    clicked: int = 0
    orders: int = 0
    caused_orders: int = 0
    unsubscribed: int = 0
    drafts: int = 0
    calls: int = 0
    capped: int = 0
    collided: int = 0


class SimulatedSample(Contract):
    """A mail as one client got it in the simulation. Not stored."""

    client_id: ClientId
    day: int
    step: str = ""
    variant: str = ""
    subject: str
    text: str


class Estimate95(Contract):
    """A figure with its 95 % interval."""

    value: float
    low: float
    high: float


class SimulationReport(Contract):
    """What a simulation found, of the clients who were drawn; `audience` says of how many. No field names a client but
    `samples` and `ledger`, which are not stored."""

    slug: CampaignSlug
    version: int | None = None
    seed: int
    starts_on: date
    days: int
    clients: int
    audience: int
    states: Mapping[str, int] = Field(default_factory=dict)
    """Places of clients in the campaign at the end, by state."""
    sent: int = 0
    other_sent: int = 0
    mailed_clients: int = 0
    by_text: Mapping[str, int] = Field(default_factory=dict)
    """Mails by step and variant."""
    collisions: Mapping[str, int] = Field(default_factory=dict)
    """Days of clients who waited for a mail of it, by the other campaign that they were in, or `lifecycle`."""
    per_day: tuple[SimulatedDay, ...] = ()
    most_drafts_a_day: int = 0
    caused_orders: Estimate95 | None = None
    """Orders that the campaign's mails caused, for each thousand clients of the audience."""
    lift: CampaignLift | None = None
    """What the lift's page would say then."""
    model_cost: float | None = None
    """Of a model, in the unit of SELVEDGE_LLM_PRICES, by what mails of it have cost; None: no model writes."""
    model: ResponseModel
    assumptions: tuple[str, ...] = ()
    fingerprint: str = ""
    """Of all ledgers: equal for equal ones."""
    workflows: int = 0
    seconds: float = 0.0
    samples: tuple[SimulatedSample, ...] = ()
    ledger: tuple[SimulatedMail, ...] = ()


class StoredSimulation(Contract):
    """A simulation as it is kept beside the campaign."""

    id: str
    slug: CampaignSlug
    at: datetime
    by: str
    report: SimulationReport


class SimulatedBesideActual(Contract):
    """One line of the table: what was simulated and what is, up to the same day."""

    name: str
    simulated: float
    actual: float


class SimulationJob(Contract):
    """A simulation that a program asked for: one at a time in a shop. `interrupted`: its process is gone, as when the
    machine was started again. `day`: of `days`, the last that is over."""

    id: str
    slug: CampaignSlug
    version: int | None = None
    days: int
    clients: int
    seed: int
    by: Actor
    state: Literal["running", "done", "failed", "cancelled", "interrupted"] = "running"
    day: int = 0
    mails: int = 0
    started_at: datetime
    """Real time, as of `ended_at`."""
    ended_at: datetime | None = None
    why: str = ""
    """Why it failed, in a sentence."""
    simulation_id: str = ""
    """Of the report, once it is done."""


class SimulationList(Contract):
    """The simulations of a campaign, the latest first, and how the latest compares with what came to be. `day`: of the
    campaign, 0 before its start. `compared_day`: by its end it is compared; at most the last that was simulated."""

    simulations: tuple[StoredSimulation, ...]
    day: int = 0
    compared_day: int = 0
    compared: tuple[SimulatedBesideActual, ...] = ()


def dump_stored(report: SimulationReport) -> dict[str, Any]:
    """Dump a report as it is stored: nothing of a single client."""
    return report.model_dump(mode="json", exclude={"samples", "ledger"})
