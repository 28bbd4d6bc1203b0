"""Signals and updates: they hold, let go, adjust and refuse, and every mail keeps its place."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from temporalio.testing import WorkflowEnvironment

from errors import BadInput, NotFound
from hosting.dispatch import Dispatcher
from models.clients import ClientPolicy
from models.states import CampaignState, OutreachState, Phase
from tests.support.shop import Shop
from tests.support.temporal import new_time_skipping, wait_for_morning
from tests.support.updates import adjust_campaign, set_policy
from workflows import ids
from workflows.campaign import Campaign
from workflows.lifecycle import ClientLifecycle


class SteeringDesk:
    """A shop at work on the time-skipping server."""

    def __init__(self, env: WorkflowEnvironment, shop: Shop, dispatcher: Dispatcher) -> None:
        self.env, self.shop, self.dispatcher = env, shop, dispatcher

    async def sign_up(self, client_id: str, **fields: object) -> None:
        self.shop.client(client_id, now=await self.env.get_current_time(), **fields)
        await self.drain()

    async def drain(self) -> None:
        while await self.dispatcher.send_batch():
            pass

    async def pass_time(self, **span: float) -> None:
        await self.env.sleep(timedelta(**span))
        await self.drain()

    async def signal(self, workflow_id: str, name: str, order: object = None) -> None:
        await self.env.client.get_workflow_handle(workflow_id).signal(name, order)
        await self.pass_time(seconds=5)

    def states(self, client_id: str) -> list[tuple[str, str]]:
        return [(row.kind, row.state) for row in self.shop.ledger(client_id)]

    def code(self, client_id: str) -> str:
        return str(self.shop.ledger(client_id)[-1].code)


@pytest_asyncio.fixture
async def desk(shop: Shop) -> AsyncIterator[SteeringDesk]:
    """A server of its own for each test: workflows that another left would find no client of theirs in the shop."""
    async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
        await wait_for_morning(env)
        yield SteeringDesk(env, shop, dispatcher)


async def test_a_pause_holds_a_client_s_mail_and_a_resume_plans_it_anew(desk: SteeringDesk) -> None:
    await desk.sign_up("held")
    await desk.pass_time(days=1)
    await desk.signal(ids.client("held"), "pause", {"reason": "test"})
    status = await desk.env.client.get_workflow_handle(ids.client("held")).query(ClientLifecycle.status)
    assert status.held == ("operator",)
    assert "operator holds" in status.why_not
    await desk.pass_time(days=20)
    assert desk.states("held") == [("welcome", "sent")], "the quiz mail fell due and was held"
    await desk.signal(ids.client("held"), "resume", {})
    await desk.pass_time(days=1)
    assert desk.states("held") == [("welcome", "sent"), ("quiz", "sent")]
    assert len(desk.shop.mails()) == 2


async def test_a_mail_already_scheduled_is_parked_at_the_door_and_replanned(desk: SteeringDesk) -> None:
    """A preferred hour puts a wait between writing and sending; the hold falls into it."""
    await desk.sign_up("gate")
    await desk.pass_time(days=1)
    now = await desk.env.get_current_time()
    await set_policy(desk.env.client, "gate", ClientPolicy(preferred_hour=(now.hour + 22) % 24))
    await desk.pass_time(days=2, hours=3)
    assert desk.states("gate")[-1] == ("quiz", "scheduled")
    await desk.signal(ids.client("gate"), "pause", {"reason": "test"})
    await desk.pass_time(days=2)
    assert desk.states("gate")[-1] == ("quiz", "parked")
    assert desk.code("gate") == "held_by_operator"
    await desk.signal(ids.client("gate"), "resume", {"overdue": "replan"})
    await desk.pass_time(days=2)
    assert desk.states("gate")[-1] == ("quiz", "sent")
    assert desk.shop.steps("gate", 2).count("briefed") == 2, "a late mail is written afresh"
    assert len(desk.shop.mails()) == 2


@pytest.mark.parametrize(("overdue", "end"), [("send_late", "sent"), ("expire", "expired")])
async def test_what_becomes_of_overdue_mail_is_as_the_resume_said(desk: SteeringDesk, overdue: str, end: str) -> None:
    client_id = f"over-{overdue.replace('_', '')}"
    await desk.sign_up(client_id)
    await desk.pass_time(days=1)
    now = await desk.env.get_current_time()
    await set_policy(desk.env.client, client_id, ClientPolicy(preferred_hour=(now.hour + 22) % 24))
    await desk.pass_time(days=2, hours=3)
    await desk.signal(ids.client(client_id), "pause", {})
    await desk.pass_time(days=3)
    await desk.signal(ids.client(client_id), "resume", {"overdue": overdue})
    await desk.pass_time(days=1)
    assert desk.states(client_id)[-1] == ("quiz", end)
    assert desk.shop.steps(client_id, 2).count("briefed") == 1


async def test_a_bad_signal_is_refused_with_its_reason_and_harms_nothing(desk: SteeringDesk) -> None:
    await desk.sign_up("bad")
    for name, order in (
        ("pause", "stock"),
        ("pause", {"reason": 7}),
        ("resume", {"overdue": "burn"}),
        ("adjust", {"max_mails_per_week": 99}),
        ("finished", {"n": "x"}),
    ):
        await desk.signal(ids.client("bad"), name, order)
    status = await desk.env.client.get_workflow_handle(ids.client("bad")).query(ClientLifecycle.status)
    assert [refusal.split(":")[0] for refusal in status.refused_signals] == [
        *("pause", "pause", "resume", "adjust", "finished")
    ]
    assert "burn" not in "".join(status.refused_signals)
    assert status.held == ()
    assert status.phase is Phase.ONBOARDING


async def test_an_update_refuses_to_the_caller_s_face(desk: SteeringDesk) -> None:
    await desk.sign_up("face")
    with pytest.raises(BadInput, match=r"^name at least one of max_mails_per_week"):
        await set_policy(desk.env.client, "face", ClientPolicy())
    with pytest.raises(NotFound, match="no workflow client:nobody is running"):
        await set_policy(desk.env.client, "nobody", ClientPolicy(preferred_hour=9))
    policy = await set_policy(desk.env.client, "face", ClientPolicy(max_mails_per_week=0))
    assert policy.max_mails_per_week == 0
    await desk.pass_time(days=10)
    assert len(desk.shop.mails()) <= 1, "nothing after the client said so"


async def test_a_mail_of_its_own_can_be_cancelled_moved_and_paused(desk: SteeringDesk) -> None:
    await desk.sign_up("own")
    await desk.pass_time(days=1)
    now = await desk.env.get_current_time()
    await set_policy(desk.env.client, "own", ClientPolicy(preferred_hour=(now.hour + 22) % 24))
    await desk.pass_time(days=2, hours=3)
    mail = ids.outreach("own", 2)
    await desk.signal(mail, "pause", {})
    assert desk.states("own")[-1] == ("quiz", "parked")
    await desk.pass_time(days=2)
    assert desk.states("own")[-1] == ("quiz", "parked"), "only its own resume lets it go"
    await desk.signal(mail, "resume", {"overdue": "send_late"})
    later = (await desk.env.get_current_time()).replace(hour=15, minute=0) + timedelta(days=2)
    if desk.states("own")[-1][1] == OutreachState.SCHEDULED:
        await desk.signal(mail, "adjust", {"send_at": later.isoformat()})
        await desk.signal(mail, "cancel", {})
        assert desk.states("own")[-1] == ("quiz", "rejected")
        assert len(desk.shop.mails()) == 1
    else:
        assert desk.states("own")[-1] == ("quiz", "sent")


async def test_a_campaign_enrols_pauses_parks_and_drains_by_epoch(desk: SteeringDesk) -> None:
    now = await desk.env.get_current_time()
    for k in range(6):
        await desk.sign_up(f"camp{k}", tags=("vip",) if k < 4 else ())
    await desk.pass_time(days=9)  # past the welcome and the quiz, and free of the weekly cap
    before = len(desk.shop.mails())
    now = await desk.env.get_current_time()
    desk.shop.campaign("spring", now, audience={"tags": ["vip"]}, message="New colours have come in.")
    for k in range(4):
        hour = (now.hour + 22) % 24
        await set_policy(desk.env.client, f"camp{k}", ClientPolicy(preferred_hour=hour))
    await desk.drain()
    await desk.pass_time(minutes=1)  # enrols, and nudges
    await desk.pass_time(minutes=1)  # the clients' workflows take it up
    assert {row.state for row in desk.shop.ledger() if row.campaign == "spring"} == {"scheduled"}
    campaign = desk.env.client.get_workflow_handle(ids.campaign("spring"))
    await desk.signal(ids.campaign("spring"), "pause", {"reason": "stock"})
    progress = await campaign.query(Campaign.progress)
    assert (progress.state, progress.enrolled) == (CampaignState.PAUSED, 4)
    await desk.pass_time(days=3)
    parked = [row for row in desk.shop.ledger() if row.campaign == "spring"]
    assert {(row.state, row.code) for row in parked} == {("parked", "campaign_paused")}
    assert len(desk.shop.mails()) == before
    await desk.signal(ids.campaign("spring"), "resume", {"overdue": "send_late"})
    await desk.pass_time(days=2)
    sent = [row for row in desk.shop.ledger() if row.campaign == "spring"]
    assert [row.state for row in sent] == ["sent"] * 4
    assert len(desk.shop.mails()) == before + 4
    await desk.signal(ids.campaign("spring"), "end", {})
    assert (await campaign.result())["sent"] == 4


async def test_a_campaign_s_policy_is_checked_and_changes_its_pace(desk: SteeringDesk) -> None:
    from models.campaign import CampaignChange

    now = await desk.env.get_current_time()
    desk.shop.campaign("paced", now, audience={"tags": ["nobody"]})
    await desk.drain()
    with pytest.raises(BadInput, match=r"^name at least one of throughput_per_minute"):
        await adjust_campaign(desk.env.client, "paced", CampaignChange())
    await adjust_campaign(desk.env.client, "paced", CampaignChange(throughput_per_minute=7))
    from store.campaigns import campaigns
    from store.database import read_transaction

    with read_transaction(desk.shop.engine) as connection:
        assert campaigns.load_campaign(connection, "paced").spec.throughput_per_minute == 7
