"""Who ranked a client's list: what every decision that comes of it records."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import orjson

from models.answers import AnswerRecord
from models.base import ClientId
from models.slot_policies import BUILT_IN
from services.recommendations.ranking_state import SLOT, RankingState

LENGTH: Final = 300
"""Items in a list: three times the most that a page may ask for."""
CONTEXT: Final = "page"
"""The context of the question: one list serves all pages of a client."""


NO_WEIGHTS: Final[Mapping[str, float]] = {}


class ListOrigin(NamedTuple):
    """The record of the answer without its items, and the question as JSON."""

    record: AnswerRecord
    body: bytes


def build_own_origin(
    client_id: ClientId,
    wears: tuple[str, ...],
    now: datetime,
    state: RankingState,
    algorithm: str,
    seconds: float = 0.0,
    weights: Mapping[str, float] = NO_WEIGHTS,
) -> ListOrigin:
    """Build the origin of a list that our own `algorithm` ranked in `seconds`.

    Its question says what the ranking can be worked out from again, since its candidates are the whole catalogue.
    `weights`: those of the blend that a flag changed.
    """
    question: dict[str, Any] = {
        "client_id": client_id,
        "now": now,
        "n": LENGTH,
        "context": CONTEXT,
        "sizes": wears,
        "catalogue": state.fingerprint,
        "model": state.version,
    }
    if weights:
        question["weights"] = weights
    body = orjson.dumps(question)
    record = AnswerRecord(
        slot=SLOT,
        client_id=client_id,
        asked_at=now,
        question=hashlib.sha256(body).hexdigest()[:32],
        role="live",
        variant=BUILT_IN,
        algorithm=algorithm,
        version=state.version,
        seconds=seconds,
        answer=None,
    )
    return ListOrigin(record, body)
