"""Read returned mails and take them in, for every way by which whole mails come."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import Engine

from errors import NotAllowed, Unavailable
from mail.links import Links
from mail.returns.reading import read_return
from models.actors import SYSTEM, Actor
from models.returns import ReturnWay, TakenReturn
from services.returns.intake import ReturnArrival, take_returns
from settings import Settings
from store import clock
from store.database import read_transaction
from store.mail.policy import ShopPolicy

log = logging.getLogger("selvedge.returns")


class ReturnedMail(NamedTuple):
    """A mail as it came, and the address to which it was delivered; empty: unknown."""

    raw: bytes
    recipient: str = ""


class ReturnReader:
    """Reads returned mails of one shop."""

    def __init__(self, engine: Engine, settings: Settings, actor: Actor = SYSTEM) -> None:
        self._engine, self._actor = engine, actor
        self._links, self._policy = Links.from_settings(settings), ShopPolicy.from_settings(settings)

    def take_all(self, mails: Sequence[ReturnedMail], way: ReturnWay) -> list[TakenReturn | None]:
        """Read mails and take them in, in one transaction. One that the database refuses costs only itself: None, and
        the others go in without it.

        Raises: NotAllowed; Unavailable when the database does not answer: nothing is in then.
        """
        try:
            return list(self._take(mails, way))
        except (NotAllowed, Unavailable):
            raise
        except Exception as refused:
            if len(mails) > 1:
                half = len(mails) // 2
                return self.take_all(mails[:half], way) + self.take_all(mails[half:], way)
            # No word of the mail: it may hold addresses.
            log.error("a return could not be taken in (%s)", type(refused).__name__)
            return [None]

    def _take(self, mails: Sequence[ReturnedMail], way: ReturnWay) -> list[TakenReturn]:
        real_now = datetime.now(UTC)
        with read_transaction(self._engine) as connection:
            now = clock.load_business_time(connection, real_now)
        batch = [ReturnArrival(read_return(mail.raw, mail.recipient, self._links), mail.raw) for mail in mails]
        return take_returns(self._engine, self._actor, self._policy, batch, way, now, real_now)
