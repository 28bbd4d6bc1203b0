"""The latest simulation stands beside what came to be, day for day, and at last by the last day of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert

from models.campaign import CampaignSpec
from models.simulation import ResponseModel, ResponseRate, SimulatedDay, SimulationReport, dump_stored
from services.campaigns.simulation_lists import list_simulations
from store.campaigns import campaigns, simulations
from store.database import write_transaction
from store.tables import enrolments, events, outreaches
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
    [
        (0, 1, 100.0),
        (1, 1, 100.0),
        (24, 1, 100.0),
        (25, 2, 200.0),
        (120, 5, 500.0),
        (121, 6, 500.0),
        (2400, 100, 500.0),
    ],
)
def test_it_is_compared_day_for_day(shop: Engine, hours: int, day: int, simulated: float) -> None:
    found = list_simulations(shop, "spring", NOW + hours * HOUR)
    assert (found.day, found.compared_day) == (day, min(day, 5))
    assert {row.name: row.simulated for row in found.compared}.get("mails") == simulated


@SQLITE
def test_what_came_after_its_days_does_not_count(shop: Engine) -> None:
    """Two clients of the first day, mailed then; one clicks then, one on day six. A third comes later."""
    mail = {"kind": "campaign", "campaign": "spring", "assessment_id": "a1", "score": 50.0, "phase": "active", "n": 1}
    mail |= {"reason_key": "campaign:spring:1", "state": "sent", "created_at": NOW}
    place = {"campaign": "spring", "entry": "1", "state": "completed", "code": "", "arm": "treated"}
    with write_transaction(shop) as connection:
        for client_id, left, clicked in (("a", 12, 30), ("b", 12, 130), ("c", 130, 131)):
            at = NOW + left * HOUR
            connection.execute(insert(enrolments), place | {"client_id": client_id, "enrolled_at": at, "at": at})
            connection.execute(insert(outreaches), mail | {"client_id": client_id, "updated_at": at, "sent_at": at})
            moment, data = NOW + clicked * HOUR, {"outreach": f"{client_id}.1"}
            click = insert(events).values(event_id=client_id, client_id=client_id, type="email_clicked", data=data)
            connection.execute(click.values(occurred_at=moment))
    week = list_simulations(shop, "spring", NOW + 168 * HOUR)
    assert {row.name: row.actual for row in week.compared} == {"mails": 1_000.0, "clicks": 500.0, "unsubscribes": 0.0}
