"""With a key, Temporal keeps nothing of a client's way to a mail that it could read; everybody of ours can."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from temporalio.client import Client

import cli
from keys import PAYLOAD_KEYS, make_payload_key, save_payload_keys
from models.states import OutreachState
from tests.support.forks import fork_workers
from tests.support.shop import Shop, enter_shop
from workflows import ids
from workflows.encryption import ENCODING

ENCODED = base64.b64encode(ENCODING).decode()
PLAIN = {"searchAttributes", "data"}
"""What Temporal itself reads, and the SDK's own notes of a local activity."""


async def test_temporal_reads_nothing_and_a_worker_and_a_command_do(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_payload_keys(shop.settings.home / PAYLOAD_KEYS, [make_payload_key()])
    with fork_workers(shop.settings, tmp_path_factory.mktemp("worker")) as workers:
        workers.start().wait_until_up()
        shop.client("secretive")
        until = time.monotonic() + 120
        while [row.state for row in shop.ledger()] != [OutreachState.SENT]:
            assert time.monotonic() < until, shop.ledger()
            await asyncio.sleep(0.1)
        enter_shop(monkeypatch, shop.settings)
        status = await asyncio.to_thread(CliRunner().invoke, cli.selvedge, ["client", "status", "secretive"])
        assert status.exit_code == 0, status.output
        assert "onboarding" in status.output, "the answer of a query"
    outsider = await Client.connect(shop.settings.temporal_address)
    for workflow_id in (ids.client("secretive"), ids.outreach("secretive", 1)):
        history = json.loads((await outsider.get_workflow_handle(workflow_id).fetch_history()).to_json())
        payloads = list(find_payloads(history["events"]))
        assert len(payloads) > 4
        assert {payload["metadata"]["encoding"] for payload in payloads} == {ENCODED}


def find_payloads(node: Any) -> Iterator[Any]:
    """Every payload that somebody of ours wrote."""
    if isinstance(node, dict):
        if "metadata" in node:
            yield node
            return
        for name, value in node.items():
            if name not in PLAIN:
                yield from find_payloads(value)
    elif isinstance(node, list):
        for value in node:
            yield from find_payloads(value)
