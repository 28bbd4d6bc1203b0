"""Recommendations for a shop's page: chosen, recorded, and answered with the id of the record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from models.api_answers import RecommendationsAnswer, RecommendedItem
from models.base import ClientId
from services.recommendations.recommender import Recommender
from store.database import read_transaction, write_transaction
from store.learning import decisions


def recommend_to_client(
    engine: Engine, recommender: Recommender, client_id: ClientId, n: int, now: datetime, context: str
) -> RecommendationsAnswer:
    """Choose the `n` best items to be shown at `context`, and record the decision. Raises NotFound."""
    with read_transaction(engine) as connection:
        choice = recommender.recommend(connection, client_id, n, now, context=context)
    with write_transaction(engine) as connection:
        decision = decisions.save_decision(connection, choice.record, now, body=choice.body)
    return RecommendationsAnswer(
        client_id=client_id,
        decision=decision,
        algorithm=choice.algorithm,
        version=choice.version,
        variant=choice.record.variant,
        items=[RecommendedItem(item_id=pick.item_id, score=pick.score, why=pick.why) for pick in choice.picks],
    )
