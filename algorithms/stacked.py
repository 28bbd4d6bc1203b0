"""`champion`: the stack of algorithms/ranking in the product. It learns from the store, and answers from what it had
learnt of a client by then; of clients who came since it knows nothing, and content speaks for them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Final, Self

import numpy as np
import orjson

from algorithms.catalogue import Catalogue
from algorithms.features import client_words, item_words
from algorithms.ranking import state
from algorithms.ranking.champion import Champion
from algorithms.ranking.data import NONE, Asked, Log, Words
from domain.arrays import Floats, Ints
from domain.histories import ClientSignals, Interactions

TAUGHT: Final = 0.1
"""Touches of at least this weight, a view, teach; what came back does not."""


class Stacked:
    """Scores fall by e for each standard deviation below the best, as the hybrid's do."""

    name: ClassVar[str] = "champion"

    def __init__(self) -> None:
        self.champion = Champion()
        self.clients: dict[str, int] = {}
        self.items: tuple[str, ...] = ()
        self.learnt: Ints = np.zeros(0, np.int64)
        """Where each item of the catalogue in force stood in the learning, NONE for those that came since."""

    def fit(
        self, interactions: Interactions, catalogue: Catalogue, clients: dict[str, ClientSignals], seed: int
    ) -> None:
        """Learn what to trust on earlier stretches, then from everything."""
        log = _log(interactions, catalogue, clients)
        self.champion.fit(log, seed)
        warm = log.warm.tolist()
        self.clients = {name: place for place, name in enumerate(log.clients) if warm[place]}
        self.items = log.items
        self.learnt = np.arange(len(log.items))

    def scores(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """1 for the best candidate; zeros for a client of whom nothing was learnt."""
        place, learnt = self.clients.get(client.client_id), self.learnt[candidates]
        known = learnt != NONE
        if place is None or not known.any():
            return np.zeros(len(candidates))
        raw = np.empty(len(candidates))
        raw[known] = self.champion.scores(Asked(np.array([place]), np.array([NONE])), learnt[known])[0]
        raw[~known] = raw[known].min()
        return np.asarray(np.exp((raw - raw.max()) / max(float(raw.std()), 1e-9)), np.float64)

    def save(self, folder: Path, catalogue: Catalogue) -> None:
        """The champion's arrays, and the names of their rows and columns."""
        (folder / "champion").mkdir()
        state.save(folder / "champion", self.champion.state())
        (folder / "names.json").write_bytes(orjson.dumps({"clients": self.clients, "items": self.items}))

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """An item that came since ranks with the last."""
        model = cls()
        model.champion.restore(state.load(folder / "champion"))
        names = orjson.loads((folder / "names.json").read_bytes())
        model.clients, model.items = names["clients"], tuple(names["items"])
        places = {item: place for place, item in enumerate(model.items)}
        model.learnt = np.array([places.get(item.item_id, NONE) for item in catalogue.items], np.int64)
        return model


def _log(interactions: Interactions, catalogue: Catalogue, clients: dict[str, ClientSignals]) -> Log:
    """The touches that speak of liking, with all items of the catalogue."""
    place = catalogue.aligned(interactions.items)[interactions.item]
    rows = (place >= 0) & (interactions.weight >= TAUGHT)
    known = [clients.get(each) or ClientSignals(each) for each in interactions.clients]
    return Log(
        interactions.clients,
        tuple(item.item_id for item in catalogue.items),
        (),
        interactions.client[rows],
        place[rows],
        interactions.at[rows],
        np.full(int(rows.sum()), NONE),
        None,
        Words.of([item_words(item) for item in catalogue.items]),
        Words.of([client_words(client) for client in known]),
    )
