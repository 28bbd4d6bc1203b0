"""A campaign simulated by its own workflows: the same ledgers for the same seed, nothing of the shop changed, nothing
that left it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.common.v1 import Payload

from demo.servers import SEARCH_ATTRIBUTES, require_time_skipping
from errors import BadInput, NotAllowed
from hosting.simulation import run_simulation
from keys import PAYLOAD_KEYS, make_payload_key, save_payload_keys
from models.actors import Actor, Channel, Role
from models.campaign_definition import CampaignDefinition
from models.offers import OfferOrder
from models.simulation import SimulationOrder, SimulationReport
from services.campaigns.definitions import save_draft
from services.campaigns.simulation import build_report, prepare_simulation, save_report
from services.campaigns.simulation_lists import list_simulations
from services.offers.lifecycle import save_offer
from store.database import read_transaction
from store.offers.offers import load_offer
from tests.support.ports import free_port
from tests.support.private_data import iterate_all_rows
from tests.support.shop import Shop
from workflows.encryption import PayloadEncryption

pytestmark = pytest.mark.slow
MARKETER = Actor(who="mia", role=Role.MARKETER, channel=Channel.COMMAND)
DEFINITION: dict[str, Any] = {
    "slug": "hello",
    "name": "Hello",
    "holdout": 0,
    "steps": [
        {
            "id": "first",
            "mail": {
                "message": "Our spring edit is in.",
                "variants": [{"name": "short", "share": 0.5, "message": "Light layers have come."}],
            },
        },
        {"id": "rest", "wait": "2d"},
        {"id": "second", "mail": {"message": "The coats are here as well."}},
    ],
}


def fill(shop: Shop, definition: dict[str, Any] = DEFINITION) -> None:
    """Ten clients, one of whom agreed to no mail; the campaign is a draft."""
    now = shop.context.wall()
    for k in range(10):
        shop.client(f"c{k}", now=now, signed_up_at=now - timedelta(days=200), consent=k > 0)
        shop.event(f"c{k}", "order_placed", now - timedelta(days=20 + k), value="80.00", now=now)
    save_draft(shop.engine, MARKETER, CampaignDefinition.model_validate(definition), shop.settings, now, now)


def simulate(shop: Shop, folder: Path, **order: int) -> SimulationReport:
    folder.mkdir()
    wanted = SimulationOrder.model_validate({"days": 5, "clients": 6, **order})
    prepared = prepare_simulation(shop.context, MARKETER, "hello", wanted, folder, free_port())
    asyncio.run(run_simulation(prepared, require_time_skipping(), SEARCH_ATTRIBUTES))
    report = build_report(prepared, 1.0)
    prepared.context.engine.dispose()
    return report


def dump(shop: Shop) -> list[Any]:
    with read_transaction(shop.engine) as connection:
        return sorted(map(repr, iterate_all_rows(connection)))


def test_a_simulation_repeats_itself_and_leaves_the_shop_as_it_was(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop)
    before, sealed, seal = dump(shop), [], PayloadEncryption.encode

    async def count(self: PayloadEncryption, payloads: Sequence[Payload]) -> list[Payload]:
        sealed.append(len(payloads))
        return await seal(self, payloads)

    monkeypatch.setattr(PayloadEncryption, "encode", count)
    first = simulate(shop, tmp_path / "first")
    assert not sealed
    save_payload_keys(shop.settings.home / PAYLOAD_KEYS, [make_payload_key()])
    again = simulate(shop, tmp_path / "again")
    assert sealed, "with a key, its server keeps nothing plain either"
    assert dump(shop) == before
    assert shop.mails() == []
    assert again.ledger == first.ledger
    assert again.fingerprint == first.fingerprint
    assert first.clients == 6
    assert first.audience == 10
    campaign = [mail for mail in first.ledger if mail.campaign == "hello"]
    assert first.sent == len(campaign) == sum(day.sent for day in first.per_day)
    assert {mail.step for mail in campaign} == {"first", "second"}
    assert len({(mail.client_id, mail.step) for mail in campaign}) == len(campaign)
    by_client = {(mail.client_id, mail.step): mail.day for mail in campaign}
    seconds = [day for (_, step), day in by_client.items() if step == "second"]
    assert seconds
    assert all(by_client[c, "second"] >= by_client[c, "first"] + 2 for c, step in by_client if step == "second")
    assert first.samples
    assert all("http" not in sample.text for sample in first.samples)
    save_report(shop.context, MARKETER, first)
    (kept,) = list_simulations(shop.engine, "hello", shop.context.wall()).simulations
    assert kept.report.sent == first.sent
    assert not kept.report.ledger
    assert not kept.report.samples


def test_an_offers_budget_reaches_as_many_as_it_would(shop: Shop, tmp_path: Path) -> None:
    """A draft with room for five of ten clients, of whom six are drawn: three get it, and nobody of the shop."""
    now = shop.context.wall()
    order = OfferOrder(name="Five", code="FIVE5", percent=5, most_clients=5)
    save_offer(shop.engine, MARKETER, "five", order, shop.settings, now, now)
    fill(
        shop, DEFINITION | {"steps": [{"id": "first", "mail": {"message": "Our spring edit is in.", "offer": "five"}}]}
    )
    report = simulate(shop, tmp_path / "copy", days=2)
    assert (report.sent, report.states["dropped"]) == (3, 3), report.states
    assert any("five: approved" in said for said in report.assumptions)
    with read_transaction(shop.engine) as connection:
        offer = load_offer(connection, "five")
    assert (offer.state, offer.given) == ("draft", 0)


def test_what_cannot_be_simulated_is_refused_before_anything_is_copied(shop: Shop, tmp_path: Path) -> None:
    now = shop.context.wall()
    save_draft(shop.engine, MARKETER, CampaignDefinition.model_validate(DEFINITION), shop.settings, now, now)
    viewer = Actor(who="vic", role=Role.VIEWER, channel=Channel.COMMAND)
    with pytest.raises(NotAllowed):
        prepare_simulation(shop.context, viewer, "hello", SimulationOrder(), tmp_path / "a", free_port())
    assert not (tmp_path / "a").exists()
    with pytest.raises(BadInput, match="nobody is in its audience"):
        prepare_simulation(shop.context, MARKETER, "hello", SimulationOrder(), tmp_path / "b", free_port())
