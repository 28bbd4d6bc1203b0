"""The algorithms of this folder in the product: they learn from the store, and score for clients as they are at the
moment and for a catalogue that has changed since. What is saved of them holds no client."""

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
from algorithms.ranking.data import NONE, FeatureMatrix, Interactions, Progress, RankingAlgorithm, Targets, ignore
from algorithms.ranking.shortlist import LARGE
from algorithms.ranking.stacked import Stacked
from algorithms.ranking.top import ShortlistProvider
from algorithms.ranking.two_tower import TwoTower
from domain.arrays import Floats, Ints
from domain.histories import SIGNAL, ClientSignals, Interaction, WeightedInteractions
from domain.shared_words import FEWEST

LEAST_WEIGHT: Final = 0.1
"""Interactions of at least this weight (a view) show what a client likes, unless more of the item was sent back."""
MOST_WORDS: Final = 5_000
"""Words of clients that count, the most common. A step of a network costs as much as there are words: with a word for
every client, training would grow with the square of the clients."""
ONE_CLIENT: Final = Targets(np.zeros(1, np.int64), np.full(1, NONE))
"""The targets of a single client."""


class CatalogueRanker:
    """One ranking algorithm over the product's catalogue.

    Scores fall by e for each standard deviation below the best. Even steps by rank would leave the best hardly above
    the next hundred, and any other part of a blend would then decide (docs/algorithms.md).
    """

    def __init__(self, name: str) -> None:
        """Create the ranker, untrained. Raises BadInput for an unknown name."""
        self.name = zoo.require_name(name, "algorithm")
        self.algorithm: RankingAlgorithm = zoo.make(self.name, repeats=False)
        self.items: tuple[str, ...] = ()
        """In the order of the algorithm: those it was trained on, then newer ones."""
        self.index_of: dict[str, int] = {}
        self.catalogue_index: Ints = np.zeros(0, np.int64)
        """The index in `items` of each item of the catalogue."""

    def fit(
        self,
        interactions: WeightedInteractions,
        catalogue: Catalogue,
        clients: dict[str, ClientSignals],
        seed: int,
        progress: Progress = ignore,
    ) -> None:
        """Learn from the store. `clients`: what is known of those that touched something. The same seed gives the same
        scores."""
        liked = _select_liked(interactions, catalogue, clients)
        if isinstance(self.algorithm, Stacked | TwoTower):
            self.algorithm.progress = progress
        self.algorithm.fit(liked, seed)
        self._index_items(liked.items, catalogue)

    def scores(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """Score how well each candidate suits, in [0, 1], 1 for the best, shape (k,); `candidates` index the catalogue.

        Of a large catalogue, what is not worth scoring has 0.
        """
        scores, indices = np.zeros(len(candidates)), self.catalogue_index[candidates]
        algorithm = self.algorithm.fold_in_users(self._collect_interactions(client))
        rows = np.arange(len(indices))
        if len(self.items) > LARGE and isinstance(algorithm, ShortlistProvider):
            worth = np.zeros(len(self.items), np.bool_)
            worth[algorithm.shortlist(ONE_CLIENT)] = True
            rows = np.flatnonzero(worth[indices])
        if len(rows):
            raw = algorithm.scores(ONE_CLIENT, indices[rows])[0].astype(np.float64)
            scores[rows] = np.exp((raw - raw.max()) / max(float(raw.std()), 1e-9))
        return scores

    def reasons(self, client: ClientSignals, items: Sequence[str]) -> dict[str, Reason]:
        """Return, with `stacked`, what adds most to each item beyond the average one; with other algorithms nothing."""
        known_items = [item for item in items if item in self.index_of]
        if not isinstance(self.algorithm, Stacked) or not known_items:
            return {}
        indices = np.array([self.index_of[item] for item in known_items], np.int64)
        interactions = self._collect_interactions(client)
        reasons_by_item: dict[str, Reason] = {}
        near = reasons.find_nearest_owned(self.algorithm, interactions, indices)
        for row, families in enumerate(reasons.rank_families(self.algorithm.fold_in_users(interactions), indices)):
            liked = self.items[near[row]] if near[row] != NONE else ""
            allowed = [
                Reason(family, liked if family == "history" else "")
                for family in families
                if liked or family != "history"
            ]
            reasons_by_item |= {known_items[row]: allowed[0]} if allowed else {}
        return reasons_by_item

    def save(self, folder: Path) -> None:
        """Save all that `load` needs into an existing empty folder."""
        nobody = self._build_interactions((), [], FeatureMatrix.none(0))
        (folder / "learnt").mkdir()
        state.save(folder / "learnt", self.algorithm.fold_in_users(nobody).state())
        (folder / "items.json").write_bytes(orjson.dumps(self.items))

    @classmethod
    def load(cls, name: str, folder: Path, catalogue: Catalogue) -> Self:
        """Load the ranker for the catalogue as it is now: items may have come and gone since.

        Raises BadInput for an unknown name, OSError for a broken folder.
        """
        ranker = cls(name)
        try:
            ranker._restore(folder, catalogue)
            ranker._probe()
        except Exception as broken:  # broken arrays may raise anything; they must not serve
            raise OSError(f"the folder is broken: {type(broken).__name__}") from broken
        return ranker

    def _restore(self, folder: Path, catalogue: Catalogue) -> None:
        self.algorithm.restore(state.load(folder / "learnt"))
        trained = dict.fromkeys(orjson.loads((folder / "items.json").read_bytes()))
        newer = [item for item in catalogue.items if item.item_id not in trained]
        if newer:
            self.algorithm.add_items(FeatureMatrix.of([item_words(item) for item in newer]))
        self._index_items((*trained, *(item.item_id for item in newer)), catalogue)

    def _probe(self) -> None:
        """Score all items for somebody unknown, and for one who took an item, to find broken arrays.

        Raises ValueError, or what a broken array raises.
        """
        for taken in ((), (Interaction(item, "order_placed", 0.0) for item in self.items[:1])):
            if not np.isfinite(
                self.scores(ClientSignals("", touches=tuple(taken)), np.arange(len(self.catalogue_index)), 0.0)
            ).all():
                raise ValueError("scores that are no numbers")

    def _index_items(self, items: tuple[str, ...], catalogue: Catalogue) -> None:
        self.items = items
        self.index_of = {item: index for index, item in enumerate(items)}
        self.catalogue_index = np.array([self.index_of[item.item_id] for item in catalogue.items], np.int64)

    def _collect_interactions(self, client: ClientSignals) -> Interactions:
        """Collect the interactions of the client as they are now."""
        net: dict[str, float] = {}
        for interaction in client.touches:
            net[interaction.item_id] = net.get(interaction.item_id, 0.0) + SIGNAL[interaction.kind]
        taken = [
            (interaction.at, self.index_of[interaction.item_id])
            for interaction in client.touches
            if SIGNAL[interaction.kind] >= LEAST_WEIGHT
            and net[interaction.item_id] > 0
            and interaction.item_id in self.index_of
        ]
        return self._build_interactions((client.client_id,), taken, FeatureMatrix.of([client_words(client)]))

    def _build_interactions(
        self, ids: tuple[str, ...], taken: list[tuple[float, int]], words: FeatureMatrix
    ) -> Interactions:
        """Build the interactions of one client, or of none, from the moments and items of what they took."""
        at, item = np.array([row[0] for row in taken]), np.array([row[1] for row in taken], np.int64)
        m = len(taken)
        return Interactions(
            ids, self.items, (), np.zeros(m, np.int64), item, at, np.full(m, NONE), None, NO_WORDS, words
        )


NO_WORDS: Final = FeatureMatrix.none(0)


def _select_liked(
    interactions: WeightedInteractions, catalogue: Catalogue, clients: dict[str, ClientSignals]
) -> Interactions:
    """Select the interactions that speak of liking, with all items of the catalogue, and the words that clients
    share."""
    index = catalogue.align_ids(interactions.items)[interactions.item]
    pair_key = interactions.client * (len(catalogue) + 1) + index
    _, pair = np.unique(pair_key, return_inverse=True)
    liked = np.bincount(pair, interactions.weight)[pair] > 0
    rows = (index >= 0) & (interactions.weight >= LEAST_WEIGHT) & liked
    known = [clients.get(name) or ClientSignals(name) for name in interactions.clients]
    return Interactions(
        interactions.clients,
        tuple(item.item_id for item in catalogue.items),
        (),
        interactions.client[rows],
        index[rows],
        interactions.at[rows],
        np.full(int(rows.sum()), NONE),
        None,
        FeatureMatrix.of([item_words(item) for item in catalogue.items]),
        FeatureMatrix.of([client_words(client) for client in known]).keep_shared(FEWEST, MOST_WORDS),
    ).sort()


def code_version() -> str:
    """Return the release, and a fingerprint of the files of this folder."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files))
    return f"{version('selvedge')}+{digest.hexdigest()[:12]}"
