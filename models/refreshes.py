"""A nightly Refresh: models learnt anew, tried against those that serve, lists made for everybody, drift looked for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, TypeAlias

from pydantic import StringConstraints

from models.base import ClientId, Contract, Id, ItemId
from models.slots import Finite

RefreshId: TypeAlias = Id
SlotName = Annotated[str, StringConstraints(max_length=16)]


class RefreshState(StrEnum):
    """Where a Refresh stands."""

    LEARNING = "learning"
    PICKING = "picking"
    COMPARING = "comparing"
    DONE = "done"


class Verdict(StrEnum):
    """What became of a challenger."""

    NOTHING = "nothing_to_learn"
    LEARNT = "learnt"
    """Kept, and not tried yet."""
    FIRST = "first"
    """The slot's first model, better than what the house does without one."""
    BETTER = "better"
    NOT_BETTER = "not_better"
    TOO_FEW = "too_few"
    """Clients to judge by."""
    YOUNG = "young"
    """The one that serves is the same recipe, and has seen the days to judge by."""
    CHANGED = "changed"
    """Somebody else let another model serve meanwhile."""
    FAILED = "failed"
    """The worker's log says why."""


class RefreshInput(Contract):
    """Starts a Refresh. `refresh` is its date, or any id; empty: named after the workflow, as the schedule does."""

    refresh: RefreshId | None = None


class RefreshStep(Contract):
    """Ask for one step: of one `slot`, or of shard number `part`. `at` is the workflow's real now."""

    refresh: RefreshId
    at: datetime
    slot: SlotName = ""
    part: int = 0


class RefreshPlan(Contract):
    """What is to be done, fixed when it begins."""

    slots: tuple[SlotName, ...] = ()
    shards: int = 0


class SlotOutcome(Contract):
    """What became of one slot. `served`: what the one in service (`champion`; empty: the house's default) came to by
    `measure` over so many `clients`, and `tried` what its challenger (`artefact`) did; `difference`: by how much that
    is better, client by client, with its interval."""

    slot: SlotName
    verdict: Verdict
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
        """Whether it is to serve."""
        return self.verdict in {Verdict.FIRST, Verdict.BETTER}


class Drift(Contract):
    """How far the latest values of a feature are from those before: the Kolmogorov-Smirnov `statistic`, the chance `p`
    of one so large where nothing has changed, and how many values were `before` and are `now`."""

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
    """Ask for the end after so many real `seconds`. `failed`: slots that were given up, and the parts that were."""

    refresh: RefreshId
    at: datetime
    seconds: float
    failed: tuple[SlotName, ...] = ()


class RefreshReport(Contract):
    """What a Refresh came to. `picked`: clients for whom a list was made; `since` to `cut` was looked back on, `cut` to
    `until` judged by."""

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


class ListedItem(Contract):
    """One item of a stored list."""

    item_id: ItemId
    score: Finite


class TopPicks(Contract):
    """A client's list, best first, as it was at business `at`; `artefact`: the version that chose."""

    client_id: ClientId
    context: str
    at: datetime
    algorithm: str
    artefact: str
    items: tuple[ListedItem, ...]
