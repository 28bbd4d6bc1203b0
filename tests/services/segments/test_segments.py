"""Segments as owners use them: saved, counted over time, refused where they name what nobody has."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, insert, select

from domain.segments.text import parse_text
from errors import BadInput, NotFound
from models.actors import Actor, Channel, Role
from models.campaign import CampaignSpec
from models.segment_answers import SegmentOrder, SegmentQuestion
from models.states import Arm
from services.campaigns.creation import create_campaign, preview_campaign
from services.campaigns.enrolment import enrol_next
from services.clients import registration
from services.segments.daily_counts import record_counts
from services.segments.questions import count_segment, explain_segment, iterate_segment, sample_segment
from services.segments.saved import delete_segment, list_segments, save_segment, show_segment
from store import tables as t
from store.campaigns import campaigns
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.segments.members import is_client_member
from tests.store.conftest import NOW, REAL, database, engine, policy
from tests.store.seeds import client_row, seed_items, seed_standing

__all__ = ["database", "engine", "policy"]

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)


@pytest.fixture
def shop(engine: Engine, policy: ShopPolicy) -> Engine:
    rows = [
        client_row("ann", tags=["vip", "press"], sizes=["M"], consent=True),
        client_row("bea", tags=["vip"], locale="de-AT"),
        client_row("cyd", country="IE"),
    ]
    with write_transaction(engine) as connection:
        registration.upsert_clients(connection, rows, policy, NOW, REAL)
        seed_items(connection, policy, "jumper")
        seed_standing(connection, "ann")
        ordered = {"event_id": "e1", "client_id": "bea", "type": "order_placed", "occurred_at": NOW - timedelta(days=9)}
        connection.execute(insert(t.events).values(item_id="jumper", value_cents=9_900, **ordered))
        connection.execute(t.clients.update().where(t.clients.c.client_id == "cyd").values(quiz={"styles": ["boho"]}))
        campaigns.create_campaign(connection, CampaignSpec(slug="spring", name="Spring"), NOW)
    return engine


def count(shop: Engine, text: str) -> int:
    return count_segment(shop, SegmentQuestion(filter=text), NOW).clients


def test_filters_count_clients(shop: Engine) -> None:
    assert count(shop, "everyone") == 3
    assert count(shop, "tag = vip and not phase = cooling") == 1
    assert count(shop, 'ordered("knit") in 10 days or country = IE') == 2
    assert count(shop, "country in (AT) or style = boho") == 2
    assert count(shop, "never mailed and ordered for at least 99") == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tag = twicee or tag = vipp", 'nobody has the tag "twicee"'),
        ("tag = prss", "did you mean press"),
        ("size = m", "did you mean M"),
        ("style = boohoo", "did you mean boho"),
        ("never ordered(knitt)", 'no category "knitt"; did you mean knit'),
        ("viewed(item = jumpr)", "did you mean jumper"),
        ("not held_out(sprng)", 'no campaign "sprng"; did you mean spring'),
        ('viewed(brand = "x") and consent', 'no brand "x"'),
    ],
)
def test_what_nobody_has_is_refused_with_the_nearest(shop: Engine, text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        save_segment(shop, OWNER, "s", SegmentOrder(filter=text), NOW, REAL)
    with pytest.raises(NotFound):
        show_segment(shop, "s")


def test_a_segment_is_saved_counted_each_day_and_deleted(shop: Engine) -> None:
    saved = save_segment(shop, OWNER, "vips", SegmentOrder(name="VIPs", filter="tag = vip"), NOW, REAL)
    assert (saved.owner, saved.clients, saved.text, saved.sentence) == (
        "olga",
        2,
        "tag = vip",
        "Clients with the tag vip.",
    )
    with write_transaction(shop) as connection:
        connection.execute(t.clients.delete().where(t.clients.c.client_id == "bea"))
    assert record_counts(shop, NOW + timedelta(days=1)) == 1
    record_counts(shop, NOW + timedelta(days=1))
    assert [(one.day.isoformat(), one.clients) for one in show_segment(shop, "vips").counts] == [
        ("2026-06-01", 2),
        ("2026-06-02", 1),
    ]
    again = save_segment(shop, OWNER, "vips", SegmentOrder(name="VIPs", filter=saved.filter), NOW, REAL)
    assert again.updated_at == saved.updated_at
    changed = save_segment(shop, OWNER, "vips", SegmentOrder(filter="everyone"), NOW, REAL)
    assert [one.clients for one in changed.counts] == [2]
    assert [one.clients for one in list_segments(shop).segments] == [2]
    delete_segment(shop, OWNER, "vips", NOW, REAL)
    assert list_segments(shop).segments == ()
    for word in ("consent", "Consent", "everyone", "unknown"):
        with pytest.raises(BadInput, match="a word of filters"):
            save_segment(shop, OWNER, word, SegmentOrder(filter="everyone"), NOW, REAL)


def test_members_are_drawn_listed_and_explained(shop: Engine) -> None:
    question = SegmentQuestion(filter="tag = vip", limit=1)
    (drawn,) = sample_segment(shop, question, NOW).members
    assert drawn.client_id in ("ann", "bea")
    assert [one.client_id for page in iterate_segment(shop, question, NOW) for one in page] == ["ann", "bea"]
    plan = explain_segment(shop, SegmentQuestion(filter="phase = cooling"), NOW)
    assert any("standings" in line for line in plan.plan)
    with read_transaction(shop) as connection:
        assert is_client_member(connection, parse_text("phase = cooling"), "ann", NOW)
        assert not is_client_member(connection, parse_text("phase = cooling"), "bea", NOW)


def test_a_campaign_takes_a_segment_as_its_audience(shop: Engine) -> None:
    save_segment(shop, OWNER, "vips", SegmentOrder(filter="tag = vip"), NOW, REAL)
    spec = CampaignSpec.model_validate({"slug": "s", "name": "S", "audience": {"segment": "vips"}, "control_share": 0})
    assert preview_campaign(shop, spec, NOW) == {Arm.TREATED: 1, Arm.NEITHER: 1}
    create_campaign(shop, OWNER, spec, NOW, REAL)
    save_segment(shop, OWNER, "vips", SegmentOrder(filter="everyone"), NOW, REAL)
    with write_transaction(shop) as connection:
        row = campaigns.load_campaign(connection, "s")
        assert row.spec.audience.filter == "tag = vip"  # as it stood
        enrol_next(connection, row, 10, NOW)
        assert sorted(connection.scalars(select(t.enrolments.c.client_id))) == ["ann", "bea"]


def test_a_campaign_for_a_filter_that_nobody_can_mean_is_refused(shop: Engine) -> None:
    def create(**audience: str) -> None:
        spec = CampaignSpec.model_validate({"slug": "s", "name": "S", "audience": audience})
        create_campaign(shop, OWNER, spec, NOW, REAL)

    with pytest.raises(BadInput, match="did you mean vip"):
        create(filter="tag = vipp")
    with pytest.raises(BadInput, match="did you mean phase"):
        create(filter="phse = active")
    with pytest.raises(BadInput, match="nobody is in it now"):
        create(filter="score > 99")
    with pytest.raises(NotFound):
        create(segment="nothing")
