"""Parts of a broadcast decide about each client as the client's own workflow does: the same clients, both ways."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.broadcasts import Stage, draw_clients
from tests.support.sending import find_noon
from tests.support.shop import a_shop

NOON = find_noon()
CLIENTS = 80
NEVER = 10**9


def list_texts(stage: Stage) -> dict[str, Any]:
    """The text of each mail that was sent, and the facts that it rests on."""
    sent = [row for row in stage.shop.ledger() if row.state == "sent" and row.draft]
    return {row.client_id: (row.draft, (row.brief or {})["facts"], (row.brief or {})["items"]) for row in sent}


@pytest.mark.parametrize(("database", "holdout"), [("sqlite", 0.3), ("postgresql", 0.0)])
async def test_a_part_decides_as_each_clients_own_workflow_does(
    tmp_path: Path, request: pytest.FixtureRequest, database: str, holdout: float
) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    given: dict[str, Any] = {"shop_time_zone": "UTC", "holdout_share": holdout}
    singly = Stage(a_shop(tmp_path / "singly", **given), NOON, broadcast_from=NEVER)
    url = "" if database == "sqlite" else request.getfixturevalue("postgres_url")
    in_parts = Stage(a_shop(tmp_path / "parts", **given, database_url=url), NOON, broadcast_from=1)
    try:
        for stage in (singly, in_parts):
            draw_clients(stage.shop, CLIENTS, seed, NOON)
            stage.begin_campaign(audience={"tags": ["all"]}, control_share=0.1, priority=55)
        nudged = singly.list_nudged()
        for client_id in nudged:
            await singly.send_singly(client_id)
        assert in_parts.list_nudged() == [], "who waits for a part is not nudged"
        parts = await in_parts.send_parts()
        alone = singly.read_verdicts()
        sent = {client_id for client_id, verdict in alone.items() if verdict[2] == "sent"}
        in_part = {client_id for client_id, verdict in in_parts.read_verdicts().items() if verdict[2] == "sent"}
        assert in_part == sent
        assert sum(part.taken for part in parts) == len(nudged)
        left = set(in_parts.list_nudged())
        assert left >= set(nudged) - sent, "whom the part did not mail, their own workflow looks at"
        for client_id in sorted(left - sent):
            await in_parts.send_singly(client_id)
        assert in_parts.read_verdicts() == alone
        print(Counter(verdict[:4] for verdict in alone.values()))
        assert list_texts(in_parts) == list_texts(singly), "each mail reads as it does where it is written alone"
        assert len(sent) > 3
        assert {mail.headers["Message-ID"] for mail in in_parts.shop.mails()} == {
            row.message_id for row in in_parts.shop.ledger() if row.message_id and row.state == "sent"
        }
    finally:
        for stage in (singly, in_parts):
            stage.shop.sink.stop()
            stage.shop.engine.dispose()
