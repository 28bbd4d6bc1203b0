"""What a trial says: of each client, how well the one in service and its challenger did on days that neither knew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.arrays import Floats
from store.learning.artefacts import Artefact


@dataclass(frozen=True)
class Trial:
    """Of n clients, each of shape (n,), higher is better; both learnt up to the cut alone."""

    measure: str
    served: Floats
    tried: Floats


def has_seen(artefact: Artefact, cut: datetime) -> bool:
    """Whether it was made after the cut, and cannot be judged by the days since as it is."""
    return artefact.created_at > cut


def same_recipe(one: Artefact, other: Artefact) -> bool:
    """Whether the same days would teach both the same."""
    return (one.algorithm, one.seed) == (other.algorithm, other.seed)
