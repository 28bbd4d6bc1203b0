"""A shop whose pages are ordered, shown and touched."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from algorithms.sessions.features import NAMES
from algorithms.sessions.posterior import Beliefs
from models.slots import Candidate, SessionQuestion
from services.decisions.decider import Decider
from services.training.session import believed
from store.database import read_transaction, write_transaction
from store.learning import posteriors
from tests.support.stocked import StockedShop


class Visits:
    """See the module. `page`: ordered and recorded."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.shop, self.decider = engine, StockedShop(engine), Decider()
        for n in range(6):
            self.shop.item(f"i{n}")
        self.shop.client("c")

    def page(self, at: datetime, *ids: str, n: int | None = None) -> tuple[str, ...]:
        items = tuple(Candidate(item_id=each, house_score=place) for place, each in enumerate(ids))
        asked = self.decider.ask("session", SessionQuestion(client_id="c", now=at, seed=1, n=n, items=items))
        with write_transaction(self.engine) as connection:
            self.decider.keep(connection, asked, at)
        return asked.decision.answer.items  # type: ignore[attr-defined]

    def touch(self, item: str, at: datetime, kind: str = "item_clicked", **more: Any) -> None:
        self.shop.now = at
        self.shop.event("c", kind, 0, item_id=item, **more)

    def known(self) -> tuple[posteriors.Kept, Beliefs]:
        with read_transaction(self.engine) as connection:
            return believed(connection)

    def seen(self) -> tuple[float, float]:
        """Items that taught, and the sum of what they brought: the sums of the column of ones, beyond the prior."""
        _, known = self.known()
        first, one = Beliefs.first(), NAMES.index("one")
        return known.precision[one, one] - first.precision[one, one], known.moment[one] - first.moment[one]
