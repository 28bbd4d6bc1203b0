"""Nightly training: models trained and compared with the champions, lists made for all clients, drift measured."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import StringConstraints

from models.actors import Actor
from models.base import ClientId, Contract, Id, ItemId
from models.slots import Finite

RefreshId: TypeAlias = Id
SlotName = Annotated[str, StringConstraints(max_length=16)]


class RefreshState(StrEnum):
    """The states of a nightly training."""

    LEARNING = "learning"
    PICKING = "picking"
    COMPARING = "comparing"
    DONE = "done"


class ChallengerVerdict(StrEnum):
    """The verdict on a challenger."""

    NOTHING = "nothing_to_learn"
    LEARNT = "learnt"
    """Trained and kept, not compared yet."""
    FIRST = "first"
    """The slot's first model, better than the built-in."""
    BETTER = "better"
    NOT_BETTER = "not_better"
    TOO_FEW = "too_few"
    """Too few clients to compare by."""
    YOUNG = "young"
    """The champion is the same recipe and was trained on the days to compare by."""
    CHANGED = "changed"
    """The champion was changed by somebody else meanwhile."""
    FAILED = "failed"
    """The worker's log says why."""


class RefreshInput(Contract):
    """Starts a Refresh. `refresh` is its date, or any id; empty: named after the workflow, as the schedule does."""

    refresh: RefreshId | None = None
    actor: Actor | None = None
    """Who asked for it; None: the schedule."""


class RefreshStep(Contract):
    """Asks for one step: for one `slot`, or for shard number `part`. `at` is the workflow's real now."""

    refresh: RefreshId
    at: datetime
    slot: SlotName = ""
    part: int = 0
    actor: Actor | None = None
    """As in RefreshInput, for the first step."""


class RefreshPlan(Contract):
    """What is to be done, fixed at the beginning."""

    slots: tuple[SlotName, ...] = ()
    shards: int = 0


class SlotOutcome(Contract):
    """The result of one slot: how champion and challenger compare by `measure` over `clients`.

    `served`: the champion's value (`champion`; empty: the built-in); `tried`: the challenger's (`artefact`);
    `difference`: by how much the challenger is better, client by client, with its interval.
    """

    slot: SlotName
    verdict: ChallengerVerdict
    artefact: str = ""
    champion: str = ""
    measure: str = ""
    clients: int = 0
    served: Finite | None = None
    tried: Finite | None = None
    difference: Finite | None = None
    low: Finite | None = None
    high: Finite | None = None
    promoted: bool = False

    @property
    def wins(self) -> bool:
        """Whether the challenger becomes champion."""
        return self.verdict in {ChallengerVerdict.FIRST, ChallengerVerdict.BETTER}


class Drift(Contract):
    """How far the latest values of a feature have drifted: the Kolmogorov-Smirnov `statistic` with its p-value `p`.

    `before` and `now` count the values of each sample.
    """

    feature: str
    statistic: Finite
    p: Finite
    before: int
    now: int
    alarm: bool


class RefreshCount(Contract):
    """How much a step did: clients with a list, or features that drifted."""

    count: int = 0


class RefreshEnd(Contract):
    """Asks for the end after so many real `seconds`. `failed`: the slots and steps that were given up."""

    refresh: RefreshId
    at: datetime
    seconds: float
    failed: tuple[SlotName, ...] = ()


class RefreshReport(Contract):
    """The report of a nightly training. `picked`: clients with a list.

    `since` to `cut` is the training period, `cut` to `until` the comparison period.
    """

    refresh: RefreshId
    state: RefreshState = RefreshState.LEARNING
    since: datetime | None = None
    cut: datetime | None = None
    until: datetime | None = None
    slots: tuple[SlotOutcome, ...] = ()
    picked: int = 0
    drift: tuple[Drift, ...] = ()
    seconds: Finite = 0.0


class RefreshStatus(Contract):
    """The answer to the query `status`. `parts_done`: shards whose lists are made."""

    refresh: RefreshId
    state: RefreshState = RefreshState.LEARNING
    slot: SlotName = ""
    slots: tuple[SlotOutcome, ...] = ()
    parts: int = 0
    parts_done: int = 0


class TopPick(Contract):
    """One item of a stored list."""

    item_id: ItemId
    score: Finite


class TopPicks(Contract):
    """A client's list, best first, as of business time `at`; `artefact`: the version that chose."""

    client_id: ClientId
    context: str
    at: datetime
    algorithm: str
    artefact: str
    items: tuple[TopPick, ...]
