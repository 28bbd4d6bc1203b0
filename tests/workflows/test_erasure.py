"""An erasure with mail on its way and Fixes open: everything stops, what is with the mail server settles, all goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from temporalio.client import WorkflowFailureError, WorkflowHandle

from errors import NotFound
from models.erasures import ErasureInput, ErasureState
from models.fixes import FixState, FixWish
from models.states import OutreachState
from store.campaigns import campaigns
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.privacy import erasure
from store.tables import model_calls, outreaches, tombstones
from tests.e2e.test_renewal import until
from tests.support.fixes import FixDesk, a_desk
from tests.support.private_data import CANARIES, NAME, iterate_all_rows
from tests.support.temporal import new_time_skipping
from workflows import erasure_handles, fix_handles, ids
from workflows.erasure import Erasure
from workflows.options import LIFECYCLE_QUEUE

WHO = "privy"


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[FixDesk]:
    async with new_time_skipping() as env, a_desk(env, tmp_path, quiet_from_hour=0, quiet_until_hour=0) as new_desk:
        yield new_desk


async def request_erasure(desk: FixDesk) -> None:
    with write_transaction(desk.shop.engine) as connection:
        erasure.request_erasure(connection, desk.shop.terms.signing_key, WHO, await desk.now(), datetime.now(UTC))
    await desk.pass_time(seconds=0)


def handle(desk: FixDesk, workflow_id: str) -> WorkflowHandle[Any, Any]:
    return desk.temporal.get_workflow_handle(workflow_id)


def state(desk: FixDesk) -> ErasureState:
    with read_transaction(desk.shop.engine) as connection:
        return erasure.load_status(connection, desk.shop.terms.signing_key, WHO).state


def find_words(desk: FixDesk, *words: str) -> list[tuple[str, str]]:
    with read_transaction(desk.shop.engine) as connection:
        wanted = (WHO, "canary.address", *CANARIES, *words)
        return [(name, word) for name, text in iterate_all_rows(connection) for word in wanted if word in text]


async def build_history(desk: FixDesk) -> None:
    """Mailed once, by a campaign with a second mail on its way; with a Fix that waits for a stylist."""
    now = await desk.now()
    desk.shop.client(WHO, now=now, first_name=NAME, email="canary.address@example.org", sizes=("M",))
    await desk.pass_time(days=1)
    desk.shop.campaign("spring", await desk.now(), control_share=0, message="New colours have come in.")
    for _ in range(2):  # it begins; those it enrols are nudged
        await desk.pass_time(seconds=30)
    await desk.pass_time(days=3)


async def test_everything_stops_and_nothing_is_left(desk: FixDesk) -> None:
    await build_history(desk)
    stock = desk.shelf()
    with write_transaction(desk.shop.engine) as connection:
        wish = FixWish(note="canarynote: a coat")
        fix_id = fixes.save_request(connection, WHO, wish, await desk.now())
    await fix_handles.request_fix(desk.temporal, WHO, fix_id)
    for _ in range(20):  # the ranking takes as long as the machine does
        await desk.pass_time(seconds=5)
        if desk.count_held(fix_id) > 0:
            break
    assert desk.count_held(fix_id) > 0
    last = desk.shop.ledger(WHO)[-1].n
    with write_transaction(desk.shop.engine) as connection:  # a mail that waits for its moment
        row_of_client = outreaches.c.client_id == WHO, outreaches.c.n == last
        connection.execute(update(outreaches).where(*row_of_client).values(state=OutreachState.SCHEDULED))
        before = campaigns.count_progress(connection, "spring")
    mails = len(desk.shop.mails())
    await request_erasure(desk)
    await desk.pass_time(minutes=11)
    done = await erasure_handles.query_erasure_progress(desk.temporal, WHO)
    assert (done.state, done.looked_again) == (ErasureState.ERASED, True)
    assert state(desk) is ErasureState.ERASED
    assert find_words(desk, fix_id) == []
    assert desk.shelf() == stock, "units that were held are free"
    assert await handle(desk, ids.client(WHO)).result() == "erased"
    assert await handle(desk, ids.fix(fix_id)).result() in ("cancelled", "failed")
    await desk.pass_time(days=30)
    assert len(desk.shop.mails()) == mails, "no mail goes after it was asked for"
    with read_transaction(desk.shop.engine) as connection:
        after = campaigns.count_progress(connection, "spring")
    assert after.enrolled == before.enrolled == 1
    with pytest.raises(NotFound):
        await erasure_handles.query_erasure_progress(desk.temporal, "nobody")


async def test_a_mail_that_is_with_the_mail_server_settles_first(desk: FixDesk) -> None:
    await build_history(desk)
    await leave_in_data(desk, lease=timedelta(minutes=5))
    await request_erasure(desk)
    await desk.pass_time(minutes=4)
    assert state(desk) is ErasureState.WAITING
    progress = await erasure_handles.query_erasure_progress(desk.temporal, WHO)
    assert (progress.state, progress.in_data) == (ErasureState.WAITING, 1)
    with write_transaction(desk.shop.engine) as connection:
        connection.execute(update(outreaches).where(outreaches.c.state == OutreachState.DATA).values(state="sent"))
    await desk.pass_time(seconds=10)
    assert state(desk) is ErasureState.ERASED
    assert find_words(desk) == []


async def test_a_mail_that_nobody_settles_is_given_up_when_its_lease_is_over(desk: FixDesk) -> None:
    await build_history(desk)
    await leave_in_data(desk, lease=timedelta(minutes=5))
    await request_erasure(desk)
    await desk.pass_time(minutes=6)
    assert state(desk) is ErasureState.ERASED
    with read_transaction(desk.shop.engine) as connection:
        assert campaigns.load_campaign(connection, "spring").erased["mails"] == {"unknown": 1}


async def leave_in_data(desk: FixDesk, lease: timedelta) -> None:
    """Leave the client's last mail in `data`, as a worker that died does."""
    now, last = await desk.now(), desk.shop.ledger(WHO)[-1]
    assert last.campaign == "spring"
    with write_transaction(desk.shop.engine) as connection:
        row_of_client = outreaches.c.client_id == WHO, outreaches.c.n == last.n
        values = {"state": OutreachState.DATA, "lease_until": now + lease}
        connection.execute(update(outreaches).where(*row_of_client).values(**values))


async def test_a_box_that_is_shipped_stays_sold_and_nobody_waits_for_feedback(desk: FixDesk) -> None:
    fix_id = await desk.request_fix(WHO, note="canarynote: a coat")
    await desk.decide(fix_id, "approve")
    await desk.pass_time(seconds=5)
    assert desk.row(fix_id).state == FixState.SHIPPED
    stock = desk.shelf()
    await request_erasure(desk)
    # In real time: when a parent ends while word of its child's end is on the way to it, this server skips no more.
    await until(lambda: state(desk) is ErasureState.ERASED)
    assert find_words(desk, fix_id) == []
    assert desk.shelf() == stock, "sold units stay sold"
    assert await handle(desk, ids.fix(fix_id)).result() == "failed", "there is nothing left to wait for"


async def test_what_was_in_flight_goes_with_the_last_look(desk: FixDesk) -> None:
    desk.shop.client(WHO, now=await desk.now())
    await request_erasure(desk)
    await desk.pass_time(seconds=10)
    assert state(desk) is ErasureState.ERASED
    with write_transaction(desk.shop.engine) as connection:  # as a model's answer that began before would
        row = {"client_id": WHO, "agent": "writer", "prompt_version": "1", "model": "m", "verdict": "ok"}
        connection.execute(model_calls.insert().values(**row, at=await desk.now()))
    assert find_words(desk) == [("model_calls", WHO)]
    await desk.pass_time(minutes=11)
    assert find_words(desk) == []


async def test_a_slip_of_the_hand_erases_nobody(desk: FixDesk) -> None:
    started = await desk.temporal.start_workflow(
        Erasure.run, ErasureInput(client_id="nobody"), id=ids.erasure("nobody"), task_queue=LIFECYCLE_QUEUE
    )
    with pytest.raises(WorkflowFailureError):
        await started.result()
    with read_transaction(desk.shop.engine) as connection:
        assert not connection.scalars(select(tombstones.c.client_hash)).all()
    desk.shop.client("nobody", now=await desk.now())
