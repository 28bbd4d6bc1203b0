"""Parts of a broadcast: budgets hold in a batch, what a dead worker left is taken up, and who hears of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select, update

from bench.campaigns import fill
from domain.broadcasts import BROADCAST
from mail.faulty_sink import SmtpFault
from mail.message import EnvelopeBuilder
from models.actors import SYSTEM, Actor, Channel, Role
from models.campaign import CampaignCommand
from models.campaign_definition import CampaignDefinition
from models.offers import OfferOrder
from services.broadcasts.planning import BroadcastPlanner
from services.broadcasts.writing import BroadcastWriter
from services.campaigns import rounds
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from services.campaigns.people import list_people
from services.campaigns.steering import steer_campaign
from services.mailing.composition import MailComposer
from services.mailing.sending_in_bulk import SendAttempt, pass_send_gates
from services.offers.lifecycle import approve_offer, save_offer
from services.offers.views import show_offer
from store.campaigns import campaigns
from store.clients import assessments
from store.database import read_transaction, write_transaction
from store.tables import clients
from tests.support.broadcasts import Stage
from tests.support.sending import find_noon
from tests.support.shop import a_shop

NOON = find_noon()
OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)
CLIENTS = 12


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    shop = a_shop(tmp_path / "home", shop_time_zone="UTC")
    fill(shop, CLIENTS, "c")
    yield Stage(shop, NOON)
    shop.sink.stop()
    shop.engine.dispose()


def count_mails(stage: Stage) -> Counter[tuple[str, str]]:
    return Counter((row.state, row.code) for row in stage.shop.ledger())


async def test_an_offers_budget_holds_within_a_batch(stage: Stage) -> None:
    last = (NOON + timedelta(days=60)).date()
    order = OfferOrder(name="Ten", code="TEN-10", amount=Decimal(10), until=last, most_clients=5)
    settings, engine = stage.shop.settings, stage.shop.engine
    save_offer(engine, OWNER, "ten", order, settings, NOON, NOON)
    approve_offer(engine, OWNER, "ten", settings, NOON, NOON)
    stage.begin_campaign(offer="ten")
    await stage.send_parts()
    assert count_mails(stage) == {("sent", ""): 5, ("suppressed", "offer_spent"): CLIENTS - 5}
    assert show_offer(engine, "ten", settings, NOON).figures.sent == 5


async def test_two_ids_of_one_mailbox_share_its_cap_within_a_batch(stage: Stage) -> None:
    """Two campaigns enrol one id of a mailbox each; of the two mails that are ready together, one leaves."""
    with write_transaction(stage.shop.engine) as connection:
        box = connection.scalar(select(clients.c.mailbox).where(clients.c.client_id == "c1"))
        for who, tag in (("c1", "one"), ("c2", "two")):
            one = update(clients).where(clients.c.client_id == who)
            connection.execute(one.values(mailbox=box, email="c1@example.com", tags=[tag]))
    attempts = []
    for tag in ("one", "two"):
        stage.begin_campaign(tag, audience={"tags": [tag]})
        attempts += write(stage, tag)
    with write_transaction(stage.shop.engine) as connection:
        passed = pass_send_gates(stage.context, connection, attempts, timedelta(seconds=60))
    assert sorted(passed) == [False, True]


def write(stage: Stage, slug: str = "all") -> list[SendAttempt]:
    """Begin, write and claim a part, and go no further."""
    part = BroadcastPlanner(stage.context, stage.decider).begin(slug, stage.now)
    composer = MailComposer(stage.context, stage.recommender, stage.decider)
    writer = BroadcastWriter(stage.context, composer, EnvelopeBuilder.from_settings(stage.shop.settings))
    return writer.write(part.keys, stage.now)


@pytest.mark.parametrize("died", ["begun", "claimed", "in data"])
async def test_what_a_dead_worker_left_is_taken_up_when_its_lease_is_over(stage: Stage, died: str) -> None:
    stage.begin_campaign()
    if died == "begun":
        BroadcastPlanner(stage.context, stage.decider).begin("all", stage.now)
    else:
        attempts = write(stage)
        if died == "in data":
            with write_transaction(stage.shop.engine) as connection:
                assert all(pass_send_gates(stage.context, connection, attempts, timedelta(seconds=11)))
    assert stage.run_round().lanes == 0, "it may be at work still"
    assert await stage.send_parts() == []
    later = Stage(stage.shop, NOON + timedelta(minutes=5))
    assert later.run_round().lanes == 1
    await later.send_parts()
    if died == "in data":
        assert count_mails(later) == {("unknown", "lost_in_data"): CLIENTS}
        assert len(later.list_nudged()) == CLIENTS
    else:
        assert count_mails(later) == {("sent", ""): CLIENTS}
    assert len(later.shop.mails()) == (0 if died == "in data" else CLIENTS)


async def test_a_mail_that_was_lost_while_it_was_sent_counts_as_unknown(stage: Stage) -> None:
    stage.begin_campaign()
    stage.shop.sink.faults.plan(SmtpFault("text", hang_up=True))
    before = REGISTRY.get_sample_value("selvedge_mails_total", {"outcome": "unknown"}) or 0
    await stage.send_parts()
    assert count_mails(stage) == {("sent", ""): CLIENTS - 1, ("unknown", "smtp_lost"): 1}
    assert REGISTRY.get_sample_value("selvedge_mails_total", {"outcome": "unknown"}) == before + 1


async def test_an_attempt_that_was_overtaken_begins_nothing(stage: Stage) -> None:
    stage.begin_campaign()
    attempts = write(stage)
    later = Stage(stage.shop, NOON + timedelta(minutes=5))
    await later.send_parts()
    with write_transaction(stage.shop.engine) as connection:
        assert not any(pass_send_gates(stage.context, connection, attempts, timedelta(seconds=11)))
    assert len(stage.shop.mails()) == CLIENTS


async def test_a_pause_keeps_who_waits_and_an_end_leaves_what_was_begun_to_the_clients_workflows(stage: Stage) -> None:
    stage.begin_campaign()
    waiting = list_people(stage.shop.engine, "all", stage.now)
    assert {person.code for person in waiting.people} == {BROADCAST}
    steer(stage, "pause")
    assert await stage.send_parts() == []
    assert count_mails(stage) == {}
    steer(stage, "resume")
    BroadcastPlanner(stage.context, stage.decider).begin("all", stage.now)
    steer(stage, "end")
    later = Stage(stage.shop, NOON + timedelta(minutes=5))
    assert await later.send_parts() == []
    assert count_mails(later) == {("briefed", ""): CLIENTS}
    assert later.list_nudged() == []
    with write_transaction(stage.shop.engine) as connection:
        row = campaigns.load_campaign(connection, "all")
        assert rounds.release_left(later.context, connection, row, later.now).next_lease is None
    assert len(later.list_nudged()) == CLIENTS


def steer(stage: Stage, kind: str) -> None:
    command = CampaignCommand.model_validate({"kind": kind})
    steer_campaign(stage.shop.engine, SYSTEM, "all", command, stage.now, stage.now)


async def test_workflows_hear_only_of_what_they_would_miss(stage: Stage) -> None:
    """The clients sleep for longer than until their next mail is due; one was never looked at."""
    stage.shop.client("new", now=NOON - timedelta(days=60), tags=("c",))
    with write_transaction(stage.shop.engine) as connection:
        connection.execute(update(clients).where(clients.c.client_id == "new").values(policy={"topics": ["campaign"]}))
    stage.list_nudged()
    stage.begin_campaign()
    await stage.send_parts()
    assert count_mails(stage) == {("sent", ""): CLIENTS + 1}
    assert stage.list_nudged() == ["new"]
    with read_transaction(stage.shop.engine) as connection:
        standing = assessments.load_standing(connection, "c1")
    assert standing is not None
    assert standing.wake_at is not None
    assert standing.wake_at > NOON


def publish(stage: Stage, steps: list[dict[str, Any]], **fields: Any) -> None:
    """Have a campaign in steps approved and started."""
    engine, now = stage.shop.engine, stage.now
    named = {"slug": "steps", "name": "Steps", "holdout": 0, "entry": {"on": "now"}, "throughput_per_minute": 100_000}
    definition = CampaignDefinition.model_validate(named | {"steps": steps} | fields)
    drafted = save_draft(engine, OWNER, definition, stage.shop.settings, now, now)
    submit_version(engine, OWNER, "steps", now, now)
    decide_version(engine, OWNER, "steps", drafted.version, "approve", now, now)
    start_version(engine, OWNER, "steps", now, now)


async def test_a_campaign_in_steps_goes_out_in_parts_where_it_has_one(stage: Stage) -> None:
    publish(stage, [{"id": "hello", "mail": {"message": "Our spring edit is in."}}])
    assert stage.run_round("steps").lanes == 1
    await stage.send_parts("steps")
    assert count_mails(stage) == {("sent", ""): CLIENTS}
    assert len(stage.list_nudged()) == CLIENTS, "their place goes on with their next assessment"


async def test_who_enters_at_a_set_time_waits_for_it_and_for_a_part(stage: Stage) -> None:
    at = NOON + timedelta(hours=2)
    with write_transaction(stage.shop.engine) as connection:
        east = update(clients).where(clients.c.client_id.in_(["c1", "c2"]))
        connection.execute(east.values(time_zone="Europe/Athens"))
    entry = {"on": "time", "at": at.replace(tzinfo=None).isoformat(), "zone": "client"}
    publish(stage, [{"id": "hello", "mail": {"message": "Our spring edit is in."}}], entry=entry)
    stage.run_round("steps")
    await stage.send_parts("steps")
    assert count_mails(stage) == {("sent", ""): 2}, "it is two o'clock in Athens"
    rest = stage.run_round("steps")
    assert (rest.lanes, rest.next_entry) == (0, at)
    later = Stage(stage.shop, at + timedelta(minutes=1))
    assert later.run_round("steps").lanes == 1
    await later.send_parts("steps")
    assert count_mails(later) == {("sent", ""): CLIENTS}


async def test_a_campaign_of_two_mails_or_with_a_reader_does_not(stage: Stage) -> None:
    publish(stage, [{"id": "one", "mail": {"message": "One."}}, {"id": "two", "mail": {"message": "Two."}}])
    assert stage.run_round("steps").lanes == 0
    assert len(stage.list_nudged()) == CLIENTS
    assert stage.begin_campaign("read", review="all").lanes == 0
