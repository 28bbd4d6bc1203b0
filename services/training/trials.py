"""The result of a trial: for each client, how well the champion and its challenger did on days that neither had
seen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from algorithms.ranking.zoo import resolve_alias
from domain.arrays import Floats
from store.learning.artefacts import Artefact


@dataclass(frozen=True)
class ChampionTrial:
    """Scores of n clients, each of shape (n,), higher is better; both models were fitted up to the cut alone."""

    measure: str
    served: Floats
    tried: Floats


def has_seen_later(artefact: Artefact, cut: datetime) -> bool:
    """Return whether the model was made after the cut, and cannot be judged as it is by the days since."""
    return artefact.created_at > cut


def has_same_recipe(first: Artefact, second: Artefact) -> bool:
    """Return whether both would become the same model on the same days."""
    return (resolve_alias(first.algorithm), first.seed) == (resolve_alias(second.algorithm), second.seed)
