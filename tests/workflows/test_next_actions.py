"""A drifting client's life where a policy chooses: no mail, or a call in its place, and mail once it was made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from temporalio.testing import WorkflowEnvironment

from models.actors import SYSTEM
from models.calls import CallDecision
from services.calls.decisions import decide_call
from store.clients import calls
from store.database import read_transaction
from tests.support.algorithms import install_algorithm, write_policy_file
from tests.support.histories import decode
from tests.support.shop import a_shop
from tests.workflows.test_year import Year
from workflows.lifecycle import ClientLifecycle

CANARY = "Canarina"
SAYS = """
from pathlib import Path
slot, version = "next_action", "1"

def answer(question):
    return {{"action": Path({file!r}).read_text(), "uplift": 0.1}}
"""


def wants(file: Path, action: str) -> None:
    """What the algorithm answers from now on."""
    file.write_text(action)


@pytest.mark.parametrize("action", ["nothing", "stylist_call"])
async def test_a_policy_chooses_for_a_client_who_drifts(
    time_skipping: WorkflowEnvironment, tmp_path: Path, action: str
) -> None:
    shop = a_shop(tmp_path / "home", stylist_calls_a_day=1, stylist_call_days=30.0)
    action_file = tmp_path / "action"
    wants(action_file, action)
    install_algorithm(shop.settings.home / "algorithms", "says", source=SAYS.format(file=str(action_file)))
    write_policy_file(shop.settings.home, '[slots.next_action]\nchampion = "says"\ndeadline_ms = 10000\n')
    try:
        async with shop.run_workers(time_skipping.client) as dispatcher:
            year = Year(time_skipping, shop, dispatcher, action)
            address = f"{CANARY.lower()}.{action}@example.com"
            shop.client(action, now=await year.now(), first_name=CANARY, email=address)
            await dispatcher.send_batch()
            await year.pass_time(1.5)
            await year.add_event("order_placed", item_id="item03", value="60.00", currency="USD")
            assert year.kinds() == ["welcome"]  # what the client did is answered, whatever the policy
            await year.pass_time(140)
            status = await year.handle.query(ClientLifecycle.status)
            details = await year.handle.query("__temporal_workflow_metadata")
            if action == "nothing":
                await _check_nothing(year, status.why_not)
            else:
                await _check_call(year, status.why_not, action_file)
            assert status.why_not in details.current_details
            history = str(decode(json.loads((await year.handle.fetch_history()).to_json())))
            assert f"{action} by says 1" in history
            assert CANARY not in history
            assert CANARY.lower() not in history
    finally:
        shop.sink.stop()
        shop.engine.dispose()


async def _check_nothing(year: Year, why_not: str) -> None:
    assert "your policy said that mail would not help now" in why_not
    await year.pass_time(120)
    assert year.kinds() == ["welcome"]


async def _check_call(year: Year, why_not: str, action_file: Path) -> None:
    assert "a stylist is to call the client" in why_not
    with read_transaction(year.shop.engine) as connection:
        [row] = calls.list_calls(connection, "open")
    assert (row.client_id, row.reason) == (year.client_id, "missed")
    await year.pass_time(10)
    assert year.kinds() == ["welcome"]
    wants(action_file, "email")
    now = await year.now()
    decide_call(year.shop.engine, SYSTEM, row.call_id, CallDecision(verdict="reached"), now, datetime.now(UTC))
    while await year.dispatcher.send_batch():
        pass
    await year.pass_time(1)
    assert year.kinds()[:2] == ["welcome", "new_in"]
