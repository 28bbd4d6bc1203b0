"""A campaign simulated before its launch: seconds for a thousand clients over 90 days, and milliseconds a workflow.

A quarter of the clients with the same days by default, all of them with `--full`; what one costs is the same.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

from demo.servers import SEARCH_ATTRIBUTES, require_time_skipping
from hosting.simulation import run_simulation
from models.actors import SYSTEM
from models.campaign_definition import CampaignDefinition
from models.clients import ClientRow
from models.events import EVENT
from models.simulation import SimulationOrder, SimulationReport
from services.campaigns.definitions import save_draft
from services.campaigns.simulation import build_report, prepare_simulation
from services.clients.registration import upsert_clients
from services.ingestion.intake import accept_events
from store.database import write_transaction
from tests.support.ports import free_port
from tests.support.shop import Shop, a_shop

CLIENTS: Final = 1_000
DAYS: Final = 90
DEFINITION: Final[dict[str, Any]] = {
    "slug": "spring",
    "name": "Spring",
    "steps": [
        {"id": "hello", "mail": {"message": "Our spring edit is in: light layers."}},
        {"id": "rest", "wait_for": {"event": "item_viewed", "within": "2w", "then": "more", "otherwise": "end"}},
        {"id": "more", "branch": {"when": {"tags": ["vip"]}, "then": "call", "otherwise": "end"}},
        {"id": "call", "call": {}},
    ],
}
"""One mail at most, a wait, a branch and a call."""


def measure() -> dict[str, float]:
    """Measure with 250 clients, or 1,000."""
    clients = CLIENTS if "--full" in sys.argv else CLIENTS // 4
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as folder:
        shop = a_shop(Path(folder) / "home")
        try:
            fill(shop, clients)
            report = simulate(shop, Path(folder), clients)
        finally:
            shop.sink.stop()
            shop.engine.dispose()
    mails = report.sent + report.other_sent
    print(
        f"  {report.workflows:,} workflows, {mails:,} mails of {clients:,} clients in {report.seconds:.0f} s",
        file=sys.stderr,
    )
    return {
        "simulate_ms_per_workflow": round(report.seconds / report.workflows * 1_000, 1),
        "simulate_1000_clients_90_days_s": round(report.seconds * CLIENTS / clients, 1),
        "simulate_mails_per_client": round(mails / clients, 2),
    }


def fill(shop: Shop, clients: int) -> None:
    """Make clients who ordered in the last months, and a draft."""
    random, now = Random(7), shop.context.wall()
    rows = [
        ClientRow(
            client_id=f"c{k:04}",
            email=f"c{k:04}@example.com",
            first_name="Ana",
            time_zone=random.choice(("UTC", "Europe/Berlin", "America/New_York")),
            signed_up_at=now - timedelta(days=random.randint(100, 900)),
            consent=True,
            tags=("vip",) if k % 10 == 0 else (),
        )
        for k in range(clients)
    ]
    told = [
        EVENT.validate_python(
            {
                "event_id": f"{row.client_id}.{kind}.{k}",
                "client_id": row.client_id,
                "type": kind,
                "item_id": f"item{random.randrange(24):02}",
                "occurred_at": now - timedelta(days=random.uniform(1, 90)),
                **({"value": "80.00"} if kind == "order_placed" else {}),
            }
        )
        for row in rows
        for k, kind in enumerate(("order_placed", "item_viewed", "item_viewed"))
    ]
    with write_transaction(shop.engine) as connection:
        upsert_clients(connection, rows, shop.terms, now, now, start=False)
        accept_events(connection, told, shop.terms, now, now, notify=False)
    save_draft(shop.engine, SYSTEM, CampaignDefinition.model_validate(DEFINITION), shop.settings, now, now)


def simulate(shop: Shop, folder: Path, clients: int, days: int = DAYS) -> SimulationReport:
    """Simulate the draft, from the copy to the report."""
    begun = time.monotonic()
    order = SimulationOrder(days=days, clients=clients)
    copy = folder / "copy"
    copy.mkdir()
    prepared = prepare_simulation(shop.context, SYSTEM, "spring", order, copy, free_port())
    asyncio.run(run_simulation(prepared, require_time_skipping(), SEARCH_ATTRIBUTES))
    report = build_report(prepared, time.monotonic() - begun)
    prepared.context.engine.dispose()
    return report
