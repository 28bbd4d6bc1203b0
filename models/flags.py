"""Flags: which arm of a test a client or visit is in, and what each arm changes on a page."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from models.base import ONE_LINE, Contract, Id, StrictInput
from models.recommendation_requests import PageContext
from models.slots import Code

FlagSlug = Id
BlendPart = Literal["match", "trend", "inventory", "margin", "freshness", "season"]
FlagValue = bool | int | float | Annotated[str, StringConstraints(max_length=400)]
"""What a flag says to the shop's own code."""
MOST_ARMS: Final = 10
LONGEST_DELAY_MS: Final = 60_000


class FlagState(StrEnum):
    """The states of a flag. The table of transitions is `domain.states.FLAG`."""

    DRAFT = "draft"
    """It may still change; nobody is in it."""
    RUNNING = "running"
    """Its arms are shown; only shares may change."""
    STOPPED = "stopped"
    """Nobody is in it any more; its figures stay."""


class FlagEffect(StrictInput):
    """What an arm changes; what is left out stays as it is without the flag."""

    algorithm: Id | None = None
    """Who ranks: an algorithm that has a part in the slot `ranking`, or `house`."""
    weights: dict[BlendPart, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)
    """Weights of the blend; a part that is not named keeps its weight."""
    count: int | None = Field(default=None, ge=1, le=100)
    """Items of a page, whatever number it asks for."""
    shown: bool = True
    """False: the placement stays empty."""
    delay_ms: int | None = Field(default=None, ge=0, le=LONGEST_DELAY_MS)
    """Milliseconds after its load at which a page shows the placement; 0: on load."""
    value: FlagValue | None = None
    """What the shop's own code is told when it evaluates the flag."""

    @model_validator(mode="after")
    def _rank_one_way(self) -> Self:
        if self.weights and self.algorithm not in (None, "house"):
            raise ValueError("weights: are those of the blend; leave them out, or name the algorithm house")
        return self

    @property
    def fields(self) -> frozenset[str]:
        """The fields that it changes."""
        return frozenset(self.model_dump(exclude_defaults=True))


class FlagArm(StrictInput):
    """One arm: its name, its share of those who are in the flag, and what it changes."""

    name: Id
    share: float = Field(gt=0, le=1)
    effect: FlagEffect = FlagEffect()


class FlagOrder(StrictInput):
    """A flag as somebody writes it down. The first arm is the control, with which the others are compared."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=ONE_LINE)]
    namespace: Id = "default"
    """Flags of one namespace share its clients: nobody is in two of them."""
    share: float = Field(default=1.0, gt=0, le=1)
    """Of the namespace's clients and visits, how many are in the flag."""
    contexts: tuple[PageContext, ...] = ()
    """Pages on which it holds; none named: all."""
    placements: tuple[Code, ...] = Field(default=(), max_length=20)
    """Placements in which it holds; none named: all."""
    arms: tuple[FlagArm, ...] = Field(min_length=2, max_length=MOST_ARMS)

    @model_validator(mode="after")
    def _share_out(self) -> Self:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError("arms: two have one name")
        if abs(sum(arm.share for arm in self.arms) - 1) > 1e-6:
            raise ValueError("arms: their shares must add up to 1")
        return self

    @property
    def control(self) -> str:
        """The arm with which the others are compared."""
        return self.arms[0].name

    @property
    def fields(self) -> frozenset[str]:
        """The fields that any arm changes."""
        return frozenset().union(*(arm.effect.fields for arm in self.arms))


class FlagStateOrder(StrictInput):
    """Starts a flag, or stops it."""

    state: Literal["running", "stopped"]


class ArmView(Contract):
    """One arm of a flag as it stands: what it changes, by the fields of FlagEffect."""

    name: Id
    share: float
    effect: dict[str, Any]


class FlagView(Contract):
    """A flag as it stands. `since`: from when its figures count: its start, or the last change of shares."""

    slug: FlagSlug
    state: FlagState
    name: str
    namespace: Id
    share: float
    contexts: tuple[PageContext, ...]
    placements: tuple[str, ...]
    arms: tuple[ArmView, ...]
    created_by: str
    created_at: datetime
    started_at: datetime | None = None
    since: datetime | None = None
    stopped_at: datetime | None = None


class FlagList(Contract):
    """All flags, running ones first, then the newest."""

    flags: tuple[FlagView, ...]


class Assignment(Contract):
    """In which arm of what somebody is. `exposed_at`: when they first saw it; None: not yet."""

    kind: str
    experiment: str
    arm: str
    assigned_at: datetime
    exposed_at: datetime | None = None


class AssignmentList(Contract):
    """The arms of one client, of tests that run and of those that are over."""

    client_id: Id
    assignments: tuple[Assignment, ...]
