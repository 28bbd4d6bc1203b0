"""The lists of the clients who were asked about lately: each client's best items, ranked once for each change of what
is known of them."""

from __future__ import annotations

import threading
from array import array
from collections import Counter, OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from algorithms.blending.catalogue import Catalogue
from models.base import ClientId, ItemId
from models.flags import FlagSlug
from services.flags.page_flags import PageArms
from services.recommendations.ranking_state import RankingGeneration
from services.serving.list_origins import ListOrigin


class RankingChoice(NamedTuple):
    """Who ranks in the place of the slot's policy: an algorithm, or the blend with other weights of some parts."""

    algorithm: str | None
    weights: tuple[tuple[str, float], ...] = ()


@dataclass(slots=True)
class ListUse:
    """What came of a list. `mixes`: the indices shown on a page, by its context and number of items; `liking`: scores
    by index; `hidden`: indices never to show; `recorded`: whether its question is on record. `arms`: what flags said,
    by context and placement, while `flags` was their generation; `exposed`: the arms that are on their way to the
    record."""

    mixes: dict[tuple[str, int], tuple[int, ...]] = field(default_factory=dict)
    liking: dict[int, float] = field(default_factory=dict)
    hidden: frozenset[int] | None = None
    recorded: bool = False
    arms: dict[tuple[str, str], PageArms] = field(default_factory=dict)
    flags: int = 0
    exposed: dict[FlagSlug, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClientList:
    """A client's best items at one moment: `indices` into `catalogue` with their `scores`, best first.

    Both are arrays of the standard library, which take little room and give plain numbers. `wears`: the client's sizes.
    `hidden`: items never to show, since they are owned or came back. `generation`: what ranked it. `built`: monotonic
    real seconds. `choice`: who ranked by the word of a flag; None: who ranks for everybody. `kept`: arms of flags that
    the client kept from a visit; None: no flag holds for them. `use`: what came of it so far.
    """

    client_id: ClientId
    catalogue: Catalogue
    indices: Sequence[int]
    scores: Sequence[float]
    wears: tuple[str, ...]
    hidden: frozenset[ItemId]
    origin: ListOrigin
    generation: RankingGeneration
    built: float
    choice: RankingChoice | None = None
    kept: Mapping[FlagSlug, str] | None = None
    use: ListUse = field(default_factory=ListUse)

    def find_liking(self) -> dict[int, float]:
        """Find the score of each item of the list, by index."""
        if not self.use.liking:
            self.use.liking = dict(zip(self.indices, self.scores, strict=True))
        return self.use.liking

    def find_hidden(self) -> frozenset[int]:
        """Find the items never to show, by index."""
        if self.use.hidden is None:
            index = self.catalogue.index
            self.use.hidden = frozenset(index[item_id] for item_id in self.hidden if item_id in index)
        return self.use.hidden

    def find_liking_by_id(self) -> dict[ItemId, float]:
        """Find the score of each item of the list, by id."""
        items = self.catalogue.items
        return {items[index].item_id: score for index, score in zip(self.indices, self.scores, strict=True)}

    def rebase(self, catalogue: Catalogue) -> ClientList:
        """Return the list over a later catalogue; items that left it are left out."""
        ids = [self.catalogue.items[index].item_id for index in self.indices]
        kept = [
            (catalogue.index[id_], score) for id_, score in zip(ids, self.scores, strict=True) if id_ in catalogue.index
        ]
        indices, scores = array("i", [index for index, _ in kept]), array("d", [score for _, score in kept])
        use = ListUse(recorded=self.use.recorded, exposed=self.use.exposed)
        return replace(self, catalogue=catalogue, indices=indices, scores=scores, use=use)


class ListCache:
    """The lists of the `most` clients asked about last, several of one whom flags rank otherwise. Safe from many
    threads."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lists: OrderedDict[ClientId, dict[RankingChoice | None, ClientList]] = OrderedDict()
        self._loading: Counter[ClientId] = Counter()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._lists)

    def find(self, client_id: ClientId, choice: RankingChoice | None = None) -> ClientList | None:
        """Find the client's list; None when it is not in memory."""
        with self._lock:
            lists = self._lists.get(client_id)
            if lists is None:
                return None
            self._lists.move_to_end(client_id)
            return lists.get(choice)

    @contextmanager
    def announce(self, client_id: ClientId) -> Iterator[None]:
        """Have a client counted as known while their list is loaded, so that a change meanwhile is not missed."""
        with self._lock:
            self._loading[client_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._loading[client_id] -= 1
                if not self._loading[client_id]:
                    del self._loading[client_id]

    def keep(self, lists: Iterable[ClientList]) -> None:
        """Keep these lists in the place of older ones, and drop those that nobody asked for longest."""
        with self._lock:
            for fresh in lists:
                self._lists.setdefault(fresh.client_id, {})[fresh.choice] = fresh
            while len(self._lists) > self._most:
                self._lists.popitem(last=False)

    def select_known(self, client_ids: Iterable[ClientId]) -> list[ClientId]:
        """Select those whose lists are in memory, or are being loaded."""
        with self._lock:
            return [one for one in client_ids if one in self._lists or one in self._loading]

    def drop(self, client_ids: Iterable[ClientId]) -> None:
        """Forget the lists of these clients."""
        with self._lock:
            for client_id in client_ids:
                self._lists.pop(client_id, None)

    def list_choices(self, client_ids: Iterable[ClientId]) -> dict[RankingChoice, list[ClientId]]:
        """List which of these clients have lists by the word of a flag."""
        choices: dict[RankingChoice, list[ClientId]] = {}
        with self._lock:
            for client_id in client_ids:
                for choice in self._lists.get(client_id, ()):
                    if choice is not None:
                        choices.setdefault(choice, []).append(client_id)
        return choices

    def drop_choices(self) -> None:
        """Forget all lists by the word of a flag."""
        with self._lock:
            for lists in self._lists.values():
                for choice in [one for one in lists if one is not None]:
                    del lists[choice]

    def list_clients(self) -> list[ClientId]:
        """List whose lists are in memory."""
        with self._lock:
            return list(self._lists)
