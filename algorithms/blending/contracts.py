"""Contracts of the slot `ranking`: the request, the recommendation, and what the blend expects of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from pydantic import Field

from domain.arrays import Floats, Ints
from domain.histories import ClientSignals
from models.answers import AnswerRecord
from models.base import ClientId, Contract
from models.mail import Pick


class RankingRequest(Contract):
    """A request for `n` items for this client, here, now. `exclude`: items not to show, such as those mailed lately."""

    client_id: ClientId
    n: int = Field(ge=1, le=1_000)
    now: datetime
    context: str = "email"
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Recommendation:
    """The picks, best first, and the algorithm that made them; whoever shows them keeps `record` and `body` (the
    question)."""

    picks: tuple[Pick, ...]
    record: AnswerRecord
    body: bytes

    @property
    def algorithm(self) -> str:
        """The algorithm that answered."""
        return self.record.algorithm

    @property
    def version(self) -> str:
        """The version of the algorithm."""
        return self.record.version


Kind = Literal["history", "words", "cohort", "popular"]


class Reason(NamedTuple):
    """What most of a model's score of an item comes from: `history` (others who took what the client `liked`, an item,
    took it), `words` (the client takes what is described so), `cohort` (clients of the same words take it) or `popular`
    (everybody does)."""

    kind: Kind
    liked: str = ""


class Ranker(Protocol):
    """A model that scores how well each item suits a client. It must be safe to call from many threads."""

    name: str

    def scores(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """Score how well each candidate suits, in [0, 1], shape (k,); `candidates` index the catalogue, `now` epoch
        seconds.

        All zeros when nothing is known of the client.
        """

    def reasons(self, client: ClientSignals, items: Sequence[str]) -> Mapping[str, Reason]:
        """Return what speaks for these items, as far as the algorithm can tell."""
