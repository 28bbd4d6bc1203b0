"""The slot `ranking`: what is asked, what is answered, and what the blend asks of a model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import Field

from domain.arrays import Floats, Ints
from domain.histories import ClientSignals
from models.answers import AnswerRecord
from models.base import ClientId, Contract
from models.mail import Pick


class RankingRequest(Contract):
    """Which `n` items for this client, here, now. `exclude`: items not to show, such as those mailed lately."""

    client_id: ClientId
    n: int = Field(ge=1, le=1_000)
    now: datetime
    context: str = "email"
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Recommendation:
    """The answer, best first, and what gave it; `record` and `body` (the question) are kept by whoever shows it."""

    picks: tuple[Pick, ...]
    record: AnswerRecord
    body: bytes

    @property
    def algorithm(self) -> str:
        """Who answered."""
        return self.record.algorithm

    @property
    def version(self) -> str:
        """Of the algorithm."""
        return self.record.version


class Ranker(Protocol):
    """What says how well each item suits a client. Must be safe to ask from many threads."""

    name: str

    def scores(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """How well each candidate suits, in [0, 1], shape (k,); `candidates` index the catalogue, `now` epoch seconds.

        All zeros when nothing is known of the client.
        """
