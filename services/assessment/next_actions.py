"""What is done about a client who drifts: where an algorithm has a part in the slot `next_action`, it is asked once an
occasion, and its answer is kept with what follows. With the house alone it is a mail, and nothing is asked or read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.next_actions import ASKED, Answered, allowed, answered_with, question, seed_of
from domain.planning import Start
from domain.rhythm import Risk
from models.base import ClientId
from models.policies import BUILT_IN
from models.slots import Action, NextActionAnswer, Occurrence
from services import metrics
from services.context import ServiceContext
from services.decisions.decider import Asked, Decider
from store.clients import assessments, calls, order_histories
from store.database import read_transaction

SLOT: Final = "next_action"


class Occasion(NamedTuple):
    """What is asked about: the mail that is due, for whom, and the assessment that called for it."""

    start: Start
    client_id: ClientId
    assessment_id: str
    score: float
    risk: Risk | None
    now: datetime


class NextActions:
    """One for a process; safe to use from many threads."""

    def __init__(self, context: ServiceContext, decider: Decider | None = None) -> None:
        self._context, self._decider = context, decider or Decider()

    def asks(self, start: Start) -> bool:
        """Whether anybody but the house is to say if this mail is begun."""
        return start.kind in ASKED and self._decider.asks(SLOT)

    def ask(self, of: Occasion) -> Asked:
        """The slot's answer; to be asked outside any transaction."""
        most = self._context.settings.stylist_calls_a_day
        with read_transaction(self._context.engine) as connection:
            orders = order_histories.of_client(connection, of.client_id, of.now)
            left = most - calls.taken(connection, self._day(of.now)) if most else 0
        bought = (Occurrence(kind="order_placed", at=at, value_cents=cents) for at, cents in orders)
        p_alive, seed = of.risk.p_alive if of.risk else None, seed_of(of.client_id, of.start.key)
        asked = question(of.client_id, of.now, of.score, p_alive, bought, allowed(left), seed)
        return self._decider.ask(SLOT, asked)

    def act(self, connection: Connection, of: Occasion, asked: Asked, answered: tuple[Answered, ...]) -> Asked:
        """Record the answer and do all of it but the mail, in the transaction that begins that; what was done.

        `answered`: the client's occasions so far. Where others used up the day's calls meanwhile, it is a mail."""
        if _action(asked) == "stylist_call" and not self._call(connection, of):
            mail = NextActionAnswer(action="email")
            asked = asked.instead(BUILT_IN, asked.decision.version, mail, asked.decision.seconds)
        self._decider.keep(connection, asked, of.now, key=of.start.key)
        action = _action(asked)
        if action in ("nothing", "stylist_call"):
            done = Answered(key=of.start.key, action=action, at=of.now)
            assessments.save_answered(connection, of.client_id, answered_with(answered, done))
        metrics.next_actions.labels(action=action).inc()
        return asked

    def _call(self, connection: Connection, of: Occasion) -> bool:
        settings = self._context.settings
        return calls.begin(
            connection,
            of.client_id,
            of.start.key,
            of.start.kind,
            assessment_id=of.assessment_id,
            day=self._day(of.now),
            most=settings.stylist_calls_a_day,
            now=of.now,
            until=of.now + timedelta(days=settings.stylist_call_days),
        )

    def _day(self, now: datetime) -> str:
        return f"{now.astimezone(ZoneInfo(self._context.settings.shop_time_zone)):%Y-%m-%d}"


def told(asked: Asked) -> str:
    """What was chosen and by whom, for people."""
    return f"{_action(asked)} by {asked.decision.algorithm} {asked.decision.version}"


def _action(asked: Asked) -> Action:
    return cast(NextActionAnswer, asked.decision.answer).action
