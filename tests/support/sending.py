"""A mail that is ready, and the step that sends it, without a Temporal server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from temporalio.testing import ActivityEnvironment

from activities.mail.compose import CompositionSteps
from activities.mail.send import SendSteps
from domain.planning import MailStart
from mail.circuit import ServerCircuit
from mail.message import EnvelopeBuilder
from mail.transport import Transport
from models.lifecycle import OutreachFinished
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState, Phase, TouchKind
from services.decisions.decider import Decider
from services.recommendations.recommender import Recommender
from store.database import write_transaction
from store.mail import ledger
from store.tables import standings
from tests.support.shop import Shop


def find_noon() -> datetime:
    """Noon of tomorrow, outside every quiet hour."""
    return datetime.now(UTC).replace(hour=12, minute=0) + timedelta(days=1)


def schedule_mail(shop: Shop, who: str, now: datetime, offer: str | None = None, **fields: Any) -> OutreachStep:
    """A client with a composed welcome that is due at `now`, stating an offer if one is named; its step."""
    shop.client(who, now=now - timedelta(days=40), sizes=("M",), **fields)
    start = MailStart(key="welcome:1", kind=TouchKind.WELCOME, priority=1, offer=offer)
    with write_transaction(shop.engine) as connection:
        row = {"client_id": who, "phase": Phase.ONBOARDING, "band": "active", "score": 20.0, "assessment_id": "a1"}
        connection.execute(standings.insert().values(**row, phase_since=now, assessed_at=now))
        ledger.begin_mail(connection, who, 1, start, assessment_id="a1", score=20.0, phase=Phase.ONBOARDING, now=now)
    step, decider = OutreachStep(client_id=who, n=1, at=now), Decider()
    composed = CompositionSteps(shop.context, Recommender(shop.engine, shop.settings, decider), decider).compose(step)
    assert composed.state == OutreachState.SCHEDULED
    return step


class Post:
    """The step that sends, over one pool of connections."""

    def __init__(self, shop: Shop, circuit: ServerCircuit | None = None) -> None:
        async def report(_client_id: str, _news: OutreachFinished) -> bool:
            return True

        self.transport = Transport.from_settings(shop.settings, circuit=circuit)
        self._steps = SendSteps(shop.context, EnvelopeBuilder.from_settings(shop.settings), self.transport, report)

    async def send(self, step: OutreachStep) -> StepDone:
        """Send one mail, and leave no connection open."""
        try:
            done: StepDone = await ActivityEnvironment().run(self._steps.send, step)
        finally:
            await self.transport.close()
        return done
