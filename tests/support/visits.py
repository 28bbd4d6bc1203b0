"""A shop whose pages are ordered, shown and touched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from algorithms.sessions.features import NAMES
from algorithms.sessions.posterior import SessionPosterior
from models.slots import Candidate, SessionQuestion
from services.decisions.decider import Decider
from services.training import session
from store.database import read_transaction, write_transaction
from store.learning import posteriors
from tests.support.shop_services import StockedShop


class Visits:
    """A shop and its visitors. `page` orders a page and records it."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.shop, self.decider = engine, StockedShop(engine), Decider()
        for n in range(6):
            self.shop.item(f"i{n}")
        self.shop.client("c")

    def page(self, at: datetime, *ids: str, n: int | None = None) -> tuple[str, ...]:
        items = tuple(Candidate(item_id=item_id, house_score=index) for index, item_id in enumerate(ids))
        decided = self.decider.ask("session", SessionQuestion(client_id="c", now=at, seed=1, n=n, items=items))
        with write_transaction(self.engine) as connection:
            self.decider.record(connection, decided, at)
        return decided.decision.answer.items  # type: ignore[attr-defined]

    def touch(self, item: str, at: datetime, kind: str = "item_clicked", **more: Any) -> None:
        self.shop.now = at
        self.shop.event("c", kind, 0, item_id=item, **more)

    def load_posterior(self) -> tuple[posteriors.StoredPosterior, SessionPosterior]:
        with read_transaction(self.engine) as connection:
            return session.load_posterior(connection)

    def sum_examples(self) -> tuple[float, float]:
        """Sum the items that taught, and what they brought: the sums of the column of ones, beyond the prior."""
        _, posterior = self.load_posterior()
        prior, one = SessionPosterior.build_prior(), NAMES.index("one")
        return posterior.precision[one, one] - prior.precision[one, one], posterior.moment[one] - prior.moment[one]
