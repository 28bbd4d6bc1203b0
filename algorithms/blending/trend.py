"""The blend's part `trend`: what is bought, wished for and looked at these weeks, by everybody and by the client's own
cohorts. Counted anew as the store changes; `algorithms/ranking/popularity.py` is what a model learns."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from algorithms.blending.catalogue import Catalogue
from domain.arrays import Flags, Floats, Ints
from domain.engagement import DAY
from domain.histories import ClientSignals, Interactions

HALF_LIFE_DAYS: Final = 30.0
WINDOW_DAYS: Final = 120.0
"""Older touches weigh under a sixteenth and are left out."""
COHORTS: Final = 64
"""The largest cohorts are counted; small ones say little."""
PRIOR: Final = 20.0
"""A cohort counts as much as everybody does when its decayed weight is this large."""


class Trend:
    """Decayed sums an item, scaled so that the most popular item has 1. Exact at any later moment: all fade alike."""

    def __init__(self, everybody: Floats | None = None, by_cohort: dict[str, Floats] | None = None) -> None:
        self.everybody = np.zeros(0) if everybody is None else everybody
        self.by_cohort = by_cohort or {}

    @classmethod
    def of(cls, interactions: Interactions, catalogue: Catalogue, clients: dict[str, ClientSignals]) -> Trend:
        """Counted up to the latest of them."""
        n = len(catalogue)
        client, place, weight = _counted(interactions, catalogue)
        total = np.maximum(np.bincount(place, weight, minlength=n), 0.0)
        prior = PRIOR * total / max(float(total.sum()), 1e-12)
        by_cohort = {}
        for cohort, member in _members(interactions.clients, clients).items():
            mine = member[client]
            counted = np.bincount(place[mine], weight[mine], minlength=n)
            by_cohort[cohort] = _unit(np.maximum(counted, 0.0) + prior)
        return cls(_unit(total), by_cohort)

    def scores(self, client: ClientSignals, candidates: Ints) -> Floats:
        """Half everybody's, half that of the client's cohorts; all everybody's where no cohort is known."""
        mine = [self.by_cohort[cohort] for cohort in client.cohorts if cohort in self.by_cohort]
        if not mine:
            return self.everybody[candidates]
        return np.asarray(0.5 * self.everybody[candidates] + 0.5 * np.mean([c[candidates] for c in mine], axis=0))


def _counted(interactions: Interactions, catalogue: Catalogue) -> tuple[Ints, Ints, Floats]:
    """Client, catalogue place and faded weight of every touch that counts; what came back counts against."""
    place = catalogue.aligned(interactions.items)[interactions.item]
    latest = float(interactions.at.max()) if len(interactions) else 0.0
    age = (latest - interactions.at) / DAY
    counts = (place >= 0) & (age <= WINDOW_DAYS)
    faded = interactions.weight[counts] * np.exp2(-age[counts] / HALF_LIFE_DAYS)
    return interactions.client[counts], place[counts], faded


def _members(ids: tuple[str, ...], clients: dict[str, ClientSignals]) -> dict[str, Flags]:
    """Who belongs to each of the largest cohorts, by place in `ids`."""
    of_client = [clients[each].cohorts if each in clients else () for each in ids]
    sizes = Counter(cohort for mine in of_client for cohort in mine)
    members = {cohort: np.zeros(len(ids), np.bool_) for cohort, _ in sizes.most_common(COHORTS)}
    for place, mine in enumerate(of_client):
        for cohort in mine:
            if cohort in members:
                members[cohort][place] = True
    return members


def _unit(values: NDArray[Any]) -> Floats:
    return np.asarray(values / max(float(values.max(initial=0.0)), 1e-12), np.float64)
