"""How well rankers foretell: learnt from the past, asked for what clients took up afterwards. Split by time alone,
because any other split lets the future's popularity leak into the past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from algorithms.blending.catalogue import Catalogue
from domain.arrays import Flags, Floats, Ints
from domain.histories import SIGNAL, ClientSignals, Interaction, Interactions

K: Final = 10
HELD_OUT: Final = 0.2
"""The latest share of the touches, which rankers are asked to foretell."""
CLIENTS: Final = 2_000
"""So many clients are asked about, drawn by the seed."""
TAKEN_UP: Final = 0.5
"""From this weight on (a basket, a wish, an order) a client has taken an item up."""

Scorer = Callable[[ClientSignals, Ints, float], Mapping[str, Floats]]
"""Scores of the candidates, shape (k,), by the name of what is compared."""
_KIND: Final = {weight: kind for kind, weight in reversed([*SIGNAL.items()])}


@dataclass(frozen=True)
class Split:
    """The past to learn from; `asked`: clients as they were at `cut` (epoch seconds), with what they took up later."""

    cut: float
    past: Interactions
    asked: tuple[tuple[ClientSignals, Ints], ...]
    among: Flags | None = None
    """The items asked about, shape (n,); None: all."""

    def those(self, returning: bool) -> Split:
        """The clients who had done something by then, or the others."""
        return replace(self, asked=tuple(pair for pair in self.asked if bool(pair[0].touches) is returning))

    def untouched(self, catalogue: Catalogue) -> Split:
        """Asked about the items alone that nobody had touched by then, of those who took some of them."""
        among = np.ones(len(catalogue), np.bool_)
        among[catalogue.places({self.past.items[place] for place in np.unique(self.past.item).tolist()})] = False
        wanted = [(client, new[among[new]]) for client, new in self.asked]
        return replace(self, asked=tuple(pair for pair in wanted if len(pair[1])), among=among)


def split(touches: Interactions, catalogue: Catalogue, clients: Mapping[str, ClientSignals], seed: int) -> Split:
    """Cut so that HELD_OUT of the touches come later. What a client had already is not asked for again."""
    cut = float(np.quantile(touches.at, 1 - HELD_OUT)) if len(touches) else 0.0
    before = touches.at <= cut
    past, future = touches.part(before), touches.part(~before)
    later = taken_up(future, catalogue)
    chosen, asked = drawn(later, CLIENTS, seed), []
    for place, client in zip(chosen, as_they_were(past, clients, chosen), strict=True):
        had = {catalogue.index[t.item_id] for t in client.touches if t.item_id in catalogue.index}
        new = np.array(sorted(later[place] - had), np.int64)
        if len(new):
            asked.append((client, new))
    return Split(cut, past, tuple(asked))


def quality(scorer: Scorer, held: Split, catalogue: Catalogue) -> dict[str, dict[str, float]]:
    """Mean recall@10 and NDCG@10 by name, over the clients asked about: see `of_each`."""
    means = {name: values.mean(axis=0).tolist() for name, values in of_each(scorer, held, catalogue).items()}
    return {name: {f"recall@{K}": round(r, 5), f"ndcg@{K}": round(n, 5)} for name, (r, n) in means.items()}


def of_each(scorer: Scorer, held: Split, catalogue: Catalogue) -> dict[str, Floats]:
    """Recall@10 and NDCG@10 by name of each client asked about, (clients, 2), among all items that they had not
    touched; of `held.among` alone where it is stated."""
    found: dict[str, list[tuple[float, float]]] = {}
    for client, new in held.asked:
        open_to = np.ones(len(catalogue), np.bool_) if held.among is None else held.among.copy()
        open_to[catalogue.places({touch.item_id for touch in client.touches})] = False
        candidates = np.flatnonzero(open_to)
        for name, scores in scorer(client, candidates, held.cut).items():
            order = np.argsort(-scores, kind="stable")[:K]
            found.setdefault(name, []).append(_quality(np.isin(candidates[order], new), len(new)))
    return {name: np.array(values) for name, values in found.items()}


def _quality(hits: Flags, wanted: int) -> tuple[float, float]:
    """Recall and NDCG of one list, best first, of which `hits` were wanted."""
    gains = 1.0 / np.log2(np.arange(2, K + 2))
    return float(hits.sum() / wanted), float((hits * gains[: len(hits)]).sum() / gains[: min(K, wanted)].sum())


def taken_up(future: Interactions, catalogue: Catalogue, least: float = TAKEN_UP) -> dict[int, set[int]]:
    """Catalogue places by client of what was touched with at least that weight; where nothing was, as in a shop that
    knows only views and clicks, whatever was touched."""
    place = catalogue.aligned(future.items)[future.item]
    strong = (place >= 0) & (future.weight >= least)
    rows = strong if strong.any() else (place >= 0) & (future.weight > 0)
    later: dict[int, set[int]] = {}
    for client, item in zip(future.client[rows].tolist(), place[rows].tolist(), strict=True):
        later.setdefault(client, set()).add(item)
    return later


def drawn(places: Iterable[int], most: int, seed: int) -> list[int]:
    """The clients at these places, in order; `most` of them, drawn by the seed, where they are more."""
    every = sorted(places)
    if len(every) <= most:
        return every
    return sorted(np.random.default_rng(seed).choice(every, most, replace=False).tolist())


def as_they_were(
    past: Interactions, clients: Mapping[str, ClientSignals], places: Sequence[int]
) -> list[ClientSignals]:
    """The clients at these places with what they did by then."""
    done, names = _touches_of(past, set(places)), [past.clients[place] for place in places]
    known = [clients.get(name) or ClientSignals(name) for name in names]
    return [replace(each, touches=tuple(done.get(place, ()))) for place, each in zip(places, known, strict=True)]


def _touches_of(past: Interactions, wanted: set[int]) -> dict[int, list[Interaction]]:
    rows = np.isin(past.client, list(wanted))
    done: dict[int, list[Interaction]] = {}
    columns = (past.client[rows].tolist(), past.item[rows].tolist(), past.weight[rows].tolist(), past.at[rows].tolist())
    for client, item, weight, at in zip(*columns, strict=True):
        done.setdefault(client, []).append(Interaction(past.items[item], _KIND[round(weight, 6)], at))
    return done
