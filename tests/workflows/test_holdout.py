"""Clients held out of a campaign, and of re-engagement mail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from temporalio.testing import WorkflowEnvironment

from domain.holdouts import RE_ENGAGEMENT, assign_arm, build_re_engagement_slug
from models.states import Arm
from services.clients.why_not import explain_no_mail
from store.campaigns import lift as campaign_lift
from store.database import read_transaction
from store.mail.policy import build_mail_rules
from store.tables import enrolments
from tests.support.shop import Shop, a_shop
from tests.workflows.test_steering import SteeringDesk, desk  # noqa: F401 - a fixture
from tests.workflows.test_year import Year
from workflows import ids
from workflows.campaign import Campaign
from workflows.lifecycle import ClientLifecycle

SHARE = 0.5


def first(side: Arm, experiment: str, prefix: str) -> str:
    """The first client of that side."""
    return next(f"{prefix}{n}" for n in range(99) if assign_arm(experiment, f"{prefix}{n}", SHARE) is side)


async def test_who_is_held_out_of_a_campaign_gets_no_mail_and_is_counted(desk: SteeringDesk) -> None:  # noqa: F811
    clients = [f"hold{k}" for k in range(6)]
    for client_id in clients:
        await desk.sign_up(client_id)
    await desk.sign_up("silent", consent=False)
    await desk.pass_time(days=9)  # past the welcome and the quiz, and free of the weekly cap
    now = await desk.env.get_current_time()
    desk.shop.campaign("spring", now, message="New colours have come in.", control_share=SHARE)
    await desk.drain()
    for _ in range(3):
        await desk.pass_time(minutes=1)
    await desk.pass_time(days=2)
    out = {client for client in clients if assign_arm("spring", client, SHARE) is Arm.CONTROL}
    mailed = {row.client_id for row in desk.shop.ledger() if row.campaign == "spring" and row.state == "sent"}
    assert 0 < len(out) < 6
    assert mailed == set(clients) - out
    progress = await desk.env.client.get_workflow_handle(ids.campaign("spring")).query(Campaign.progress)
    assert (progress.enrolled, progress.sent, progress.held_out, progress.dropped) == (7, len(mailed), len(out), 1)
    with read_transaction(desk.shop.engine) as connection:
        now = await desk.env.get_current_time()
        reason = explain_no_mail(connection, min(out), build_mail_rules(desk.shop.settings), "key", now)
        other = explain_no_mail(connection, min(mailed), build_mail_rules(desk.shop.settings), "key", now)
        lift = campaign_lift.compute_lift(connection, "spring", now)
    assert reason == "Not mailed now: held out of the campaign spring to measure what it brings."
    assert "held out" not in other
    assert (lift.treated.waiting, lift.control.waiting) == (len(mailed), len(out)), "who has not consented is in no arm"


@pytest.fixture
def holding(tmp_path: Path) -> Iterator[Shop]:
    """A shop that holds half of its clients out of mail to those who drift."""
    new_shop = a_shop(tmp_path / "home", holdout_share=SHARE)
    try:
        yield new_shop
    finally:
        new_shop.sink.stop()
        new_shop.engine.dispose()


async def test_who_is_held_out_of_re_engagement_is_welcomed_thanked_and_not_called_back(
    time_skipping: WorkflowEnvironment, holding: Shop
) -> None:
    async with holding.run_workers(time_skipping.client) as dispatcher:
        years = [
            Year(time_skipping, holding, dispatcher, first(side, RE_ENGAGEMENT, "drift"))
            for side in (Arm.TREATED, Arm.CONTROL)
        ]
        treated, control = years
        for year in years:
            holding.client(year.client_id, now=await year.now())
            await dispatcher.send_batch()
        await treated.pass_time(5.5)
        for year in years:
            await year.add_event("order_placed", item_id="item03", value="60.00", currency="USD")
        await treated.pass_time(146)
        assert treated.kinds() == ["welcome", "quiz", "missed", "new_in", "stylist"]
        assert control.kinds() == ["welcome", "quiz"]
        status = await control.handle.query(ClientLifecycle.status)
        assert status.why_not.startswith(
            "Not mailed now: held out of mail to clients who drift, to measure what it brings"
        )
        await treated.pass_time(60)
        assert treated.kinds()[-1] == "win_back"
        assert control.kinds() == ["welcome", "quiz"]
        with read_transaction(holding.engine) as connection:
            rows = connection.execute(select(enrolments).order_by(enrolments.c.enrolled_at)).all()
            lift = campaign_lift.compute_re_engagement_lift(connection, SHARE, await treated.now())
        assert {(row.client_id, row.arm) for row in rows} == {
            (treated.client_id, Arm.TREATED),
            (control.client_id, Arm.CONTROL),
        }
        assert {row.campaign for row in rows} == {build_re_engagement_slug(SHARE)}
        assert abs((rows[0].enrolled_at - rows[1].enrolled_at).total_seconds()) < 86_400, "both by the same trigger"
        assert (lift.treated.clients, lift.control.clients) == (1, 1)
        await control.add_event("order_placed", item_id="item07", value="90.00", currency="USD")
        await control.pass_time(3)
        assert control.kinds()[-1] == "won_back"
        for year in years:
            await year.handle.terminate()
