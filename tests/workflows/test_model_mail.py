"""A mail that a model writes, over the real wire: written, reviewed, approved or not, and never worse than our own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from pydantic import SecretStr
from sqlalchemy import select
from temporalio.client import WorkflowUpdateFailedError
from temporalio.testing import WorkflowEnvironment

import cli
from hosting.dispatch import Dispatcher
from models.outreach import OutreachDecision, OutreachStatus
from store.database import read_transaction
from store.tables import model_calls
from tests.doubles.chat_answers import HOSTILE
from tests.doubles.chat_server import ChatServer
from tests.support.shop import Shop, a_shop
from tests.support.site import build_transport
from tests.support.temporal import new_time_skipping
from workflows import ids


@pytest.fixture
def model() -> Iterator[ChatServer]:
    with ChatServer(retry_after="1") as server:
        yield server


@pytest.fixture
def shop(tmp_path: Path, model: ChatServer) -> Iterator[Shop]:
    new_shop = a_shop(
        tmp_path / "home",
        quiet_from_hour=0,
        quiet_until_hour=0,
        llm_base_url=model.base_url,
        llm_api_key=SecretStr("test-key"),
        llm_timeout_s=2.0,
        llm_calls_per_client_day=100,
    )
    try:
        yield new_shop
    finally:
        new_shop.sink.stop()
        new_shop.engine.dispose()


@pytest_asyncio.fixture
async def env(shop: Shop) -> AsyncIterator[WorkflowEnvironment]:
    async with new_time_skipping() as env, shop.run_workers(env.client) as dispatcher:
        shop.client("m1", now=await env.get_current_time())
        await dispatcher.send_batch()
        yield env


async def row_after(env: WorkflowEnvironment, shop: Shop, **span: float) -> Any:
    await env.sleep(timedelta(**span))
    (row,) = shop.ledger("m1")
    return row


def verdicts(shop: Shop) -> list[tuple[str, str]]:
    with read_transaction(shop.engine) as connection:
        rows = connection.execute(select(model_calls.c.agent, model_calls.c.verdict).order_by(model_calls.c.id))
        return [(row.agent, row.verdict) for row in rows]


async def test_a_good_model_s_mail_is_written_reviewed_scheduled_and_sent(env: WorkflowEnvironment, shop: Shop) -> None:
    row = await row_after(env, shop, hours=1)
    assert (row.state, row.composed_by) == ("sent", "model")
    assert verdicts(shop) == [("writer", "ok"), ("reviewer", "ok"), ("scheduler", "ok")]
    assert shop.steps("m1", 1) == [
        *("briefed", "picked", "drafted", "in_review", "in_review", "scheduled", "claimed", "data", "sent")
    ]
    assert "A short selection" in shop.mails()[0].subject


class TestADownModel:
    @pytest.fixture
    def model(self, model: ChatServer) -> ChatServer:
        model.always("writer", "error")
        return model

    async def test_gives_way_to_the_house_writer_who_says_so(self, env: WorkflowEnvironment, shop: Shop) -> None:
        row = await row_after(env, shop, hours=3)
        assert (row.state, row.composed_by) == ("sent", "house")
        assert len(verdicts(shop)) == 6, "six attempts, each on record"


class TestAHostileModel:
    @pytest.fixture(params=["link", "price", "wrong_name", "wrong_item", "refusal", "truncated", "malformed"])
    def model(self, request: pytest.FixtureRequest, model: ChatServer) -> ChatServer:
        model.always("writer", request.param)
        return model

    async def test_changes_nothing_that_is_sent(self, env: WorkflowEnvironment, shop: Shop) -> None:
        row = await row_after(env, shop, hours=3)
        assert row.state == "sent"
        assert (row.composed_by, row.prompt_version) != ("", "")
        (mail,) = shop.mails()
        for spoilt in ("evil.example", "£20", "Beatrice", "not-picked"):
            assert spoilt not in mail.html + mail.text


class TestModelsThatMisbehaveInEveryWay:
    """Many clients at once, each written to by a writer of another kind, with a reviewer that agrees to all."""

    CLIENTS = 6

    @pytest.fixture
    def model(self, model: ChatServer) -> ChatServer:
        for behaviour in ("no_items", "wrong_item", "two_calls", "refusal", "truncated", "negative_usage"):
            model.next("writer", behaviour)
        model.always("writer", "hostile")
        return model

    async def test_nothing_hostile_reaches_a_mailbox_and_each_failure_is_counted_as_it_is(
        self, env: WorkflowEnvironment, shop: Shop, model: ChatServer
    ) -> None:
        for number in range(2, self.CLIENTS + 1):
            shop.client(f"m{number}", now=await env.get_current_time())
        await Dispatcher(env.client, shop.engine, per_second=1_000).send_batch()
        for _ in range(3):
            await env.sleep(timedelta(hours=1))
        mails = shop.mails()
        assert len({mail.recipient for mail in mails}) == self.CLIENTS
        said = "\n".join(f"{mail.subject}\n{mail.text}\n{mail.html}" for mail in mails)
        assert [text for text in HOSTILE if text.rstrip(".") in said] == []
        assert "not-picked" not in said
        found = {verdict for agent, verdict in verdicts(shop) if agent == "writer"}
        assert found >= {"ungrounded", "two_calls", "model_refused", "truncated", "mended"}, found
        assert REGISTRY.get_sample_value("selvedge_model_faults_total", {"fault": "impossible_usage"}) == 1
        with read_transaction(shop.engine) as connection:
            tokens = connection.scalars(select(model_calls.c.tokens_in)).all()
        assert min(tokens) > 0


class TestAReviewerWhoWantsARevision:
    @pytest.fixture
    def model(self, model: ChatServer) -> ChatServer:
        model.next("reviewer", "revise")
        return model

    async def test_gets_one(self, env: WorkflowEnvironment, shop: Shop) -> None:
        row = await row_after(env, shop, hours=1)
        assert (row.state, row.composed_by, row.attempt) == ("sent", "model", 2)


class TestAReviewerWhoNeverApproves:
    @pytest.fixture
    def model(self, model: ChatServer) -> ChatServer:
        model.always("reviewer", "revise")
        return model

    async def test_gets_the_house_writer(self, env: WorkflowEnvironment, shop: Shop) -> None:
        row = await row_after(env, shop, hours=1)
        assert (row.state, row.composed_by) == ("sent", "house")


class TestAReviewerWhoRejects:
    @pytest.fixture
    def model(self, model: ChatServer) -> ChatServer:
        model.always("reviewer", "reject")
        return model

    async def test_has_a_person_decide(self, env: WorkflowEnvironment, shop: Shop) -> None:
        row = await row_after(env, shop, hours=1)
        assert row.state == "awaiting_person"
        outreach = env.client.get_workflow_handle(ids.outreach("m1", 1))
        with pytest.raises(WorkflowUpdateFailedError):
            await outreach.execute_update("decide", OutreachDecision(verdict="edit"))
        decision = OutreachDecision(verdict="approve", by="ana")
        status = await outreach.execute_update("decide", decision, result_type=OutreachStatus)
        assert status.code == "approved_by_person"
        row = await row_after(env, shop, hours=1)
        assert row.state == "sent"

    async def test_and_the_draft_is_edited_at_the_desk_by_api_and_command_and_delivered(
        self, env: WorkflowEnvironment, shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await env.sleep(timedelta(hours=1))
        monkeypatch.setenv("SELVEDGE_HOME", str(shop.settings.home))
        monkeypatch.setenv("SELVEDGE_QUIET_FROM_HOUR", "0")
        monkeypatch.setenv("SELVEDGE_QUIET_UNTIL_HOUR", "0")

        async def run_command(*words: str) -> tuple[int, str]:
            monkeypatch.setattr(sys, "argv", ["selvedge", "drafts", *words])
            status = await asyncio.to_thread(cli.run)
            out, err = capsys.readouterr()
            return status, out + err

        site = build_transport(shop.settings)
        key = {"Authorization": f"Bearer {shop.settings.keys.api}"}
        async with httpx.AsyncClient(transport=site, base_url="http://127.0.0.1:8000", headers=key) as api:
            (entry,) = (await api.get("/v1/drafts")).json()["drafts"]
            assert (entry["draft_id"], entry["why"]) == ("m1:1", "refused")
            draft = (await api.get("/v1/drafts/m1:1")).json()
            assert draft["remarks"][0]["what"] == "Not fitting."
            number = [s["number"] for s in draft["sentences"] if s["where"] == "paragraphs[0]"][-1]
            wrong = {"changes": [{"sentence": number, "text": "A discount waits for you."}], "by": "eve"}
            checked = (await api.post("/v1/drafts/m1:1/check", json={"changes": wrong["changes"]})).json()
            assert [fault["sentence"] for fault in checked["faults"]] == [number]
            refused = await api.post("/v1/drafts/m1:1/edit", json=wrong)
            assert (refused.status_code, "“discount”" in refused.json()["error"]["message"]) == (422, True)
            right = {"changes": [{"sentence": number, "text": "These are the pieces that we chose for you."}]}
            assert (await api.post("/v1/drafts/m1:1/edit", json=right | {"by": "eve"})).status_code == 200
            status, told = await run_command("edit", "m1:1", "--sentence", "1", "--text", "Free shoes for you")
            assert (status, "“free”" in told.lower()) == (1, True), told
            status, told = await run_command("edit", "m1:1", "--sentence", "1", "--text", "Pieces chosen for you")
            assert status == 0, told
            status, told = await run_command("show", "m1:1", "--transcript")
            for line in ("writer: ok", "reviewer: ok", "Not fitting."):
                assert line in told
            assert (await run_command("approve", "m1:1", "--by", "eve"))[0] == 0
            late = await api.post("/v1/drafts/m1:1/decision", json={"verdict": "reject", "reason": "dull", "by": "ann"})
            assert (late.status_code, "eve approved" in late.json()["error"]["message"]) == (409, True)
        await Dispatcher(env.client, shop.engine, per_second=1_000).send_batch()
        row = await row_after(env, shop, hours=1)
        assert (row.state, row.composed_by) == ("sent", "person")
        (mail,) = shop.mails()
        assert mail.subject == "Pieces chosen for you"
        assert "These are the pieces that we chose for you." in mail.text
        history = await env.client.get_workflow_handle(ids.outreach("m1", 1)).fetch_history()
        assert "chosen" not in history.to_json()

    async def test_and_nobody_s_decision_is_a_no(self, env: WorkflowEnvironment, shop: Shop) -> None:
        await env.sleep(timedelta(days=8))
        first, second = shop.ledger("m1")
        assert (first.state, first.code) == ("rejected", "nobody_decided")
        assert second.kind == "quiz", "a mail that awaits a person gives up the turn"


class TestASchedulerWhoIsDown:
    @pytest.fixture
    def model(self, model: ChatServer) -> ChatServer:
        model.always("scheduler", "late")
        return model

    async def test_costs_the_proposal_not_the_mail(self, env: WorkflowEnvironment, shop: Shop) -> None:
        row = await row_after(env, shop, hours=1)
        assert (row.state, row.composed_by) == ("sent", "model")
