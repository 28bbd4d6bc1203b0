"""Mail that somebody called off does not arrive, and mail that cannot be sent ends; whatever stands in the way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Literal

import pytest
import pytest_asyncio
from sqlalchemy import delete
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities.mail.send import SendSteps
from domain.bounces import MOST_REFUSALS, MOST_SOFT
from domain.grounding import compute_digest
from hosting.dispatch import Dispatcher
from mail.faulty_sink import SmtpFault
from mail.message import EnvelopeBuilder
from mail.transport import Transport
from models.clients import ClientPolicy
from models.lifecycle import OutreachFinished
from models.outreach import OutreachDecision, OutreachStatus, OutreachStep
from store.clients import clients
from store.database import read_transaction, write_transaction
from store.mail import suppressions
from store.tables import clients as client_rows
from store.tables import items, outreaches
from tests.support.shop import Shop
from tests.support.suppressions import find_suppression
from tests.support.temporal import new_time_skipping, wait_for_morning
from tests.support.updates import set_policy
from workflows import ids


class Desk:
    """One client, `c`, of a shop at work on the time-skipping server."""

    def __init__(self, env: WorkflowEnvironment, shop: Shop, dispatcher: Dispatcher) -> None:
        self.env, self.shop, self.dispatcher = env, shop, dispatcher

    async def pass_time(self, **span: float) -> None:
        await self.env.sleep(timedelta(**span))
        await self.drain()

    async def drain(self) -> None:
        while await self.dispatcher.send_batch():
            pass

    async def signal(self, workflow_id: str, name: str, order: object = None) -> None:
        await self.env.client.get_workflow_handle(workflow_id).signal(name, order)
        await self.pass_time(seconds=5)

    async def sign_up(self) -> None:
        self.shop.client("c", now=await self.env.get_current_time(), tags=("vip",))
        await self.pass_time(seconds=5)

    async def prefer_later_hour(self) -> None:
        now = await self.env.get_current_time()
        await set_policy(self.env.client, "c", ClientPolicy(preferred_hour=(now.hour + 22) % 24))

    @property
    def last(self) -> Any:
        return self.shop.ledger("c")[-1]


@pytest_asyncio.fixture
async def desk(shop: Shop) -> AsyncIterator[Desk]:
    async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
        await wait_for_morning(env)
        yield Desk(env, shop, dispatcher)


NOT_NOW = SmtpFault("rcpt", answer="450 4.3.0 later")


@pytest.mark.parametrize(("name", "state"), [("cancel", "rejected"), ("pause", "parked")])
async def test_mail_called_off_while_the_mail_server_is_away_does_not_go_when_it_is_back(
    desk: Desk, name: str, state: str
) -> None:
    desk.shop.sink.faults.always = NOT_NOW
    await desk.sign_up()
    await desk.pass_time(hours=12)
    assert (desk.last.state, desk.last.code) == ("scheduled", "smtp_450")
    await desk.signal(ids.outreach("c", 1), name, {})
    desk.shop.sink.faults.always = None
    await desk.pass_time(days=1)
    assert desk.last.state == state
    assert not desk.shop.mails()


async def test_mail_moved_while_the_mail_server_is_away_goes_at_its_new_time(desk: Desk) -> None:
    desk.shop.sink.faults.always = NOT_NOW
    await desk.sign_up()
    await desk.pass_time(hours=12)
    later = (await desk.env.get_current_time()).replace(hour=15) + timedelta(days=3)
    await desk.signal(ids.outreach("c", 1), "adjust", {"send_at": later.isoformat()})
    desk.shop.sink.faults.always = None
    await desk.pass_time(days=1)
    assert (desk.last.state, len(desk.shop.mails())) == ("scheduled", 0)
    await desk.pass_time(days=3)
    assert (desk.last.state, len(desk.shop.mails())) == ("sent", 1)
    assert desk.last.sent_at >= later


@pytest.mark.parametrize("step", ["rcpt", "data", "text"])
async def test_a_server_that_always_says_later_fills_no_history_and_is_asked_until_it_is_too_late(
    desk: Desk, step: Any
) -> None:
    desk.shop.sink.faults.always = SmtpFault(step, answer="451 4.3.0 later")
    await desk.sign_up()
    await desk.pass_time(hours=6)
    assert (desk.last.state, desk.last.code) == ("scheduled", "smtp_451")
    assert 30 < desk.shop.sink.faults.step_counts[step] < 120, "ever more rarely, and every five minutes at last"
    history = await desk.env.client.get_workflow_handle(ids.outreach("c", 1)).fetch_history()
    assert len(history.events) < 20
    send = _build_sender(desk.shop)  # by hand: time-skipping keeps the time at which a retried activity started
    late = await desk.env.get_current_time() + timedelta(days=8)
    done = await ActivityEnvironment().run(send.send, OutreachStep(client_id="c", n=1, at=late))
    assert (done.state, done.code) == ("expired", "too_late")
    assert not desk.shop.mails()


def _build_sender(shop: Shop) -> SendSteps:
    async def report(_client_id: str, _news: OutreachFinished) -> bool:
        return True

    return SendSteps(
        shop.context, EnvelopeBuilder.from_settings(shop.settings), Transport.from_settings(shop.settings), report
    )


@pytest.mark.parametrize(
    ("fault", "hours"),
    [
        (SmtpFault("rcpt", answer="554 5.7.1 relay access denied"), 2),
        (SmtpFault("mail", answer="550 5.7.1 who are you"), 24),
    ],
)
async def test_a_server_that_does_not_let_us_in_costs_no_mail_and_no_address(
    desk: Desk, fault: SmtpFault, hours: int
) -> None:
    desk.shop.sink.faults.always = fault
    await desk.sign_up()
    await desk.pass_time(hours=hours)
    assert (desk.last.state, desk.last.code) == ("scheduled", f"smtp_{fault.answer[:3]}")
    desk.shop.sink.faults.always = None
    await desk.pass_time(days=1)
    assert desk.last.state == "sent"


async def test_a_refusal_by_policy_is_given_up_after_five_tries_and_frees_the_turn(desk: Desk) -> None:
    desk.shop.sink.faults.always = SmtpFault("rcpt", answer="550 5.7.1 no mail from you")
    await desk.sign_up()
    await desk.pass_time(days=3)
    assert (desk.shop.ledger("c")[0].state, desk.shop.ledger("c")[0].code) == ("failed", "refused_smtp_550")
    assert desk.shop.steps("c", 1).count("claimed") == MOST_REFUSALS
    with read_transaction(desk.shop.engine) as connection:
        assert not suppressions.count_suppressions(connection), "the fault may be ours"


@pytest.mark.parametrize(
    ("step", "answer", "code", "reason"),
    [
        ("rcpt", "550 5.1.1 nobody", "smtp_550", "hard_bounce"),
        ("rcpt", "550 no such user here", "smtp_550", "hard_bounce"),
        ("text", "554 5.1.1 nobody", "smtp_554", "hard_bounce"),
        ("rcpt", "550 no", "refused_smtp_550", None),
        ("text", "550 no", "refused_smtp_550", None),
        ("text", "554 5.7.1 spam", "refused_smtp_554", None),
    ],
)
async def test_an_address_is_suppressed_only_when_the_server_says_that_it_leads_nowhere(
    desk: Desk, step: Literal["rcpt", "text"], answer: str, code: str, reason: str | None
) -> None:
    desk.shop.sink.faults.plan(SmtpFault(step, answer=answer))
    await desk.sign_up()
    await desk.pass_time(days=1)
    assert (desk.last.state, desk.last.code) == ("failed", code)
    with read_transaction(desk.shop.engine) as connection:
        key = desk.shop.settings.keys.signing
        assert find_suppression(connection, key, "c@example.com") == reason


async def test_a_mailbox_that_is_refused_again_and_again_without_a_reason_is_given_up(desk: Desk) -> None:
    desk.shop.sink.faults.always = SmtpFault("text", answer="550 no")
    await desk.sign_up()
    await desk.pass_time(days=40)
    mails = desk.shop.ledger("c")
    assert [(mail.state, mail.code) for mail in mails] == [("failed", "refused_smtp_550")] * MOST_SOFT
    with read_transaction(desk.shop.engine) as connection:
        assert find_suppression(connection, desk.shop.settings.keys.signing, "c@example.com") == "soft_bounces"


async def test_a_mail_that_can_never_be_made_ends_and_frees_the_turn(desk: Desk) -> None:
    """Here: its items are gone from the catalogue. A turn that is kept for ever would silence the client."""
    await desk.sign_up()
    await desk.pass_time(days=1)
    await desk.prefer_later_hour()
    await desk.pass_time(days=2, hours=3)
    assert (desk.last.n, desk.last.state) == (2, "scheduled")
    draft = {**desk.last.draft, "items": _GONE}
    sealed = {"draft": draft, "digest": compute_digest(draft, desk.last.brief)}
    with write_transaction(desk.shop.engine) as connection:
        connection.execute(outreaches.update().where(outreaches.c.n == 2).values(sealed))
        connection.execute(delete(items).where(items.c.item_id == "item00"))
    await desk.pass_time(days=2)
    assert (desk.last.state, desk.last.code) == ("failed", "bad_input")
    answer = await desk.env.client.get_workflow_handle(ids.outreach("c", 2)).result()
    assert answer == "failed"


async def test_a_text_that_was_changed_after_its_check_is_not_sent(desk: Desk) -> None:
    await desk.sign_up()
    await desk.pass_time(days=1)
    await desk.prefer_later_hour()
    await desk.pass_time(days=2, hours=3)
    draft = {**desk.last.draft, "paragraphs": ["Yours for ninety nine."]}
    with write_transaction(desk.shop.engine) as connection:
        connection.execute(outreaches.update().where(outreaches.c.n == 2).values(draft=draft))
    await desk.pass_time(days=2)
    assert (desk.last.state, desk.last.code) == ("failed", "text_changed")


_GONE = [{"item_id": "item00", "text": "It suits you."}]


async def test_an_unknown_edit_is_refused_and_the_mail_goes_on_waiting(desk: Desk) -> None:
    await desk.sign_up()
    await desk.pass_time(days=1)
    await desk.prefer_later_hour()
    await desk.pass_time(days=2, hours=3)
    with write_transaction(desk.shop.engine) as connection:
        connection.execute(outreaches.update().where(outreaches.c.n == 2).values(state="awaiting_person"))
    await desk.pass_time(days=2)  # the send activity finds that it awaits a person
    mail = desk.env.client.get_workflow_handle(ids.outreach("c", 2))
    decision = OutreachDecision(verdict="edit", edit_id="nosuch")
    with pytest.raises(WorkflowUpdateFailedError) as raised:
        await mail.execute_update("decide", decision, result_type=OutreachStatus)
    assert "edit_id" in str(raised.value.cause)
    assert desk.last.state == "awaiting_person"
    done = await mail.execute_update("decide", OutreachDecision(verdict="approve"), result_type=OutreachStatus)
    assert done.code == "approved_by_person"


async def _schedule_campaign(desk: Desk) -> None:
    """A mail of the campaign `spring`, written, and waiting for the client's hour."""
    await desk.sign_up()
    await desk.pass_time(days=9)  # past the welcome and the quiz, and free of the weekly cap
    desk.shop.campaign("spring", await desk.env.get_current_time(), audience={"tags": ["vip"]})
    await desk.prefer_later_hour()
    await desk.drain()
    for _ in range(3):  # enrols and nudges; the client's workflow takes it up
        await desk.pass_time(minutes=1)
    assert (desk.last.campaign, desk.last.state) == ("spring", "scheduled")


async def _park_campaign(desk: Desk) -> str:
    """A mail of the campaign `spring`, parked at the send gate by the campaign's pause; its id."""
    await _schedule_campaign(desk)
    await desk.signal(ids.campaign("spring"), "pause", {"reason": "wrong price"})
    await desk.pass_time(days=2)
    assert (desk.last.state, desk.last.code) == ("parked", "campaign_paused")
    return ids.outreach("c", desk.last.n)


async def test_ending_a_paused_campaign_does_not_let_its_parked_mail_loose(desk: Desk) -> None:
    await _park_campaign(desk)
    before = len(desk.shop.mails())
    await desk.signal(ids.campaign("spring"), "end", {})
    await desk.pass_time(days=3)
    assert (desk.last.state, desk.last.code) == ("expired", "overdue")
    assert len(desk.shop.mails()) == before


async def test_ending_a_paused_campaign_stops_its_scheduled_mail_too(desk: Desk) -> None:
    await _schedule_campaign(desk)
    before = len(desk.shop.mails())
    await desk.signal(ids.campaign("spring"), "pause", {})
    await desk.signal(ids.campaign("spring"), "end", {})
    await desk.pass_time(days=2)
    assert (desk.last.campaign, desk.last.state, desk.last.code) == ("spring", "suppressed", "campaign_ended")
    assert len(desk.shop.mails()) == before


async def test_ending_a_running_campaign_lets_mail_on_its_way_go(desk: Desk) -> None:
    await _schedule_campaign(desk)
    await desk.signal(ids.campaign("spring"), "end", {})
    await desk.pass_time(days=2)
    assert (desk.last.campaign, desk.last.state) == ("spring", "sent")


async def test_a_parked_mail_that_is_paused_itself_stays_when_its_campaign_goes_on(desk: Desk) -> None:
    mail = await _park_campaign(desk)
    before = len(desk.shop.mails())
    await desk.signal(mail, "pause", {})
    await desk.signal(ids.campaign("spring"), "resume", {"overdue": "send_late"})
    await desk.pass_time(days=3)
    assert (desk.last.state, desk.last.code) == ("parked", "paused_by_itself")
    await desk.signal(mail, "resume", {"overdue": "send_late"})
    await desk.pass_time(days=2)
    assert desk.last.state == "sent"
    assert len(desk.shop.mails()) == before + 1


async def test_setting_an_hour_does_not_lift_the_client_s_own_limit(desk: Desk) -> None:
    await desk.sign_up()
    await set_policy(desk.env.client, "c", ClientPolicy(max_mails_per_week=0))
    await desk.signal(ids.client("c"), "adjust", {"preferred_hour": 9})
    with read_transaction(desk.shop.engine) as connection:
        client = clients.load_client(connection, "c")
    assert client is not None
    assert client.policy.max_mails_per_week == 0
    assert client.policy.preferred_hour == 9
    await desk.signal(ids.client("c"), "adjust", {"max_mails_per_week": None})
    with read_transaction(desk.shop.engine) as connection:
        client = clients.load_client(connection, "c")
    assert client is not None
    assert client.policy.max_mails_per_week is None
    assert client.policy.preferred_hour == 9


async def test_a_client_whose_time_zone_has_vanished_goes_on_being_mailed(desk: Desk) -> None:
    """Names are dropped from the time zone data now and then, and machines differ."""
    await desk.sign_up()
    await desk.pass_time(days=1)
    with write_transaction(desk.shop.engine) as connection:
        connection.execute(client_rows.update().values(time_zone="Europe/Vanished"))
    await desk.pass_time(days=10)
    assert [(row.kind, row.state) for row in desk.shop.ledger("c")] == [("welcome", "sent"), ("quiz", "sent")]


async def test_a_client_who_is_gone_from_the_store_ends_their_workflow_and_their_mail(desk: Desk) -> None:
    await desk.sign_up()
    await desk.pass_time(days=1)
    await desk.prefer_later_hour()
    await desk.pass_time(days=2, hours=3)
    assert desk.last.state == "scheduled"
    due = desk.last.send_at
    with write_transaction(desk.shop.engine) as connection:
        connection.execute(delete(outreaches))
        connection.execute(delete(client_rows))
    mail, client = (desk.env.client.get_workflow_handle(name) for name in (ids.outreach("c", 2), ids.client("c")))
    # To the mail's moment and no further: when a parent ends while word of its child's end is on the way to it, this
    # server's clock may skip no more, and a longer sleep would last as long as it says.
    await desk.env.sleep(due - await desk.env.get_current_time() + timedelta(seconds=2))
    assert await mail.result() == "failed"
    assert await client.result() == "erased"
    assert len(desk.shop.mails()) == 1
