"""The blend's part `trend`: what is bought, wished for and looked at lately, by everybody and by the client's own
cohorts. It is counted again as the store changes; `algorithms/ranking/popularity.py` is what a model learns."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from algorithms.blending.catalogue import Catalogue
from domain.arrays import Flags, Floats, Ints
from domain.engagement import DAY
from domain.histories import ClientSignals, WeightedInteractions

HALF_LIFE_DAYS: Final = 30.0
WINDOW_DAYS: Final = 120.0
"""Older interactions weigh under a sixteenth and are left out."""
COHORTS: Final = 64
"""The largest cohorts are counted; small ones say little."""
PRIOR: Final = 20.0
"""With this decayed weight a cohort counts as much as everybody does."""


class Trend:
    """Decayed sums for each item, scaled so that the most popular item has 1. Exact at any later moment: all fade
    alike."""

    def __init__(self, everybody: Floats | None = None, by_cohort: dict[str, Floats] | None = None) -> None:
        self.everybody = np.zeros(0) if everybody is None else everybody
        self.by_cohort = by_cohort or {}

    @classmethod
    def of(cls, interactions: WeightedInteractions, catalogue: Catalogue, clients: dict[str, ClientSignals]) -> Trend:
        """Count the interactions up to the latest of them."""
        n = len(catalogue)
        client, index, weight = _fade_interactions(interactions, catalogue)
        total = np.maximum(np.bincount(index, weight, minlength=n), 0.0)
        prior = PRIOR * total / max(float(total.sum()), 1e-12)
        by_cohort = {}
        for cohort, member in _find_members(interactions.clients, clients).items():
            belongs = member[client]
            counted = np.bincount(index[belongs], weight[belongs], minlength=n)
            by_cohort[cohort] = _scale(np.maximum(counted, 0.0) + prior)
        return cls(_scale(total), by_cohort)

    def scores(self, client: ClientSignals, candidates: Ints) -> Floats:
        """Score the candidates: half everybody's trend, half that of the client's cohorts; everybody's alone without
        cohorts."""
        cohorts = [self.by_cohort[cohort] for cohort in client.cohorts if cohort in self.by_cohort]
        if not cohorts:
            return self.everybody[candidates]
        return np.asarray(0.5 * self.everybody[candidates] + 0.5 * np.mean([c[candidates] for c in cohorts], axis=0))


def _fade_interactions(interactions: WeightedInteractions, catalogue: Catalogue) -> tuple[Ints, Ints, Floats]:
    """Return client, catalogue index and faded weight of every interaction that counts; what came back counts
    against."""
    index = catalogue.align_ids(interactions.items)[interactions.item]
    latest = float(interactions.at.max()) if len(interactions) else 0.0
    age = (latest - interactions.at) / DAY
    counts = (index >= 0) & (age <= WINDOW_DAYS)
    faded = interactions.weight[counts] * np.exp2(-age[counts] / HALF_LIFE_DAYS)
    return interactions.client[counts], index[counts], faded


def _find_members(ids: tuple[str, ...], clients: dict[str, ClientSignals]) -> dict[str, Flags]:
    """Find who belongs to each of the largest cohorts, as flags in the order of `ids`."""
    of_client = [clients[client_id].cohorts if client_id in clients else () for client_id in ids]
    sizes = Counter(cohort for cohorts in of_client for cohort in cohorts)
    members = {cohort: np.zeros(len(ids), np.bool_) for cohort, _ in sizes.most_common(COHORTS)}
    for index, cohorts in enumerate(of_client):
        for cohort in cohorts:
            if cohort in members:
                members[cohort][index] = True
    return members


def _scale(values: NDArray[Any]) -> Floats:
    return np.asarray(values / max(float(values.max(initial=0.0)), 1e-12), np.float64)
