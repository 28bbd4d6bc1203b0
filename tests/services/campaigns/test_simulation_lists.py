"""The latest simulation stands beside what came to be, day for day, and no longer than it was simulated."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from models.campaign import CampaignSpec
from models.simulation import ResponseModel, ResponseRate, SimulatedDay, SimulationReport, dump_stored
from services.campaigns.simulation_lists import list_simulations
from store.campaigns import campaigns, simulations
from store.database import write_transaction
from tests.store.conftest import NOW

HOUR = timedelta(hours=1)
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def shop(engine: Engine) -> Engine:
    """A campaign of which five days were simulated, a mail a day to ten clients."""
    rate = ResponseRate(name="r", rate=0.1, source="assumption", said="so")
    model = ResponseModel(opens=rate, clicks=rate, orders=rate, unsubscribes=rate)
    days = tuple(SimulatedDay(day=day, sent=1) for day in range(1, 6))
    told = {"starts_on": NOW.date(), "days": 5, "clients": 10, "audience": 10, "states": {"completed": 10}}
    report = SimulationReport(slug="spring", seed=1, model=model, per_day=days, **told)
    with write_transaction(engine) as connection:
        campaigns.create_campaign(connection, CampaignSpec(slug="spring", name="Spring"), NOW)
        simulations.save_simulation(connection, "s1", "spring", "mia", dump_stored(report), NOW)
    return engine


@SQLITE
def test_before_the_start_there_is_nothing_to_compare(shop: Engine) -> None:
    with write_transaction(shop) as connection:
        campaigns.update_campaign(connection, "spring", NOW, started_at=None)
    found = list_simulations(shop, "spring", NOW)
    assert (len(found.simulations), found.day, found.compared) == (1, 0, ())


@SQLITE
@pytest.mark.parametrize(
    ("hours", "day", "simulated"),
    [(0, 1, 100.0), (1, 1, 100.0), (24, 1, 100.0), (25, 2, 200.0), (120, 5, 500.0), (121, 6, None), (2400, 100, None)],
)
def test_it_is_compared_until_its_days_are_over(shop: Engine, hours: int, day: int, simulated: float | None) -> None:
    found = list_simulations(shop, "spring", NOW + hours * HOUR)
    assert found.day == day
    assert {row.name: row.simulated for row in found.compared}.get("mails") == simulated
