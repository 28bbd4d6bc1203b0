"""Read a returned mail and take it in, for every way by which whole mails come."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Engine

from mail.links import Links
from mail.returns.reading import read_return
from models.actors import SYSTEM, Actor
from models.returns import ReturnWay, TakenReturn
from services.returns.intake import take_return
from settings import Settings
from store import clock
from store.database import read_transaction
from store.mail.policy import ShopPolicy


class ReturnReader:
    """Reads returned mails of one shop."""

    def __init__(self, engine: Engine, settings: Settings, actor: Actor = SYSTEM) -> None:
        self._engine, self._actor = engine, actor
        self._links, self._policy = Links.from_settings(settings), ShopPolicy.from_settings(settings)

    def take(self, raw: bytes, way: ReturnWay, recipient: str = "") -> TakenReturn:
        """Read a mail that was delivered to `recipient` (empty: unknown) and take it in."""
        real_now = datetime.now(UTC)
        with read_transaction(self._engine) as connection:
            now = clock.load_business_time(connection, real_now)
        reading = read_return(raw, recipient, self._links)
        return take_return(self._engine, self._actor, self._policy, reading, way, now, real_now, raw)
