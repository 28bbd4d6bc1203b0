"""The next action for a client who drifts. An algorithm with a part in the slot `next_action` is asked once a trigger,
and its answer is recorded with what follows. Without one the action is a mail, and nothing is asked or read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from domain.churn_risk import ChurnRisk
from domain.next_actions import (
    NoMailDecision,
    OpenCall,
    build_question,
    derive_seed,
    list_allowed_actions,
)
from domain.planning import MailStart
from models.base import ClientId
from models.offers import OfferSlug
from models.slots import Action, NextActionAnswer, Occurrence
from services import metrics
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from services.offers.choice import find_lifecycle_offer
from store.clients import calls, order_histories
from store.database import read_transaction

SLOT: Final = "next_action"


class NextActionTrigger(NamedTuple):
    """The mail that is due, for whom, and the assessment that called for it."""

    start: MailStart
    client_id: ClientId
    assessment_id: str
    score: float
    risk: ChurnRisk | None
    now: datetime


class ActionTaken(NamedTuple):
    """What was chosen and by whom, for people. `answer`: set where no mail follows; `call`: the one opened; `offer`:
    what the mail states."""

    description: str
    answer: NoMailDecision | None
    call: OpenCall | None
    offer: OfferSlug | None = None


class NextActionService:
    """Asks for next actions and carries them out. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, decider: Decider | None = None) -> None:
        self._context, self._decider = context, decider or Decider()

    def ask(self, trigger: NextActionTrigger) -> PendingDecision:
        """Ask the slot for the next action, outside any transaction."""
        most = self._context.settings.stylist_calls_a_day
        with read_transaction(self._context.engine) as connection:
            orders = order_histories.load_client_orders(connection, trigger.client_id, trigger.now)
            left = most - calls.count_used(connection, self._format_day(trigger.now)) if most else 0
            has_offer = find_lifecycle_offer(connection, trigger.client_id, trigger.now) is not None
        bought = (Occurrence(kind="order_placed", at=at, value_cents=cents) for at, cents in orders)
        p_alive, seed = (
            trigger.risk.p_alive if trigger.risk else None,
            derive_seed(trigger.client_id, trigger.start.key),
        )
        allowed = list_allowed_actions(left, has_offer=has_offer)
        slot_question = build_question(trigger.client_id, trigger.now, trigger.score, p_alive, bought, allowed, seed)
        return self._decider.ask(SLOT, slot_question)

    def act(self, connection: Connection, trigger: NextActionTrigger, pending: PendingDecision) -> ActionTaken:
        """Record the answer and open the call that it asks for, in the caller's transaction; the rest is the caller's.

        Where other clients used up the day's calls meanwhile, or an offer's budget, the action is a mail.
        """
        action, call, offer = _read_action(pending), None, None
        if action == "stylist_call":
            call = self._begin_call(connection, trigger)
        elif action == "offer":
            offer = find_lifecycle_offer(connection, trigger.client_id, trigger.now)
        if action in ("stylist_call", "offer") and call is None and offer is None:
            a_mail = pending.question.model_copy(update={"allowed": list_allowed_actions(0)})
            pending = pending.ask_built_in(a_mail)
        self._decider.record(connection, pending, trigger.now, key=trigger.start.key)
        action = _read_action(pending)
        metrics.next_actions.labels(action=action).inc()
        answer = None
        if action in ("nothing", "stylist_call"):
            answer = NoMailDecision(key=trigger.start.key, action=action, at=trigger.now)
        return ActionTaken(_describe_action(pending), answer, call, offer)

    def _begin_call(self, connection: Connection, trigger: NextActionTrigger) -> OpenCall | None:
        settings = self._context.settings
        return calls.open_call(
            connection,
            trigger.client_id,
            trigger.start.key,
            trigger.start.kind,
            assessment_id=trigger.assessment_id,
            day=self._format_day(trigger.now),
            most=settings.stylist_calls_a_day,
            now=trigger.now,
            until=trigger.now + timedelta(days=settings.stylist_call_days),
        )

    def _format_day(self, now: datetime) -> str:
        return f"{now.astimezone(ZoneInfo(self._context.settings.shop_time_zone)):%Y-%m-%d}"


def _describe_action(pending: PendingDecision) -> str:
    """Describe for people what was chosen and by whom."""
    return f"{_read_action(pending)} by {pending.decision.algorithm} {pending.decision.version}"


def _read_action(pending: PendingDecision) -> Action:
    return cast(NextActionAnswer, pending.decision.answer).action
