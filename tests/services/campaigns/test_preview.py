"""A preview counts by the rules of the send gate, writes real mails, and leaves no trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, insert, select

from domain.journeys.contents import list_mail_texts
from errors import BadInput, NotAllowed, NotFound, StaffLink
from mail.links import Links
from mail.mailbox import Mailbox
from mail.sink import get_mailbox_path
from models.actors import Actor, Channel, Role
from models.campaign_definition import CampaignDefinition
from models.campaign_preview import PreviewOrder
from models.catalogue import StockRow
from models.offers import OfferOrder
from models.states import HoldSource, Phase
from services.campaigns.definitions import save_draft
from services.campaigns.preview import ADDRESS, show_preview
from services.campaigns.preview_counts import load_previewed
from services.campaigns.preview_row import build_unsaved_row
from services.clients import registration
from services.context import ServiceContext
from services.ingestion import item_intake
from services.ingestion.intake import accept_events
from services.offers.lifecycle import approve_offer, retire_offer, save_offer
from services.recommendations.recommender import Recommender
from settings import Settings
from store import tables as t
from store.clients import assessments
from store.database import read_transaction, write_transaction
from store.mail import mail_facts
from store.mail.facts_in_bulk import load_bulk_facts
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_mailbox
from store.offers import grants
from tests.doubles.chat_server import ChatServer
from tests.store.conftest import NOW
from tests.store.seeds import client_row, event, seed_items, seed_standing
from tests.support.private_data import iterate_all_rows

OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.API)
MARKETER = Actor(who="mia", role=Role.MARKETER, channel=Channel.API)
DEFINITION: dict[str, Any] = {
    "slug": "spring",
    "name": "Spring",
    "holdout": 0,
    "steps": [
        {
            "id": "hello",
            "mail": {
                "message": "Our spring edit is in.",
                "variants": [{"name": "short", "share": 0.5, "message": "Light layers have come."}],
            },
        },
        {"id": "rest", "wait": "3d"},
        {"id": "again", "mail": {"message": "The coats are here as well.", "items": ["coat-1"]}},
    ],
}
SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""On one database, where what is read was held on both."""
NAMES = ("ann", "bea", "cap", "dot", "eve", "fay", "gil", "hal", "ida", "joy")


@pytest.fixture
def context(engine: Engine, tmp_path: Path) -> ServiceContext:
    """A shop where each client but ann, bea and joy has one thing that stops their mail."""
    settings = Settings(_env_file=None, home=tmp_path, signing_key="a key for tests of previews, which is long")
    policy = ShopPolicy.from_settings(settings)
    rows = [client_row(name, consent=name != "cap", time_zone="UTC", first_name=name.title()) for name in NAMES]
    rows[9] = client_row("joy", consent=True, time_zone="UTC", email="ann@shop.example")
    rows[8] = client_row("ida", consent=True, time_zone="Australia/Sydney")
    mail = {"kind": "new_in", "assessment_id": "a1", "score": 50.0, "phase": "active", "n": 1, "reason_key": "k"}
    mail |= {"created_at": NOW, "updated_at": NOW, "priority": 1}
    key = settings.keys.signing
    with write_transaction(engine) as connection:
        seed_items(connection, policy, *(f"knit-{k}" for k in range(6)), "coat-1")
        registration.upsert_clients(connection, rows, policy, NOW, NOW, start=False)
        shelf = [StockRow(sku=i, item_id=i, size="M", on_hand=3) for i in (*(f"knit-{k}" for k in range(6)), "coat-1")]
        item_intake.put_stock(connection, shelf)
        box = hash_mailbox(key, "dot@shop.example", True)
        connection.execute(
            insert(t.suppressions), {"address_hash": box, "reason": "hard_bounce", "at": NOW - timedelta(days=3)}
        )
        connection.execute(
            insert(t.withdrawals),
            {"mailbox": hash_mailbox(key, "eve@shop.example", True), "at": NOW + timedelta(days=1), "link": ""},
        )
        connection.execute(insert(t.holds), {"client_id": "fay", "source": HoldSource.OPERATOR, "since": NOW})
        sent = mail | {"state": "sent", "sent_at": NOW - timedelta(hours=3)}
        connection.execute(insert(t.outreaches), sent | {"client_id": "gil"})
        connection.execute(insert(t.outreaches), mail | {"client_id": "hal", "state": "scheduled"})
    save(engine, settings, DEFINITION)
    return ServiceContext(settings, engine, wall=lambda: NOW)


def save(engine: Engine, settings: Settings, definition: dict[str, Any]) -> None:
    save_draft(engine, MARKETER, CampaignDefinition.model_validate(definition), settings, NOW, NOW)


def show(context: ServiceContext, actor: Actor = MARKETER, **order: Any) -> Any:
    recommender = Recommender(context.engine, context.settings)
    return show_preview(context, recommender, actor, "spring", PreviewOrder.model_validate(order), NOW)


@SQLITE
def test_a_sequence_of_the_lifecycle_is_previewed(context: ServiceContext) -> None:
    with write_transaction(context.engine) as connection:
        for name in ("ann", "cap"):
            seed_standing(connection, name, Phase.AT_RISK)
    order = PreviewOrder(mails=3)
    recommender = Recommender(context.engine, context.settings)
    shown = show_preview(context, recommender, MARKETER, "lifecycle-at-risk", order, NOW)
    assert (shown.entry, shown.audience, shown.ready, shown.texts) == ("phase", 2, 1, 3)
    assert [barrier.code for barrier in shown.barriers] == ["no_consent"]
    assert [mail.step for mail in shown.mails] == ["missed", "new_in", "stylist"]
    assert all(mail.subject and not mail.fault for mail in shown.mails)


@SQLITE
def test_who_is_held_out_of_mails_to_those_who_drift_is_counted(context: ServiceContext) -> None:
    with write_transaction(context.engine) as connection:
        seed_standing(connection, "ann", Phase.AT_RISK)
    all_held = replace(context, settings=context.settings.model_copy(update={"holdout_share": 1.0}))
    recommender = Recommender(context.engine, all_held.settings)
    for slug, held_out in (("lifecycle-at-risk", 1), ("lifecycle-onboarding", 0)):
        shown = show_preview(all_held, recommender, MARKETER, slug, PreviewOrder(mails=0), NOW)
        assert (shown.ready, shown.held_out) == (0, held_out)


def dump(engine: Engine) -> list[Any]:
    with read_transaction(engine) as connection:
        return sorted(map(repr, iterate_all_rows(connection)))


def test_what_stops_whom_is_counted_once_each_and_adds_up(context: ServiceContext) -> None:
    shown = show(context, mails=0)
    codes = {barrier.code: (barrier.clients, barrier.never) for barrier in shown.barriers}
    assert codes == {
        "no_consent": (2, True),
        "same_mailbox": (1, True),
        "suppressed_hard_bounce": (1, True),
        "held_by_operator": (1, False),
        "cap": (1, False),
        "quiet_hours": (1, False),
        "other_mail": (1, False),
    }
    assert (shown.audience, shown.ready, shown.held_out, shown.version) == (10, 2, 0, 1)
    assert shown.audience == shown.ready + shown.held_out + sum(barrier.clients for barrier in shown.barriers)
    assert all(barrier.why and "_" not in barrier.why for barrier in shown.barriers)


def offer(context: ServiceContext, slug: str, *holders: str, **terms: Any) -> None:
    """An approved offer that went to these clients already."""
    order = OfferOrder(name=slug, code=f"{slug}-CODE", percent=10, **terms)
    save_offer(context.engine, OWNER, slug, order, context.settings, NOW, NOW)
    approve_offer(context.engine, OWNER, slug, context.settings, NOW, NOW)
    with write_transaction(context.engine) as connection:
        for n, client_id in enumerate(holders):
            grants.count_grant(connection, slug, client_id, n)


def state(context: ServiceContext, **mail: Any) -> dict[str, tuple[int, bool]]:
    """What stops whom in a campaign of one such mail."""
    step = {"id": "hello", "mail": {"message": "Our spring edit is in.", **mail}}
    save(context.engine, context.settings, DEFINITION | {"steps": [step]})
    shown = show(context, mails=0)
    parts = shown.ready + shown.held_out + sum(barrier.clients for barrier in shown.barriers)
    assert shown.audience == parts == 10
    return {"ready": (shown.ready, False)} | {one.code: (one.clients, one.never) for one in shown.barriers}


def test_an_offers_budget_leaves_out_whom_it_has_no_room_for(context: ServiceContext) -> None:
    """Ann and bea are ready; fay, gil, hal and ida would be mailed later."""
    before = state(context)
    assert before["ready"] == (2, False)
    offer(context, "roomy", most_clients=6)
    assert state(context, offer="roomy") == before
    offer(context, "four", most_clients=4)
    four = state(context, offer="four")
    assert (four["ready"], four["offer_spent"]) == ((2, False), (2, True)), "who is ready goes first"
    assert (four["held_by_operator"], four["cap"]) == ((1, False), (1, False)), "then who waits, in turn"
    offer(context, "tight", most_clients=1)
    tight = state(context, offer="tight")
    assert (tight["ready"], tight["offer_spent"]) == ((1, False), (5, True))
    assert tight["suppressed_hard_bounce"] == before["suppressed_hard_bounce"]


@SQLITE
def test_who_has_an_offer_takes_no_room_and_what_is_used_up_is_for_nobody_else(context: ServiceContext) -> None:
    offer(context, "used", "bea", "fay", most_clients=2)
    used = state(context, offer="used")
    assert (used["ready"], used["offer_spent"]) == ((1, False), (4, True)), "ann, gil, hal and ida come too late"
    assert used["held_by_operator"] == (1, False), "fay has it and waits for what holds her"
    assert used["suppressed_hard_bounce"] == (1, True), "what stopped somebody for good before is told"
    retire_offer(context.engine, OWNER, "used", context.settings, NOW, NOW)
    again = show(context, mails=0)
    assert {one.code: one.clients for one in again.barriers}["offer_retired"] == 6
    assert again.ready == 0


@SQLITE
def test_a_variant_states_an_offer_of_its_own(context: ServiceContext) -> None:
    offer(context, "tight", "dot", most_clients=1)
    variant = {"name": "dear", "share": 0.5, "message": "Light layers have come.", "offer": "tight"}
    counts = state(context, variants=[variant])
    with read_transaction(context.engine) as connection:
        previewed = load_previewed(connection, "spring", None)
    given = {name: previewed.find_offer(name) for name in ("ann", "bea", "fay", "gil", "hal", "ida")}
    assert set(given.values()) == {None, "tight"}
    assert counts["offer_spent"] == (sum(slug == "tight" for slug in given.values()), True)
    plain, dear = show(context, clients=["ann"]).mails
    assert ("tight-CODE" in plain.text, "tight-CODE" in dear.text) == (False, True)
    with pytest.raises(
        BadInput, match=r"^steps\[0\]\.mail\.variants\[0\]\.offer: there is no offer tigh; did you mean tight"
    ):
        state(context, variants=[variant | {"offer": "tigh"}])


@SQLITE
@pytest.mark.parametrize(
    "entry",
    [{"on": "event", "event": "wishlisted"}, {"on": "back_in_stock"}, {"on": "price_drop"}],
    ids=lambda entry: entry["on"],
)
def test_who_refused_personalisation_is_never_in_a_campaign_that_answers_what_they_did(
    context: ServiceContext, entry: dict[str, Any]
) -> None:
    refusing = client_row("ann", consent=True, time_zone="UTC", first_name="Ann", personalisation=False)
    with write_transaction(context.engine) as connection:
        policy = ShopPolicy.from_settings(context.settings)
        registration.upsert_clients(connection, [refusing], policy, NOW, NOW, start=False)
    assert "personalisation_refused" not in {barrier.code for barrier in show(context, mails=0).barriers}
    save(context.engine, context.settings, DEFINITION | {"entry": entry})
    found = {barrier.code: (barrier.clients, barrier.never) for barrier in show(context, mails=0).barriers}
    assert found["personalisation_refused"] == (1, True)


@SQLITE
@pytest.mark.parametrize("entry", ["back_in_stock", "price_drop"])
def test_the_mail_shows_the_item_that_was_wished_for_last(context: ServiceContext, entry: str) -> None:
    step = {"id": "hello", "mail": {"message": "It is here.", "show_entry_item": True}}
    save(context.engine, context.settings, DEFINITION | {"entry": {"on": entry}, "steps": [step]})
    wishes = [
        event(f"wish-{item}", "wishlisted", "bea", NOW - ago * timedelta(days=1), item_id=item)
        for ago, item in ((3, "knit-1"), (1, "coat-1"), (2, "knit-2"))
    ]
    with write_transaction(context.engine) as connection:
        accept_events(connection, wishes, ShopPolicy.from_settings(context.settings), NOW, NOW)
        previewed = load_previewed(connection, "spring", None)
        assert previewed.definition is not None
        (text,) = list_mail_texts(previewed.definition)
        row = build_unsaved_row(connection, previewed, "bea", text, NOW)
        without = build_unsaved_row(connection, previewed, "ann", text, NOW)
    assert row.content is not None
    assert (row.content.entry_item, row.content.items) == ("coat-1", ("coat-1",))
    assert without.content is not None
    assert without.content.entry_item is None
    (mail,) = show(context, clients=["bea"]).mails
    assert "coat-1" in mail.text


def test_facts_of_many_are_those_of_each(context: ServiceContext) -> None:
    key = context.settings.keys.signing
    with read_transaction(context.engine) as connection:
        many = load_bulk_facts(connection, NAMES, key, NOW)
        for name in NAMES:
            file = assessments.load_client_file(connection, name)
            assert file is not None
            sent = mail_facts.list_sent_times(connection, [name], NOW).get(name, ())
            assert many[name].facts == mail_facts.load_mail_facts(connection, file, key, sent)
            assert many[name].is_busy == (name == "hal")


@SQLITE
def test_each_text_is_written_for_a_client_and_no_row_is(context: ServiceContext) -> None:
    before = dump(context.engine)
    shown = show(context, clients=["bea"])
    assert dump(context.engine) == before
    texts = {(mail.step, mail.variant): mail for mail in shown.mails}
    assert list(texts) == [("hello", ""), ("hello", "short"), ("again", "")]
    assert not [mail.fault for mail in shown.mails if mail.fault]
    assert "spring edit is in" in texts["hello", ""].text
    assert "Light layers" in texts["hello", "short"].html
    assert "coat-1" in texts["again", ""].text
    assert all("Bea" in mail.html and mail.leaves == "now" for mail in shown.mails)
    assert [mail.own for mail in shown.mails if mail.step == "hello"].count(True) == 1


@SQLITE
def test_links_of_a_preview_belong_to_nobody(context: ServiceContext) -> None:
    (mail,) = show(context, clients=["bea"], mails=1).mails
    links = Links.from_settings(context.settings)
    token = next(word for word in mail.text.split() if "/u/" in word).strip("<>")
    with pytest.raises(StaffLink):
        links.read_unsubscribe(urlsplit(token).path.rpartition("/")[2])
    assert "/o/" not in mail.html


@SQLITE
def test_a_sample_shows_those_who_would_be_mailed_first(context: ServiceContext) -> None:
    shown = show(context, mails=2)
    assert {mail.client_id for mail in shown.mails} == {"ann", "bea"}
    assert show(context, mails=2) == shown
    assert len(show(context).mails) == 5


@SQLITE
def test_mails_lie_in_the_mailbox_marked_and_addressed_to_nobody(context: ServiceContext) -> None:
    assert show(context, clients=["bea"], deliver=True).delivered == 3
    kept = list(Mailbox(get_mailbox_path(context.settings)).iterate_since())
    assert {mail.recipient for mail in kept} == {ADDRESS}
    assert all(mail.subject.startswith("[Preview] ") for mail in kept)
    assert b"bea@" not in b"".join(mail.raw for mail in kept)
    real = replace(context, settings=context.settings.model_copy(update={"smtp_url": "smtp://mail.example"}))
    with pytest.raises(BadInput, match="no embedded mailbox"):
        show(real, deliver=True)


@SQLITE
def test_a_version_is_shown_as_it_is_not_as_it_will_be(context: ServiceContext) -> None:
    step = {"id": "hello", "mail": {"message": "Our summer edit is in."}}
    save(context.engine, context.settings, DEFINITION | {"steps": [step], "holdout": 0.5})
    assert show(context, clients=["bea"]).version == 2
    (new,) = show(context, clients=["bea"]).mails
    assert "summer edit" in new.text
    assert len(show(context, clients=["bea"], version=1).mails) == 3
    assert show(context, mails=0).held_out > 0
    with pytest.raises(NotFound, match="no version 9"):
        show(context, version=9)
    with pytest.raises(NotFound):
        show(context, clients=["nobody"])


@SQLITE
@pytest.mark.parametrize("role", [Role.VIEWER, Role.STYLIST, Role.DATA_SCIENTIST])
def test_only_marketers_and_up_see_one(context: ServiceContext, role: Role) -> None:
    with pytest.raises(NotAllowed, match=r"campaign\.preview"):
        show(context, Actor(who="vic", role=role, channel=Channel.API))


@SQLITE
def test_a_model_writes_them_at_nobodys_expense_but_the_shops(context: ServiceContext) -> None:
    with ChatServer() as server:
        model = {"llm_base_url": server.base_url, "llm_api_key": SecretStr("k"), "llm_model": "m"}
        asking = replace(context, settings=context.settings.model_copy(update=model))
        written = show(asking, clients=["bea"], mails=1).mails
        assert [mail.writer for mail in written] == ["model"], written
        assert show(asking, clients=["bea"], mails=1, writer="house").mails[0].writer == "house"
        server.always("any", "error")
        assert show(asking, clients=["bea"], mails=1).mails[0].writer == "house"
    with read_transaction(context.engine) as connection:
        spent = connection.execute(select(t.model_calls.c.client_id, t.model_calls.c.verdict)).all()
        assert {client_id for client_id, _ in spent} == {"preview"}
        assert connection.execute(select(t.model_transcripts)).all() == []
        assert connection.scalar(select(t.model_spend.c.calls).where(t.model_spend.c.scope == "campaign"))
