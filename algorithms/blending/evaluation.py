"""The quality of rankers on what clients took up after a cut. The split is by time alone, because any other split leaks
the future's popularity into the past."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from algorithms.blending.catalogue import Catalogue
from domain.arrays import Flags, Floats, Ints
from domain.histories import SIGNAL, ClientSignals, Interaction, WeightedInteractions

K: Final = 10
HELD_OUT: Final = 0.2
"""Share of the interactions, the latest, that is held out."""
CLIENTS: Final = 2_000
"""Clients that are evaluated at most, drawn by the seed."""
TAKEN_UP: Final = 0.5
"""From this weight on (a basket, a wish, an order) a client has taken an item up."""

Scorer = Callable[[ClientSignals, Ints, float], Mapping[str, Floats]]
"""Scores of the candidates, shape (k,), by the name of what is compared."""
_KIND: Final = {weight: kind for kind, weight in reversed([*SIGNAL.items()])}


@dataclass(frozen=True)
class TimeSplit:
    """The past to learn from; `targets`: clients as they were at `cut` (epoch seconds), and what they took up later."""

    cut: float
    past: WeightedInteractions
    targets: tuple[tuple[ClientSignals, Ints], ...]
    among: Flags | None = None
    """The items that may be ranked, shape (n,); None: all."""

    def select_clients(self, returning: bool) -> TimeSplit:
        """Select the clients who had done something by then, or the others."""
        return replace(self, targets=tuple(pair for pair in self.targets if bool(pair[0].touches) is returning))

    def restrict_to_new_items(self, catalogue: Catalogue) -> TimeSplit:
        """Restrict the split to items that nobody had touched by then, and to clients who took up some of them."""
        among = np.ones(len(catalogue), np.bool_)
        among[catalogue.find_indices({self.past.items[index] for index in np.unique(self.past.item).tolist()})] = False
        wanted = [(client, new[among[new]]) for client, new in self.targets]
        return replace(self, targets=tuple(pair for pair in wanted if len(pair[1])), among=among)


def split(
    interactions: WeightedInteractions, catalogue: Catalogue, clients: Mapping[str, ClientSignals], seed: int
) -> TimeSplit:
    """Split so that HELD_OUT of the interactions come later. What a client had already is not wanted again."""
    cut = float(np.quantile(interactions.at, 1 - HELD_OUT)) if len(interactions) else 0.0
    before = interactions.at <= cut
    past, future = interactions.select(before), interactions.select(~before)
    later = list_taken_up(future, catalogue)
    chosen, targets = draw_clients(later, CLIENTS, seed), []
    for index, client in zip(chosen, rebuild_clients(past, clients, chosen), strict=True):
        had = {catalogue.index[t.item_id] for t in client.touches if t.item_id in catalogue.index}
        new = np.array(sorted(later[index] - had), np.int64)
        if len(new):
            targets.append((client, new))
    return TimeSplit(cut, past, tuple(targets))


def evaluate_quality(scorer: Scorer, held: TimeSplit, catalogue: Catalogue) -> dict[str, dict[str, float]]:
    """Compute mean recall@10 and NDCG@10 by name, over the clients of the split: see `evaluate_clients`."""
    means = {name: values.mean(axis=0).tolist() for name, values in evaluate_clients(scorer, held, catalogue).items()}
    return {name: {f"recall@{K}": round(r, 5), f"ndcg@{K}": round(n, 5)} for name, (r, n) in means.items()}


def evaluate_clients(scorer: Scorer, held: TimeSplit, catalogue: Catalogue) -> dict[str, Floats]:
    """Compute recall@10 and NDCG@10 of each client by name, (clients, 2), among all items that they had not touched.

    Where `held.among` is set, only its items count.
    """
    rows: dict[str, list[tuple[float, float]]] = {}
    for client, new in held.targets:
        allowed = np.ones(len(catalogue), np.bool_) if held.among is None else held.among.copy()
        allowed[catalogue.find_indices({touch.item_id for touch in client.touches})] = False
        candidates = np.flatnonzero(allowed)
        for name, scores in scorer(client, candidates, held.cut).items():
            order = np.argsort(-scores, kind="stable")[:K]
            rows.setdefault(name, []).append(_score_list(np.isin(candidates[order], new), len(new)))
    return {name: np.array(values) for name, values in rows.items()}


def _score_list(hits: Flags, wanted: int) -> tuple[float, float]:
    """Compute recall and NDCG of one list, best first, of which `hits` were wanted."""
    gains = 1.0 / np.log2(np.arange(2, K + 2))
    return float(hits.sum() / wanted), float((hits * gains[: len(hits)]).sum() / gains[: min(K, wanted)].sum())


def list_taken_up(future: WeightedInteractions, catalogue: Catalogue, least: float = TAKEN_UP) -> dict[int, set[int]]:
    """List by client the catalogue indices of what was touched with at least the weight `least`.

    Where nothing was, as in a shop that knows only views and clicks, whatever was touched.
    """
    index = catalogue.align_ids(future.items)[future.item]
    strong = (index >= 0) & (future.weight >= least)
    rows = strong if strong.any() else (index >= 0) & (future.weight > 0)
    later: dict[int, set[int]] = {}
    for client, item in zip(future.client[rows].tolist(), index[rows].tolist(), strict=True):
        later.setdefault(client, set()).add(item)
    return later


def draw_clients(candidates: Iterable[int], most: int, seed: int) -> list[int]:
    """Draw at most `most` of the clients at these indices by the seed; return them in order."""
    clients = sorted(candidates)
    if len(clients) <= most:
        return clients
    return sorted(np.random.default_rng(seed).choice(clients, most, replace=False).tolist())


def rebuild_clients(
    past: WeightedInteractions, clients: Mapping[str, ClientSignals], indices: Sequence[int]
) -> list[ClientSignals]:
    """Rebuild the clients at these indices with what they had done by then."""
    interactions, names = _list_interactions(past, set(indices)), [past.clients[index] for index in indices]
    described = [clients.get(name) or ClientSignals(name) for name in names]
    return [
        replace(client, touches=tuple(interactions.get(index, ())))
        for index, client in zip(indices, described, strict=True)
    ]


def _list_interactions(past: WeightedInteractions, wanted: set[int]) -> dict[int, list[Interaction]]:
    rows = np.isin(past.client, list(wanted))
    interactions: dict[int, list[Interaction]] = {}
    columns = (past.client[rows].tolist(), past.item[rows].tolist(), past.weight[rows].tolist(), past.at[rows].tolist())
    for client, item, weight, at in zip(*columns, strict=True):
        interactions.setdefault(client, []).append(Interaction(past.items[item], _KIND[round(weight, 6)], at))
    return interactions
