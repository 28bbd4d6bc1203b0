"""What is said of a mailbox holds whatever ids carry it, and a bounce hits the address to which the mail went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import Engine, insert, select

from domain.eligibility import may_plan
from domain.mail_consent import StayOutcome
from domain.timing import MailRules
from errors import BadInput, NotFound
from mail.links import Links
from mail.returns.reading import read_return
from models.actors import SYSTEM
from models.clients import ClientRow
from models.events import EVENT
from models.returns import ReturnKind, ReturnReading
from models.suppressions import SuppressionOrder, SuppressionRemoval
from services.clients import mail_links, registration
from services.clients.registration import save_client
from services.ingestion.intake import accept_events
from services.returns.intake import ReturnArrival, take_returns
from services.returns.suppressions import add_entries, remove_entry, show_entry
from store.clients import clients
from store.database import connect, read_transaction, write_transaction
from store.mail import ledger, mail_facts
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_mailbox
from store.tables import clients as client_rows
from store.tables import outreaches
from tests.support.tables import create_tables

NOW = datetime(2026, 11, 29, 15, tzinfo=UTC)
POLICY = ShopPolicy(currency="USD", time_zone="UTC", signing_key="k")
LINKS = Links("k", "https://shop.example", "https://shop.example", "shop.example", "bounce.shop.example")
RULES = MailRules(quiet_from_hour=0, quiet_until_hour=0)


class Shop:
    """One database, asked as the send gate asks."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def client(self, client_id: str, email: str, at: datetime = NOW, **fields: Any) -> None:
        row = ClientRow.model_validate({"client_id": client_id, "email": email, "consent": True, **fields})
        with write_transaction(self.engine) as connection:
            assert not registration.upsert_clients(connection, [row], POLICY, at, at).refused

    def event(self, client_id: str, kind: str, at: datetime = NOW, **fields: Any) -> None:
        body = {"event_id": f"{client_id}.{kind}.{at.timestamp():.6f}", "client_id": client_id, "type": kind}
        with write_transaction(self.engine) as connection:
            event = EVENT.validate_python({**body, "occurred_at": at, **fields})
            assert not accept_events(connection, [event], POLICY, NOW, NOW).refused

    def put_mail(self, client_id: str, n: int = 1, at: datetime = NOW, **fields: Any) -> None:
        """A mail that left, to the client's present address."""
        with write_transaction(self.engine) as connection:
            email = connection.scalar(select(client_rows.c.email).where(client_rows.c.client_id == client_id)) or ""
            row = {"client_id": client_id, "n": n, "reason_key": f"r{n}", "kind": "welcome", "assessment_id": "a"}
            row |= {"score": 1, "phase": "active", "state": "sent", "created_at": at, "updated_at": at, "sent_at": at}
            row |= {"message_id": LINKS.build_message_id(client_id, n), "mailbox": hash_mailbox("k", email, True)}
            connection.execute(insert(outreaches).values(**{**row, **fields}))

    def gate(self, client_id: str, now: datetime = NOW) -> str:
        """Why the client may not be mailed; empty: they may."""
        with write_transaction(self.engine) as connection:
            client = clients.load_client(connection, client_id)
            assert client is not None
            sent_at = mail_facts.list_sent_times(connection, [client_id], now).get(client_id, ())
            return may_plan(mail_facts.load_mail_facts(connection, client, "k", sent_at), RULES, now).code

    def take(self, client_id: str, kind: ReturnKind, n: int = 1, now: datetime = NOW, **fields: Any) -> str:
        ids = (LINKS.build_message_id(client_id, n),)
        reading = ReturnReading(kind=kind, message_ids=ids, report_id=f"{client_id}{n}{kind}", **fields)
        return take_returns(self.engine, SYSTEM, POLICY, [ReturnArrival(reading)], "file", now, now)[0].outcome

    def state(self, client_id: str, n: int = 1) -> str:
        with read_transaction(self.engine) as connection:
            row = ledger.load_mail(connection, client_id, n)
        assert row is not None
        return row.state

    def link(self, client_id: str, at: datetime = NOW) -> None:
        with write_transaction(self.engine) as connection:
            mail_links.withdraw_consent(connection, client_id, 1, at, at, POLICY)

    def stay(self, client_id: str, at: datetime = NOW) -> StayOutcome:
        with write_transaction(self.engine) as connection:
            return mail_links.restore_consent(connection, client_id, 1, at, at, POLICY)[0]


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    url = f"sqlite:///{tmp_path_factory.mktemp('boxes')}/store.db"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_tables_url")
    engine = connect(url)
    create_tables(engine)
    yield Shop(engine)
    engine.dispose()


def test_whoever_shares_a_mailbox_is_named(shop: Shop) -> None:
    shop.client("a", "ann@example.com")
    row = ClientRow(client_id="b", email="Ann+tag@Example.com")
    saved = save_client(shop.engine, SYSTEM, row, POLICY, NOW, NOW)
    assert (saved.sharing, saved.sharers) == (1, ("a",))


def test_of_many_at_one_mailbox_the_first_are_named_and_all_are_counted(shop: Shop) -> None:
    for k in range(7):
        shop.client(f"c{k}", "none@example.com")
    row = ClientRow(client_id="c1", email="none@example.com")
    saved = save_client(shop.engine, SYSTEM, row, POLICY, NOW, NOW)
    assert (saved.sharing, saved.sharers) == (6, ("c0", "c2", "c3", "c4", "c5"))
    alone = ClientRow(client_id="d", email="dora@example.com")
    assert save_client(shop.engine, SYSTEM, alone, POLICY, NOW, NOW).sharing == 0


def test_an_opt_out_holds_for_every_id_of_the_mailbox_now_and_later(shop: Shop) -> None:
    shop.client("a", "Ann.Lee@Example.com")
    shop.client("b", "ann.lee@example.com")
    shop.event("a", "unsubscribed")
    shop.client("c", "ann.lee+sale@example.com")
    assert [shop.gate(name) for name in "abc"] == ["no_consent", "withdrawn", "no_consent"]
    shop.event("b", "consent_changed", NOW + timedelta(minutes=1), consent=True)
    assert [shop.gate(name) for name in "abc"] == ["no_consent", "", "no_consent"], "only who consented later"
    shop.event("c", "unsubscribed", NOW + timedelta(minutes=2))
    assert shop.gate("b") == "withdrawn"


def test_a_withdrawal_wins_over_a_consent_received_before_it(shop: Shop) -> None:
    shop.client("a", "a@example.com")
    shop.event("a", "consent_changed", NOW + timedelta(minutes=4), consent=True)
    shop.event("a", "unsubscribed", NOW)
    assert shop.gate("a") == "no_consent"
    shop.event("a", "consent_changed", NOW + timedelta(minutes=1), consent=True)
    assert shop.gate("a") == "", "this one arrived after it, and was given after it"


def test_a_bounce_hits_the_old_address_and_takes_no_consent(shop: Shop) -> None:
    shop.client("b-1", "old@example.com")
    shop.put_mail("b-1")
    shop.client("b-1", "new@example.com")
    shop.event("b-1", "email_bounced", outreach="b-1.1", hard=True)
    assert (shop.gate("b-1"), shop.state("b-1")) == ("", "bounced")
    shop.client("b-2", "old@example.com")
    assert shop.gate("b-2") == "suppressed_hard_bounce"
    shop.client("b-2", "right@example.com")
    assert shop.gate("b-2") == "", "a corrected address may be mailed"


def test_a_complaint_about_an_old_address_leaves_the_new_one(shop: Shop) -> None:
    shop.client("a", "old@example.com")
    shop.put_mail("a")
    shop.client("a", "new@example.com")
    assert shop.take("a", ReturnKind.COMPLAINT) == "applied"
    assert (shop.gate("a", NOW + timedelta(days=9)), shop.state("a")) == ("", "complained")
    shop.client("b", "old@example.com")
    assert shop.gate("b") == "suppressed_complaint"


@pytest.mark.parametrize("kind", [ReturnKind.FAILED, ReturnKind.COMPLAINT, ReturnKind.DELAYED])
def test_a_return_counts_by_what_it_says(shop: Shop, kind: ReturnKind) -> None:
    shop.client("a", "a@example.com")
    shop.put_mail("a")
    labels = {"kind": kind.value, "outcome": "noted" if kind is ReturnKind.DELAYED else "applied"}
    before = REGISTRY.get_sample_value("selvedge_returns_total", labels) or 0
    assert shop.take("a", kind) == labels["outcome"]
    assert REGISTRY.get_sample_value("selvedge_returns_total", labels) == before + 1


def test_caps_hold_for_the_mailbox(shop: Shop) -> None:
    for k in range(3):
        shop.client(f"c{k}", "one@example.com")
    shop.put_mail("c0")
    assert [shop.gate(f"c{k}") for k in range(3)] == ["cap"] * 3
    shop.take("c0", ReturnKind.FAILED, code="4.2.2")
    assert shop.gate("c1") == "", "what bounced did not arrive"


def test_stay_undoes_its_own_withdrawal_alone_and_not_for_ever(shop: Shop) -> None:
    shop.client("a", "a@example.com")
    shop.client("b", "a@example.com")
    shop.put_mail("a", at=NOW - timedelta(days=30))
    shop.link("a")
    assert shop.gate("b") == "withdrawn"
    assert shop.stay("a", NOW + timedelta(hours=1)) is StayOutcome.BACK
    assert [shop.gate("a"), shop.gate("b")] == ["", ""]
    shop.link("a", NOW + timedelta(days=1))
    assert shop.stay("a", NOW + timedelta(days=9)) is StayOutcome.EXPIRED
    assert shop.gate("a") == "no_consent"


@pytest.mark.parametrize("kind", ["email_complained", "unsubscribed"])
def test_stay_gives_nothing_back_after_a_complaint_or_another_withdrawal(shop: Shop, kind: str) -> None:
    shop.client("a", "a@example.com")
    shop.client("b", "a@example.com")
    shop.put_mail("a", at=NOW - timedelta(days=30))
    shop.link("a")
    shop.event("b", kind, NOW + timedelta(seconds=1))
    assert shop.stay("a", NOW + timedelta(minutes=1)) is StayOutcome.OTHER
    assert shop.gate("a") != ""


def test_soft_bounces_in_a_row_give_a_mailbox_up_until_somebody_lifts_it(shop: Shop) -> None:
    shop.client("a", "a@example.com")
    for n, day in ((1, 10), (2, 8), (3, 6), (4, 1)):
        shop.put_mail("a", n, NOW - timedelta(days=day))
    for n, day in ((1, 10), (2, 8)):
        shop.take("a", ReturnKind.FAILED, n, NOW - timedelta(days=day), code="4.2.2")
    assert shop.gate("a", NOW + timedelta(days=9)) == ""
    shop.take("a", ReturnKind.FAILED, 3, NOW - timedelta(days=6), code="5.7.1")
    assert shop.gate("a") == "suppressed_soft_bounces"
    remove_entry(shop.engine, SYSTEM, POLICY, SuppressionRemoval(email="a@example.com"), NOW, NOW)
    shop.take("a", ReturnKind.FAILED, 4, NOW, code="4.2.2")
    assert shop.gate("a", NOW + timedelta(days=9)) == "", "the count begins again"


@pytest.mark.parametrize(
    ("cleared_by", "given_up"),
    [
        ("nothing", True),
        ("email_opened", False),
        ("email_clicked", False),
        ("order_placed", False),
        ("a machine", True),
        ("a mail that stayed away", False),
        ("a mail of yesterday", True),
        ("two days", False),
    ],
)
def test_what_clears_the_count_of_soft_bounces(shop: Shop, cleared_by: str, given_up: bool) -> None:
    """Three bounces; between the second and the third something happens."""
    days = (14, 13, 12) if cleared_by == "two days" else (14, 12, 1)
    shop.client("a", "a@example.com")
    for n, day in enumerate(days, 1):
        shop.put_mail("a", n, NOW - timedelta(days=day))
    between = NOW - timedelta(days=10)
    if cleared_by in ("email_opened", "email_clicked"):
        shop.event("a", cleared_by, between)
    elif cleared_by == "order_placed":
        shop.event("a", cleared_by, between, item_id="i1", value=10, currency="USD")
    elif cleared_by == "a machine":
        shop.event("a", "email_opened", between, machine=True)
    elif cleared_by.startswith("a mail"):
        shop.put_mail("a", 9, NOW - timedelta(days=8 if cleared_by == "a mail that stayed away" else 1))
    for n, day in enumerate(days, 1):
        shop.take("a", ReturnKind.FAILED, n, NOW - timedelta(days=day) if n < 3 else NOW, code="4.2.2")
    assert (shop.gate("a", NOW + timedelta(days=9)) == "suppressed_soft_bounces") is given_up


def test_the_list_says_who_and_why_and_a_complaint_is_lifted_with_a_reason(shop: Shop) -> None:
    shop.client("a", "a@example.com")
    order = SuppressionOrder(email="A@Example.com", reason="legal", note="letter of May")
    assert add_entries(shop.engine, SYSTEM, POLICY, [order, order], NOW, NOW) == 1
    entry = show_entry(shop.engine, POLICY, "a@example.com")
    assert (entry.reason, entry.by, entry.note, entry.clients) == ("legal", "selvedge", "letter of May", ("a",))
    shop.event("a", "email_complained")
    with pytest.raises(BadInput, match="why"):
        remove_entry(shop.engine, SYSTEM, POLICY, SuppressionRemoval(email="a@example.com"), NOW, NOW)
    removal = SuppressionRemoval(email=entry.address_hash, why="she called")
    lifted = remove_entry(shop.engine, SYSTEM, POLICY, removal, NOW, NOW)
    assert (lifted.note, lifted.lifted_at) == ("she called", NOW)
    assert shop.gate("a") == "no_consent", "her consent is hers to give"
    with pytest.raises(NotFound):
        remove_entry(shop.engine, SYSTEM, POLICY, removal, NOW, NOW)


def test_a_mail_to_the_unsubscribe_address_is_a_withdrawal(shop: Shop) -> None:
    shop.client("a", "a@example.com")
    shop.client("b", "a@example.com")
    shop.put_mail("a", at=NOW - timedelta(days=30))
    reading = read_return(b"From: a@example.com\n\nstop", LINKS.build_unsubscribe_address("a", 1), LINKS)
    (taken,) = take_returns(shop.engine, SYSTEM, POLICY, [ReturnArrival(reading)], "listener", NOW, NOW)
    assert taken.outcome == "applied"
    assert [shop.gate("a"), shop.gate("b")] == ["no_consent", "withdrawn"]
