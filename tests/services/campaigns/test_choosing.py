"""Clients whom somebody chose enter a campaign, on both databases: who may not is refused by name and reason, the arm
is drawn as everybody's is, and what was done is undone as long as nothing came of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from domain.holdouts import assign_arm
from errors import BadInput, NotAllowed, NotFound
from models.actors import Actor, Channel, Role
from models.campaign import CampaignCommand, CampaignSpec
from models.campaign_definition import CampaignDefinition
from models.campaign_people import EnrolResult
from models.states import Arm
from services.campaigns.choosing import enrol_chosen, undo_enrolment
from services.campaigns.creation import create_campaign
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from services.campaigns.steering import steer_campaign
from services.privacy.requests import request_erasure
from settings import Settings
from store.activity import list_activities
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import clients, enrolments, outbox
from tests.store.conftest import NOW, REAL
from tests.store.seeds import list_waiting, seed_clients

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.PAGE)
KEY = "key"
CART = {"on": "event", "event": "added_to_cart", "wait": "1d"}


def choose(engine: Engine, *ids: str, slug: str = "spring", now: datetime = NOW, real: datetime = REAL) -> EnrolResult:
    return enrol_chosen(engine, OWNER, KEY, slug, ids, now, real)


def create(engine: Engine, **fields: Any) -> None:
    """A campaign of one mail whose rounds take in nobody by themselves: its audience has a tag that nobody has."""
    values = {"slug": "spring", "name": "Spring", "control_share": 0, "audience": {"tags": ["nobody"]}, **fields}
    create_campaign(engine, OWNER, CampaignSpec.model_validate(values), NOW, REAL, even_if_empty=True)


def publish(engine: Engine, settings: Settings, **fields: Any) -> None:
    """A campaign of several steps, for those whose cart waits."""
    steps = [{"id": "first", "mail": {"message": "Look."}}]
    values = {"slug": "spring", "name": "Spring", "holdout": 0, "entry": CART, "steps": steps, **fields}
    drafted = save_draft(engine, OWNER, CampaignDefinition.model_validate(values), settings, NOW, REAL)
    submit_version(engine, OWNER, "spring", NOW, REAL)
    decide_version(engine, OWNER, "spring", drafted.version, "approve", NOW, REAL)
    start_version(engine, OWNER, "spring", NOW, REAL)


def list_places(engine: Engine) -> dict[str, tuple[str, str]]:
    with read_transaction(engine) as connection:
        rows = connection.execute(select(enrolments.c.client_id, enrolments.c.entry, enrolments.c.state))
        return {row.client_id: (row.entry, row.state) for row in rows}


@pytest.fixture
def shop(engine: Engine, policy: ShopPolicy) -> Engine:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bea", "cat", "dan")
        seed_clients(connection, policy, "noa", consent=False)
    return engine


def test_the_chosen_enter_and_all_others_are_told_why(shop: Engine) -> None:
    create(shop)
    with write_transaction(shop) as connection:
        boxes = {"cat": "box", "dan": "box"}
        for client_id, box in boxes.items():
            connection.execute(update(clients).where(clients.c.client_id == client_id).values(mailbox=box))
        wishes = update(clients).where(clients.c.client_id == "bea")
        connection.execute(wishes.values(policy={"topics": ["fix"]}))
    result = choose(shop, "ann", "bea", "cat", "dan", "noa", "who", "ann")
    assert (result.enrolled, result.held_out) == (2, 0)
    assert result.refused == {
        "bea": "the client wants no mail about this",
        "dan": "this campaign has mailed the mailbox under another client id",
        "noa": "the client has not agreed to mail",
        "who": "no client has this id",
    }
    assert {one: state for one, (_, state) in list_places(shop).items()} == {"ann": "waiting", "cat": "waiting"}
    with read_transaction(shop) as connection:
        assert {"ann", "cat", "spring"} <= set(list_waiting(connection))
        done = [one for one in list_activities(connection) if one.action == "campaign.enrol"]
    assert {(one.subject.id, one.data["campaign"]) for one in done} == {("ann", "spring"), ("cat", "spring")}
    again = choose(shop, "ann", "cat", "dan")
    assert again.enrolled == 0
    assert again.refused["ann"] == "is in it already"
    assert again.refused["dan"] == "this campaign has mailed the mailbox under another client id"


def test_the_arm_is_drawn_as_everybodys_is(shop: Engine, policy: ShopPolicy) -> None:
    ids = [f"c{n:03}" for n in range(60)]
    with write_transaction(shop) as connection:
        seed_clients(connection, policy, *ids)
    create(shop, control_share=0.3)
    held = [one for one in ids if assign_arm("spring", one, 0.3) is Arm.CONTROL]
    result = choose(shop, *ids)
    assert 0 < len(held) < 60
    assert (result.enrolled, result.held_out, result.refused) == (60 - len(held), len(held), {})
    assert [one for one, (_, state) in list_places(shop).items() if state == "held_out"] == held
    with read_transaction(shop) as connection:
        assert set(list_waiting(connection)) & set(held) == set()


def test_mail_begins_at_the_campaigns_own_rate(shop: Engine) -> None:
    create(shop, throughput_per_minute=2)
    choose(shop, "ann", "bea", "cat", "dan")
    with read_transaction(shop) as connection:
        due = select(outbox.c.due_at).where(outbox.c.kind == "client", ~outbox.c.held).order_by(outbox.c.due_at)
        assert [at - REAL for at in connection.scalars(due)] == [timedelta(minutes=n) for n in (0, 0, 1, 1)]


def test_a_campaign_of_several_steps_is_entered_without_its_event(shop: Engine, tmp_path: Any) -> None:
    settings = Settings(home=tmp_path, _env_file=None)
    publish(shop, settings, re_entry="7d")
    assert choose(shop, "ann", "bea").enrolled == 2
    assert {state for _, state in list_places(shop).values()} == {"waiting"}
    assert choose(shop, "ann").refused == {"ann": "is in it already"}
    with write_transaction(shop) as connection:
        connection.execute(update(enrolments).values(state="completed"))
    soon, late = NOW + timedelta(days=1), NOW + timedelta(days=8)
    assert choose(shop, "ann", now=soon).refused == {"ann": "was in it too short a time ago"}
    assert choose(shop, "ann", now=late).enrolled == 1


def test_who_is_outside_of_an_audience_that_must_hold_is_refused(shop: Engine, tmp_path: Any) -> None:
    with write_transaction(shop) as connection:
        connection.execute(update(clients).where(clients.c.client_id == "ann").values(tags=["vip"]))
    within = {"audience": {"tags": ["vip"]}, "exits": {"left_audience": True}}
    publish(shop, Settings(home=tmp_path, _env_file=None), **within)
    result = choose(shop, "ann", "bea")
    assert result.enrolled == 1
    assert result.refused == {"bea": "is not in the audience, which ends everybody's way who leaves it"}


def test_what_nothing_came_of_is_undone(shop: Engine) -> None:
    create(shop)
    choose(shop, "dan", real=REAL - timedelta(minutes=1))
    chosen_at = REAL
    assert choose(shop, "ann", "bea", "cat", "dan", real=chosen_at).enrolled == 3
    with write_transaction(shop) as connection:  # a mail to Bea was begun meanwhile
        on_way = update(enrolments).where(enrolments.c.client_id == "bea")
        connection.execute(on_way.values(state="in_step", n=1))
    undone = undo_enrolment(shop, OWNER, "spring", chosen_at, NOW, REAL + timedelta(seconds=5))
    assert undone.enrolled == 2
    assert list(undone.refused) == ["bea"]
    assert set(list_places(shop)) == {"bea", "dan"}, "who was in it before stays"
    assert choose(shop, "ann").enrolled == 1, "and may enter again"
    other = Actor(who="mia", role=Role.MARKETER, channel=Channel.PAGE)
    assert undo_enrolment(shop, other, "spring", chosen_at, NOW, REAL).enrolled == 0, "another person's act"


def test_what_is_over_or_unknown_or_not_allowed_takes_in_nobody(shop: Engine) -> None:
    create(shop)
    with pytest.raises(NotFound):
        choose(shop, "ann", slug="winter")
    stylist = Actor(who="stan", role=Role.STYLIST, channel=Channel.PAGE)
    with pytest.raises(NotAllowed):
        enrol_chosen(shop, stylist, KEY, "spring", ["ann"], NOW, REAL)
    with pytest.raises(NotAllowed):
        undo_enrolment(shop, stylist, "spring", REAL, NOW, REAL)
    request_erasure(shop, OWNER, KEY, "bea", NOW, REAL)
    assert choose(shop, "bea").refused == {"bea": "this client is being erased"}
    steer_campaign(shop, OWNER, "spring", CampaignCommand(kind="pause"), NOW, REAL)
    assert choose(shop, "ann").enrolled == 1, "a paused one takes in who waits for its end"
    steer_campaign(shop, OWNER, "spring", CampaignCommand(kind="end"), NOW, REAL)
    with pytest.raises(BadInput, match="not running"):
        choose(shop, "cat")
