"""Briefs from real rows: true, complete, cheap, and the same on both databases."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, insert

from domain.facts import ClientEvent
from models.base import utc
from models.catalogue import ItemRow
from models.events import Event
from models.mail import Brief, Pick
from models.states import CampaignState, Phase, TouchKind
from services.clients import registration
from services.ingestion import item_intake
from services.ingestion.intake import accept_events
from services.mailing.briefs import PickedMail, build_briefs
from settings import Settings
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger
from store.mail.briefs import ORDERS_READ
from store.mail.policy import ShopPolicy
from store.tables import campaigns, clients, outreaches
from tests.domain.fact_truth import is_true
from tests.store import seeds
from tests.store.conftest import NOW, REAL
from tests.support.tables import create_tables

TERMS = ShopPolicy(currency="USD", time_zone="Europe/London", signing_key="a key for tests")
CATALOGUE = {
    "i-1": ("Linen Shirt", "shirts", "navy"),
    "i-2": ("Wool Coat", "coats", "charcoal"),
    "i-3": ("Silk Scarf", "scarves", "rust"),
    "i-4": ("J.Crew <b>TEE</b>", "tees", "white"),
}
PICKS = [Pick(item_id="i-2", score=0.9), Pick(item_id="i-1", score=0.5), Pick(item_id="gone", score=0.1)]


def seed(engine: Engine, *done: Event, campaign: str | None = None, **client: Any) -> None:
    """Ann, the catalogue, one mail in the ledger, and what Ann did."""
    with write_transaction(engine) as connection:
        rows = [
            ItemRow(item_id=i, title=title, category=category, colour=colour, price="10", added_at=utc(2026, 5, 1))
            for i, (title, category, colour) in CATALOGUE.items()
        ]
        item_intake.put_items(connection, rows, TERMS, NOW)
        ann = seeds.client_row("ann", first_name="ann", signed_up_at="2025-01-02T00:00:00Z", **client)
        registration.upsert_clients(connection, [ann], TERMS, NOW, REAL, start=False)
        result = accept_events(connection, done, TERMS, NOW, REAL, notify=False)
        assert not result.refused
        connection.execute(
            insert(outreaches).values(
                client_id="ann", n=1, reason_key="r", kind=TouchKind.MISSED, campaign=campaign, assessment_id="a-1",
                score=17.5, phase=Phase.AT_RISK, state="briefed", created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip


def build(engine: Engine, picks: list[Pick] | None = None) -> Brief:
    with read_transaction(engine) as connection:
        row = ledger.load_mail(connection, "ann", 1)
        assert row is not None
        mail = PickedMail(row, PICKS if picks is None else picks)
        return build_briefs(connection, [mail], Settings(_env_file=None), NOW)["ann", 1]


def facts_of(engine: Engine) -> dict[str, str]:
    return {fact.code: fact.text for fact in build(engine).facts}


def test_a_brief_says_what_is_stored(engine: Engine) -> None:
    seed(
        engine,
        seeds.event("e1", "order_placed", at=NOW - timedelta(days=60), item_id="i-1", value="10.00", order_id="o-1"),
        seeds.event("e2", "order_placed", at=NOW - timedelta(days=60), item_id="i-3", value="10.00", order_id="o-1"),
        seeds.event("e3", "fix_feedback", at=NOW - timedelta(days=9), item_id="i-2", kept=True, note="Too <b>warm"),
        seeds.event("e4", "item_viewed", at=NOW - timedelta(days=2), item_id="i-4"),
        seeds.event("e5", "quiz_answered", at=NOW - timedelta(days=80), styles=["classic"], colours=["navy"]),
        sizes=("M",),
        time_zone="Europe/London",
    )
    why = "close to what you have chosen before"
    brief = build(engine, [pick.model_copy(update={"why": why if pick.item_id == "i-2" else ""}) for pick in PICKS])
    assert (brief.client_id, brief.n, brief.kind, brief.phase) == ("ann", 1, TouchKind.MISSED, Phase.AT_RISK)
    assert (brief.score, brief.assessment_id, brief.first_name) == (17.5, "a-1", "Ann")
    assert [item.item_id for item in brief.items] == ["i-2", "i-1"]
    assert brief.items[0].why == "close to what you have chosen before"
    assert brief.client_words == ("Too <b>warm",)
    assert {fact.code: fact.text for fact in brief.facts} == {
        "last_item": "Your last order, on 2 April, included the Silk Scarf in rust.",
        "kept_item": "You kept the Wool Coat in charcoal from a Fix of ours.",
        "new_arrival": "The Wool Coat joined our collection after your last order.",
        "quiz_styles": "In your style quiz you chose classic.",
        "quiz_colours": "In your style quiz you named these colours: navy.",
        "last_order": "Your last order with us was on 2 April.",
        "last_viewed": "You looked at the J. Crew TEE in white on 30 May.",
        "sizes": "You told us what you wear: M.",
        "signed_up": "You joined us on 2 January 2025.",
    }


def test_a_new_client_has_a_brief_too(engine: Engine) -> None:
    seed(engine)
    brief = build(engine, picks=[])
    assert [fact.code for fact in brief.facts] == ["signed_up"]
    assert brief.items == ()
    assert brief.voice == Settings(_env_file=None).shop_voice


def test_a_campaign_gives_its_voice_and_message(engine: Engine) -> None:
    seed(engine, campaign="spring")
    with write_transaction(engine) as connection:
        connection.execute(
            insert(campaigns).values(
                slug="spring", spec={"slug": "spring", "name": "Spring", "message": "Linen is\nhere.", "voice": "Dry."},
                state=CampaignState.RUNNING, created_at=NOW, updated_at=NOW,
            )
        )  # fmt: skip
    brief = build(engine)
    assert (brief.voice, brief.message) == ("Dry.", "Linen is here.")


def test_titles_are_given_as_they_may_be_said(engine: Engine) -> None:
    seed(engine)
    assert build(engine, picks=[Pick(item_id="i-4", score=1.0)]).items[0].title == "J. Crew TEE"


def test_an_unknown_client_is_left_out(engine: Engine) -> None:
    seed(engine)
    with write_transaction(engine) as connection:
        row = ledger.load_mail(connection, "ann", 1)
        assert row is not None
        connection.execute(clients.delete())
        assert build_briefs(connection, [PickedMail(row, [])], Settings(_env_file=None), NOW) == {}


def test_with_more_orders_than_are_read_nothing_is_counted(engine: Engine) -> None:
    done = [
        seeds.event(f"e{i}", "order_placed", at=NOW - timedelta(days=i), item_id="i-1", value="1.00")
        for i in range(1, ORDERS_READ + 5)
    ]
    seed(engine, *done)
    facts_now = facts_of(engine)
    assert "orders_count" not in facts_now
    assert facts_now["last_item"] == "Your last order, on 31 May, included the Linen Shirt in navy."


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("briefs")


doings = st.lists(
    st.tuples(
        st.sampled_from(["order_placed", "order_returned", "wishlisted", "item_viewed", "fix_feedback", "searched"]),
        st.integers(0, 900),
        st.sampled_from(["i-1", "i-2", "i-3"]),
        st.booleans(),
        st.sampled_from([None, None, "o-1", "o-2"]),
    ),
    max_size=12,
)


@given(doings)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_facts_from_the_store_are_true(lasting: Path, done) -> None:
    """Whatever was done, as events through the real door; read back the slow way from what was sent in."""
    engine = connect(f"sqlite:///{lasting / f'{time.monotonic_ns()}.db'}")
    create_tables(engine)
    events, deeds = [], []
    for i, (kind, hours, item, kept, order) in enumerate(done):
        at = NOW - timedelta(hours=hours)
        fields: dict[str, Any] = {} if kind == "searched" else {"item_id": item}
        fields |= {"kept": kept} if kind == "fix_feedback" else {}
        fields |= {"order_id": order} if kind == "order_placed" and order else {}
        events.append(seeds.event(f"e{i}", kind, at=at, **fields))
        deeds.append(ClientEvent(kind, at, fields.get("item_id"), *CATALOGUE[item], fields.get("order_id", ""), kept))
    seed(engine, *events, time_zone="Asia/Tokyo")
    brief = build(engine)
    engine.dispose()
    for fact in brief.facts:
        if fact.code == "new_arrival":
            assert max(d.at for d in deeds if d.type == "order_placed") < utc(2026, 5, 1)
        elif fact.code != "signed_up":
            assert is_true(fact, deeds, NOW, "Asia/Tokyo"), fact


def test_a_brief_takes_few_questions(tmp_path: Path) -> None:
    """A client with a long history, among others."""
    engine = connect(f"sqlite:///{tmp_path / 'busy.db'}")
    create_tables(engine)
    kinds = ["item_viewed"] * 8 + ["order_placed", "wishlisted"]
    seed(
        engine,
        *(seeds.event(f"e{i}", kinds[i % 10], at=NOW - timedelta(hours=i), item_id="i-1") for i in range(1, 600)),
    )
    statements = []
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with read_transaction(engine) as connection:
        row = ledger.load_mail(connection, "ann", 1)
        assert row is not None
        statements.clear()
        build_briefs(connection, [PickedMail(row, PICKS)] * 20, Settings(_env_file=None), NOW)
    assert len(statements) == 3
