"""What people's agents are answered: short forms of what pages show."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from models.base import CampaignSlug, ClientId, Contract
from models.drafts import DraftId
from models.simulation import SimulatedBesideActual, SimulationJob, SimulationReport
from models.states import CampaignState, Phase


class ClientFound(Contract):
    """One client of a search. Names and addresses are masked for roles that need none."""

    client_id: ClientId
    first_name: str
    email: str
    phase: Phase | None
    score: float | None
    consent: bool
    orders: int
    next_touch_at: datetime | None
    why_not: str


class ClientsFound(Contract):
    """One page of a search; `after` leads to the next, if there is one."""

    clients: tuple[ClientFound, ...]
    after: ClientId | None


class WhyNot(Contract):
    """Why a client is not mailed now, in one sentence."""

    client_id: ClientId
    sentence: str


class CampaignShort(Contract):
    """One campaign of the list."""

    slug: CampaignSlug
    name: str
    state: CampaignState
    message: str


class CampaignsShort(Contract):
    """All campaigns, the newest first."""

    campaigns: tuple[CampaignShort, ...]


class SimulationTold(Contract):
    """How far a simulation is, and what the latest that is done found. `compared`: what it said beside what came to be,
    by the end of `compared_day`; `day`: of the campaign, 0 before its start."""

    slug: CampaignSlug
    job: SimulationJob | None
    latest: SimulationReport | None
    day: int
    compared_day: int
    compared: tuple[SimulatedBesideActual, ...]


class DraftShort(Contract):
    """A draft as one reads it before a decision. `version` changes with its words."""

    draft_id: DraftId
    version: str
    subject: str
    sentences: tuple[str, ...]
    faults: tuple[str, ...]


class Confirmation(BaseModel):
    """What a person says to an act that their agent wants to carry out."""

    go_ahead: bool = Field(title="Go ahead", description="Whether it is to be done.")
