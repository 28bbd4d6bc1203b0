"""The lifecycle's sequences as campaigns: changed, paused, resumed and ended while clients are in their phases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from hosting.dispatch import Dispatcher
from models.actors import Actor, Channel, Role
from models.campaign import CampaignCommand
from models.campaign_definition import CampaignAdjustment, CampaignDefinition
from services.campaigns import definitions
from services.campaigns.rewording import reword_step
from services.campaigns.steering import steer_campaign
from store.campaigns import versions
from store.database import read_transaction
from tests.support.shop import Shop
from tests.support.temporal import new_time_skipping, wait_for_morning

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.PAGE)
SLUG = "lifecycle-onboarding"


class Onboarding:
    """A shop at work on the time-skipping server, whose owner changes the sequence of new clients."""

    def __init__(self, env: WorkflowEnvironment, shop: Shop, dispatcher: Dispatcher) -> None:
        self.env, self.shop, self.dispatcher = env, shop, dispatcher

    async def sign_up(self, client_id: str) -> None:
        self.shop.client(client_id, now=await self.env.get_current_time())
        await self.drain()

    async def drain(self) -> None:
        while await self.dispatcher.send_batch():
            pass

    async def pass_days(self, days: float) -> None:
        """Let days pass; rounds of the campaign leave nudges for clients, which leave within the day."""
        for _ in range(max(1, round(days))):
            await self.env.sleep(timedelta(days=min(days, 1)))
            await self.drain()
            await self.env.sleep(timedelta(minutes=1))
            await self.drain()

    async def publish(self, takeover: Any, *steps: dict[str, Any]) -> None:
        now, wall, engine = await self.env.get_current_time(), self.shop.context.wall(), self.shop.engine
        with read_transaction(engine) as connection:
            definition = versions.load_version(connection, SLUG).definition
        values = definition.model_dump(mode="json") | {"steps": steps}
        new = CampaignDefinition.model_validate(values)
        saved = definitions.save_draft(engine, OWNER, new, self.shop.context.settings, now, wall)
        definitions.submit_version(engine, OWNER, SLUG, now, wall)
        definitions.decide_version(engine, OWNER, SLUG, saved.version, "approve", now, wall)
        definitions.start_version(engine, OWNER, SLUG, now, wall, takeover)
        await self.drain()

    async def steer(self, kind: Any) -> None:
        now, wall = await self.env.get_current_time(), self.shop.context.wall()
        steer_campaign(self.shop.engine, OWNER, SLUG, CampaignCommand(kind=kind), now, wall)
        await self.drain()

    def mails(self, client_id: str) -> list[tuple[str, str, str | None]]:
        return [(row.kind, row.state, row.campaign) for row in self.shop.ledger(client_id)]


@pytest_asyncio.fixture
async def onboarding(shop: Shop) -> AsyncIterator[Onboarding]:
    async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
        await wait_for_morning(env)
        yield Onboarding(env, shop, dispatcher)


WELCOME = {"id": "welcome", "mail": {"kind": "welcome"}}
WELCOMED, ASKED = ("welcome", "sent", SLUG), ("quiz", "sent", SLUG)


async def test_another_version_a_pause_and_an_end_hold_for_clients_in_the_phase_and_nobody_is_mailed_twice(
    onboarding: Onboarding,
) -> None:
    await onboarding.sign_up("early")
    await onboarding.pass_days(1)
    assert onboarding.mails("early") == [WELCOMED]

    quiz = {"id": "quiz", "mail": {"kind": "quiz"}}
    await onboarding.publish("move", WELCOME, {"id": "wait", "wait": "6d"}, quiz)
    await onboarding.pass_days(3)
    assert onboarding.mails("early") == [WELCOMED], "the quiz is due on the sixth day now, not on the third"
    await onboarding.pass_days(3)
    assert onboarding.mails("early") == [WELCOMED, ASKED]

    await onboarding.sign_up("late")
    await onboarding.pass_days(1)
    await onboarding.publish("move", WELCOME, {"id": "wait", "wait": "2d"}, quiz)
    await onboarding.steer("pause")
    await onboarding.pass_days(6)
    await onboarding.sign_up("between")
    await onboarding.pass_days(1)
    assert onboarding.mails("late") == [WELCOMED]
    assert onboarding.mails("between") == []
    await onboarding.steer("resume")
    await onboarding.pass_days(1)  # a day before the quiz of `between` is due
    assert onboarding.mails("late") == [WELCOMED, ASKED], "its place was kept"
    assert onboarding.mails("between") == [WELCOMED]

    await onboarding.steer("end")
    await onboarding.sign_up("last")
    await onboarding.pass_days(9)
    assert onboarding.mails("last") == []
    assert onboarding.mails("between") == [WELCOMED], "who is in the phase is not mailed any more either"
    assert onboarding.mails("early") == [WELCOMED, ASKED]


async def test_what_a_step_says_anew_is_said_by_the_mails_that_have_not_left(onboarding: Onboarding) -> None:
    await onboarding.sign_up("ann")
    await onboarding.pass_days(1)
    words = "Five questions tell us what you like to wear."
    now = await onboarding.env.get_current_time()
    order = CampaignAdjustment(step="quiz", message=words)
    said = reword_step(onboarding.shop.engine, OWNER, SLUG, order, now, onboarding.shop.context.wall()).said
    assert "took the place of version 1" in said[0]
    await onboarding.drain()
    await onboarding.pass_days(3)
    assert onboarding.mails("ann") == [WELCOMED, ASKED]
    assert words in onboarding.shop.mails()[-1].text
