"""Signals as a clumsy or hostile sender makes them, by the stock CLI, on the real server: refused, and nobody stands
still."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from temporalio.client import Client

from demo.servers import require_temporal
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer
from workflows import handles, ids

CLIENT, CAMPAIGN = ids.client("target"), ids.campaign("target")


@dataclass
class Target:
    """A shop with one client and one campaign, both alive on the dev server."""

    shop: Shop
    client: Client
    address: str

    async def cli(self, *words: str) -> str:
        """What the stock CLI says on standard error; it must come back in time."""
        command = [str(require_temporal()), "workflow", *words, "--address", self.address]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=20)
        return done.stderr

    async def signal(self, workflow_id: str, name: str, *words: str) -> None:
        assert not await self.cli("signal", "--workflow-id", workflow_id, "--name", name, *words)

    async def answer(self, workflow_id: str) -> dict[str, Any]:
        query = "status" if workflow_id == CLIENT else "progress"
        handle = self.client.get_workflow_handle(workflow_id)
        answer: dict[str, Any] = await asyncio.wait_for(handle.query(query), 60)
        return answer


@pytest_asyncio.fixture
async def target(tmp_path: Path, dev_server: DevServer) -> AsyncIterator[Target]:
    shop = a_shop(tmp_path / "home", temporal_address=dev_server.address, quiet_from_hour=0, quiet_until_hour=0)
    client = await handles.connect(dev_server.address, "default")
    shop.client("target")
    shop.campaign("target", datetime.now(UTC), audience={"tags": ["nobody"]})
    try:
        async with shop.run_workers(client) as dispatcher:
            while await dispatcher.send_batch():
                pass
            yield Target(shop, client, dev_server.address)
            for workflow_id in (CLIENT, CAMPAIGN):
                with suppress(Exception):
                    await client.get_workflow_handle(workflow_id).terminate()
    finally:
        shop.sink.stop()
        shop.engine.dispose()


@pytest.mark.parametrize("workflow_id", [CLIENT, CAMPAIGN])
async def test_two_inputs_are_refused_and_the_workflow_lives_on(target: Target, workflow_id: str) -> None:
    await target.signal(workflow_id, "pause", "--input", '{"reason": "a"}', "--input", '{"reason": "b"}')
    answer = await target.answer(workflow_id)
    assert answer["refused_signals"] == ["pause: input: more than one"]
    await target.signal(workflow_id, "adjust", "--input", '{"throughput_per_minute": 7, "max_mails_per_week": 1}')
    assert len((await target.answer(workflow_id))["refused_signals"]) == 2


@pytest.mark.parametrize("workflow_id", [CLIENT, CAMPAIGN])
async def test_a_huge_unknown_field_is_refused_in_few_words(target: Target, workflow_id: str, tmp_path: Path) -> None:
    """Refusals go into every later run's input, and into the log."""
    order = tmp_path / "order.json"
    order.write_text(json.dumps({"ana@example.com" * 100_000: 1}))
    await target.signal(workflow_id, "pause", "--input-file", str(order))
    assert (await target.answer(workflow_id))["refused_signals"] == ["pause: input: extra_forbidden"]


@pytest.mark.parametrize(
    ("workflow_id", "name", "order", "refusal"),
    [
        (CLIENT, "adjust", {"not_before": "0001-01-01T00:00:00+14:00"}, "adjust: not_before: value_error"),
        (CLIENT, "adjust", {"not_before": "9999-12-31T23:59:59Z"}, "adjust: not_before: value_error"),
        (CLIENT, "adjust", {"max_mails_per_wek": 1}, "adjust: input: extra_forbidden"),
        (CLIENT, "adjust", {}, "adjust: input: empty"),
        (CAMPAIGN, "adjust", {"ends_at": "0001-01-01T00:00:00+14:00"}, "adjust: ends_at: value_error"),
        (CAMPAIGN, "adjust", {"ends_at": "9999-12-31T23:59:59-12:00"}, "adjust: ends_at: value_error"),
    ],
)
async def test_a_moment_or_field_that_cannot_be_is_refused(
    target: Target, workflow_id: str, name: str, order: dict[str, Any], refusal: str
) -> None:
    await target.signal(workflow_id, name, "--input", json.dumps(order))
    assert (await target.answer(workflow_id))["refused_signals"] == [refusal]


async def test_what_cannot_be_read_at_all_is_dropped_and_the_workflow_lives_on(target: Target, tmp_path: Path) -> None:
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 5_000 + "]" * 5_000)
    await target.signal(CLIENT, "pause", "--input-file", str(deep))
    await target.signal(CLIENT, "pause", "--input", "x", "--input-meta", "encoding=bogus")
    await target.signal(CLIENT, "no_such_signal", "--input", "1")
    assert (await target.answer(CLIENT))["held"] == []


@pytest.mark.parametrize(
    "words", [["5"], ["{}"], [], ["null"], ['{"max_mails_per_week": 99}'], ["1", "2"], ['{"nonsense": 1}']]
)
@pytest.mark.parametrize("workflow_id", [CLIENT, CAMPAIGN])
async def test_an_update_of_a_wrong_shape_is_refused_to_the_caller_s_face(
    target: Target, workflow_id: str, words: list[str]
) -> None:
    inputs = [part for word in words for part in ("--input", word)]
    stderr = await target.cli("update", "execute", "--workflow-id", workflow_id, "--name", "set_policy", *inputs)
    assert "unable to update workflow" in stderr
    assert (await target.answer(workflow_id))["refused_signals"] == []


@pytest.mark.parametrize("words", [["5"], ["null"], [], ['{"fix_id": "a/b"}'], ["1", "2"]])
async def test_a_request_for_a_fix_of_a_wrong_shape_holds_nobody_up(target: Target, words: list[str]) -> None:
    inputs = [part for word in words for part in ("--input", word)]
    stderr = await target.cli("update", "execute", "--workflow-id", CLIENT, "--name", "request_fix", *inputs)
    assert "unable to update workflow" in stderr
    await target.answer(CLIENT)
