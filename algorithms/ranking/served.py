"""The algorithms of this folder in the product: they learn from the store, and answer about clients as they are at the
moment and about a catalogue that has moved on. What is kept of them holds no client."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final, Self

import numpy as np
import orjson

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import Reason
from algorithms.blending.features import client_words, item_words
from algorithms.ranking import reasons, state, zoo
from algorithms.ranking.data import NONE, Algorithm, Asked, FeatureMatrix, Log
from algorithms.ranking.shortlist import LARGE
from algorithms.ranking.stacked import Champion
from algorithms.ranking.top import ListsShort
from domain.arrays import Floats, Ints
from domain.histories import SIGNAL, ClientSignals, Interaction, Interactions

TAUGHT: Final = 0.1
"""Touches of at least this weight, a view, say what a client takes to; unless more of the item came back."""
ASKED: Final = Asked(np.zeros(1, np.int64), np.full(1, NONE))
"""The one client."""


class Served:
    """One algorithm. Scores fall by e for each standard deviation below the best: even steps by rank would leave the
    best hardly above the next hundred, and any other part of a blend would then decide (docs/algorithms.md)."""

    def __init__(self, name: str) -> None:
        """Raises BadInput for a name that there is not."""
        self.name = name
        self.made: Algorithm = zoo.make(name, repeats=False)
        self.items: tuple[str, ...] = ()
        """As the algorithm numbers them: those learnt from, then those that came since."""
        self.place: dict[str, int] = {}
        self.offered: Ints = np.zeros(0, np.int64)
        """The number of each item of the catalogue."""

    def fit(
        self, interactions: Interactions, catalogue: Catalogue, clients: dict[str, ClientSignals], seed: int
    ) -> None:
        """Learn. `clients`: what is known of those that touched something. The same seed gives the same answers."""
        log = _log(interactions, catalogue, clients)
        self.made.fit(log, seed)
        self._number(log.items, catalogue)

    def scores(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """How well each candidate suits, in [0, 1], 1 for the best, shape (k,); `candidates` index the catalogue. Of a
        large catalogue, what is not worth scoring has 0."""
        found, places = np.zeros(len(candidates)), self.offered[candidates]
        made = self.made.met(self._known(client))
        rows = np.arange(len(places))
        if len(self.items) > LARGE and isinstance(made, ListsShort):
            worth = np.zeros(len(self.items), np.bool_)
            worth[made.shortlist(ASKED)] = True
            rows = np.flatnonzero(worth[places])
        if len(rows):
            raw = made.scores(ASKED, places[rows])[0].astype(np.float64)
            found[rows] = np.exp((raw - raw.max()) / max(float(raw.std()), 1e-9))
        return found

    def reasons(self, client: ClientSignals, items: Sequence[str]) -> dict[str, Reason]:
        """Of the champion what adds most to each item beyond the average one; of the others nothing."""
        asked = [item for item in items if item in self.place]
        if not isinstance(self.made, Champion) or not asked:
            return {}
        places = np.array([self.place[each] for each in asked], np.int64)
        known = self._known(client)
        found: dict[str, Reason] = {}
        near = reasons.nearest(self.made, known, places)
        for place, families in enumerate(reasons.leading(self.made.met(known), places)):
            liked = self.items[near[place]] if near[place] != NONE else ""
            told = [
                Reason(family, liked if family == "history" else "")
                for family in families
                if liked or family != "history"
            ]
            found |= {asked[place]: told[0]} if told else {}
        return found

    def save(self, folder: Path) -> None:
        """All that `load` needs, into an existing empty folder."""
        nobody = self._people((), [], FeatureMatrix.none(0))
        (folder / "learnt").mkdir()
        state.save(folder / "learnt", self.made.met(nobody).state())
        (folder / "items.json").write_bytes(orjson.dumps(self.items))

    @classmethod
    def load(cls, name: str, folder: Path, catalogue: Catalogue) -> Self:
        """For the catalogue as it is now: items may have come and gone since. Raises BadInput for an unknown name,
        OSError for a broken folder."""
        model = cls(name)
        try:
            model._restore(folder, catalogue)
            model._try()
        except Exception as broken:  # whatever becomes of arrays of another form; they must not serve
            raise OSError(f"the folder is broken: {type(broken).__name__}") from broken
        return model

    def _restore(self, folder: Path, catalogue: Catalogue) -> None:
        self.made.restore(state.load(folder / "learnt"))
        learnt = dict.fromkeys(orjson.loads((folder / "items.json").read_bytes()))
        since = [item for item in catalogue.items if item.item_id not in learnt]
        if since:
            self.made.widen(FeatureMatrix.of([item_words(item) for item in since]))
        self._number((*learnt, *(item.item_id for item in since)), catalogue)

    def _try(self) -> None:
        """Score all for somebody unknown, and for one who took an item. Raises ValueError, or what a broken array
        raises."""
        for took in ((), (Interaction(item, "order_placed", 0.0) for item in self.items[:1])):
            if not np.isfinite(
                self.scores(ClientSignals("", touches=tuple(took)), np.arange(len(self.offered)), 0.0)
            ).all():
                raise ValueError("scores that are no numbers")

    def _number(self, items: tuple[str, ...], catalogue: Catalogue) -> None:
        self.items = items
        self.place = {item: place for place, item in enumerate(items)}
        self.offered = np.array([self.place[item.item_id] for item in catalogue.items], np.int64)

    def _known(self, client: ClientSignals) -> Log:
        """The client as they are now."""
        net: dict[str, float] = {}
        for touch in client.touches:
            net[touch.item_id] = net.get(touch.item_id, 0.0) + SIGNAL[touch.kind]
        took = [
            (touch.at, self.place[touch.item_id])
            for touch in client.touches
            if SIGNAL[touch.kind] >= TAUGHT and net[touch.item_id] > 0 and touch.item_id in self.place
        ]
        return self._people((client.client_id,), took, FeatureMatrix.of([client_words(client)]))

    def _people(self, ids: tuple[str, ...], took: list[tuple[float, int]], words: FeatureMatrix) -> Log:
        """One client, or none, with the moments and items of what they took."""
        at, item = np.array([each[0] for each in took]), np.array([each[1] for each in took], np.int64)
        m = len(took)
        return Log(ids, self.items, (), np.zeros(m, np.int64), item, at, np.full(m, NONE), None, NO_WORDS, words)


NO_WORDS: Final = FeatureMatrix.none(0)


def _log(interactions: Interactions, catalogue: Catalogue, clients: dict[str, ClientSignals]) -> Log:
    """The touches that speak of liking, with all items of the catalogue."""
    place = catalogue.aligned(interactions.items)[interactions.item]
    cell = interactions.client * (len(catalogue) + 1) + place
    _, each = np.unique(cell, return_inverse=True)
    liked = np.bincount(each, interactions.weight)[each] > 0
    rows = (place >= 0) & (interactions.weight >= TAUGHT) & liked
    known = [clients.get(name) or ClientSignals(name) for name in interactions.clients]
    return Log(
        interactions.clients,
        tuple(item.item_id for item in catalogue.items),
        (),
        interactions.client[rows],
        place[rows],
        interactions.at[rows],
        np.full(int(rows.sum()), NONE),
        None,
        FeatureMatrix.of([item_words(item) for item in catalogue.items]),
        FeatureMatrix.of([client_words(client) for client in known]),
    )


def code_version() -> str:
    """The release, and a fingerprint of the files of this folder."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    told = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return f"{version('selvedge')}+{told.hexdigest()[:12]}"
