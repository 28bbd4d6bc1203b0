"""What is popular, as a list for a client of whom nothing is known in time."""

from __future__ import annotations

import hashlib
import time
from array import array
from datetime import datetime
from typing import Final

import numpy as np
import orjson

from models.answers import AnswerRecord
from models.base import ClientId
from models.slot_policies import BUILT_IN
from services.recommendations.ranking_state import SLOT, RankingGeneration, RankingState
from services.serving.client_lists import LENGTH, ClientList, ListOrigin

NAME: Final = "popularity"
NONE: Final = RankingGeneration(-1, "")


def build_popular_list(client_id: ClientId, state: RankingState, now: datetime) -> ClientList:
    """Build the list of what everybody takes these weeks and is in stock in any size."""
    catalogue = state.blend.catalogue
    trend = np.zeros(len(catalogue))
    trend[: len(state.blend.trend.everybody)] = state.blend.trend.everybody
    in_stock = np.flatnonzero(catalogue.total_units > 0)
    best = in_stock[np.argsort(-trend[in_stock], kind="stable")[:LENGTH]]
    body = orjson.dumps({"client_id": client_id, "now": now, "n": LENGTH, "catalogue": state.fingerprint})
    record = AnswerRecord(
        slot=SLOT,
        client_id=client_id,
        asked_at=now,
        question=hashlib.sha256(body).hexdigest()[:32],
        role="live",
        variant=BUILT_IN,
        algorithm=NAME,
        version=state.version,
        seconds=0.0,
        answer=None,
    )
    origin = ListOrigin(record, body)
    indices, scores = array("i", best.tolist()), array("f", trend[best].tolist())
    return ClientList(client_id, catalogue, indices, scores, (), frozenset(), origin, NONE, time.monotonic())
