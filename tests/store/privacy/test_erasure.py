"""After an erasure nothing of the client is in any table; what may stay, stays; every step may be done again."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine, UniqueConstraint, func, insert, select, update

from errors import ErasedClient, NotFound
from models.erasures import ErasureState
from models.fixes import FixWish
from models.states import HoldSource
from services.clients import registration
from services.ingestion import intake
from store import tables as t
from store.campaigns import campaigns
from store.clients import clients
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.fixes import fixes, reservations, waves
from store.learning import refreshes
from store.mail import suppressions
from store.mail.mail_facts import load_mail_facts
from store.mail.policy import ShopPolicy
from store.privacy import erasure
from store.privacy.export import export_client
from store.privacy.personal import OTHER_TABLES, PERSONAL_TABLES, PersonalTable
from tests.store.conftest import NOW, REAL
from tests.store.seeds import client_row, days, event, seed_clients
from tests.support.private_data import ADDRESS, CANARIES, iterate_all_rows, save_everything_about
from tests.support.suppressions import find_suppression, suppress_addresses

WHO = "privy"


@pytest.fixture
def fix_id(engine: Engine, policy: ShopPolicy) -> str:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "zoe")
        return save_everything_about(connection, policy, WHO, NOW)


def erase(engine: Engine, policy: ShopPolicy) -> int:
    """All of it, as the activity does; how many rows went."""
    with write_transaction(engine) as connection:
        erasure.replace_with_tombstone(connection, policy.signing_key, WHO, NOW)
    rows = 0
    while True:
        with write_transaction(engine) as connection:
            gone = erasure.erase_batch(connection, WHO)
        rows += gone
        if not gone:
            break
    with write_transaction(engine) as connection:
        erasure.mark_erased(connection, policy.signing_key, WHO, NOW)
    return rows


def test_every_table_is_somebodys_or_nobodys() -> None:
    covered = [holding.table for holding in PERSONAL_TABLES]
    assert len(covered) == len(set(covered))
    assert {*covered, *OTHER_TABLES} == set(t.metadata.tables.values()), (
        "a new table: say in store/privacy/personal.py what it holds"
    )
    assert not set(covered) & set(OTHER_TABLES)
    personal = {table for table in t.metadata.tables.values() if {"client_id", "fix_id"} & set(table.c.keys())}
    assert personal <= set(covered), "it names clients or Fixes"
    assert len({holding.part for holding in PERSONAL_TABLES}) == len(PERSONAL_TABLES)


@pytest.mark.parametrize("holding", PERSONAL_TABLES, ids=lambda holding: holding.part)
def test_the_rows_of_a_client_are_found_by_an_index(holding: PersonalTable) -> None:
    """Without one each batch, and each mail whose edits go with it, reads everybody's, and others wait to write."""
    key = next(name for name in ("client_id", "fix_id", "subject") if name in holding.table.c)
    orders = [holding.table.primary_key.columns, *(index.columns for index in holding.table.indexes)]
    orders += [
        constraint.columns for constraint in holding.table.constraints if isinstance(constraint, UniqueConstraint)
    ]
    assert key in {order.keys()[0] for order in orders if order.keys()}, "an index of an expression has none"


def test_nothing_of_the_client_is_left_in_any_table(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    with read_transaction(engine) as connection:
        before = dict.fromkeys((name for name, _ in iterate_all_rows(connection)), True)
        assert set(before) >= {holding.table.name for holding in PERSONAL_TABLES}, "every table had something to lose"
        assert any(canary in shown for _, shown in iterate_all_rows(connection) for canary in CANARIES)
    assert erase(engine, policy) > len(PERSONAL_TABLES)
    with read_transaction(engine) as connection:
        left = [
            (name, word)
            for name, shown in iterate_all_rows(connection)
            for word in (*CANARIES, WHO, fix_id)
            if word in shown
        ]
        assert left == []
        assert {row.client_id for row in connection.execute(select(t.clients))} == {"ann", "zoe"}
    assert erase(engine, policy) == 0, "again is the same"


def test_what_may_stay_stays(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    with write_transaction(engine) as connection:
        suppress_addresses(connection, policy.signing_key, {ADDRESS: ("complaint", NOW)})
        before = campaigns.count_progress(connection, "spring")
    erase(engine, policy)
    with read_transaction(engine) as connection:
        assert find_suppression(connection, policy.signing_key, ADDRESS) == "complaint"
        assert campaigns.count_progress(connection, "spring") == before, "a campaign counts as many as before"
        assert campaigns.load_campaign(connection, "spring").cursor == "ann", "its cursor stands before the id"
        assert refreshes.load_refresh(connection, "night").plan["shards"] == ["", "ann", "zz"]
        assert waves.load_wave(connection, "w1").plan["parts"] == [["other"]]
        assert waves.load_arrays(connection, "w1", "problem/0")["fixes"].tolist() == ["other", ""], "places stay"


def test_a_campaign_waits_for_nothing_of_somebody_who_went(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    """Enrolled, or a mail begun, after everything of theirs was called off."""
    with write_transaction(engine) as connection:
        connection.execute(update(t.enrolments).values(state="waiting"))
        connection.execute(update(t.outreaches).values(state="briefed"))
    erase(engine, policy)
    with read_transaction(engine) as connection:
        shown = campaigns.count_progress(connection, "spring")
    assert (shown.enrolled, shown.dropped, shown.stopped, shown.pending, shown.under_way) == (1, 1, 1, 0, 0)


def test_an_erased_id_is_refused_at_every_door(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    erase(engine, policy)
    with write_transaction(engine) as connection:
        refused = intake.accept_events(connection, [event("e9", "searched", WHO)], policy, NOW, REAL).refused
        assert [refusal.reason for refusal in refused] == [suppressions.ERASED]
        put = registration.upsert_clients(connection, [client_row(WHO)], policy, NOW, REAL)
        assert [refusal.reason for refusal in put.refused] == [suppressions.ERASED]
        with pytest.raises(NotFound):
            fixes.save_request(connection, WHO, FixWish(), NOW)
        for refuse in (erasure.require_not_erasing, erasure.require_not_erased):
            with pytest.raises(ErasedClient):
                refuse(connection, policy.signing_key, WHO)
        with pytest.raises(ErasedClient):
            next(export_client(connection, policy.signing_key, WHO, NOW))


def test_asking_twice_is_asking_once(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    with write_transaction(engine) as connection:
        for later in range(3):
            shown = erasure.request_erasure(connection, policy.signing_key, WHO, NOW + days(later), REAL)
            assert (shown.state, shown.asked_at) == (ErasureState.WAITING, NOW)
        waiting = connection.execute(select(t.outbox).where(t.outbox.c.kind == "erasure")).all()
        assert [row.target for row in waiting] == [WHO]
        with pytest.raises(NotFound):
            erasure.request_erasure(connection, policy.signing_key, "nobody", NOW, REAL)
        with pytest.raises(NotFound):
            erasure.load_status(connection, policy.signing_key, "ann")
        erasure.replace_with_tombstone(connection, policy.signing_key, WHO, NOW)
        assert erasure.load_status(connection, policy.signing_key, WHO).state is ErasureState.ERASING
    erase(engine, policy)
    with write_transaction(engine) as connection:
        shown = erasure.request_erasure(connection, policy.signing_key, WHO, NOW + days(3), REAL)
        assert (shown.state, shown.erased_at) == (ErasureState.ERASED, NOW)
        assert outbox.count_pending(connection) == 0 or not connection.scalar(
            select(func.count()).where(t.outbox.c.target == WHO)
        )


def test_a_client_who_is_to_be_erased_is_mailed_no_more_and_has_no_new_fix(
    engine: Engine, policy: ShopPolicy, fix_id: str
) -> None:
    with write_transaction(engine) as connection:
        erasure.request_erasure(connection, policy.signing_key, WHO, NOW, REAL)
        client = clients.load_client(connection, WHO)
        assert client is not None
        assert load_mail_facts(connection, client, policy.signing_key, ()).erased
        with pytest.raises(ErasedClient, match="is being erased"):
            erasure.require_not_erasing(connection, policy.signing_key, WHO)
        covered = connection.scalars(select(t.holds.c.source).where(t.holds.c.client_id == WHO))
        assert HoldSource.ERASURE in set(covered)


def test_many_rows_go_in_batches(
    engine: Engine, policy: ShopPolicy, fix_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "BATCH", 7)
    with write_transaction(engine) as connection:
        rows = [
            {"event_id": f"b{k}", "client_id": WHO, "type": "searched", "occurred_at": NOW, "data": None}
            for k in range(30)
        ]
        connection.execute(insert(t.events), rows)
        assert erasure._delete(next(h for h in PERSONAL_TABLES if h.table is t.events), connection, WHO) == 7
    assert erase(engine, policy) >= 28
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(t.events)) == 0


def test_the_export_tells_all_that_is_held(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    with write_transaction(engine) as connection:
        suppress_addresses(connection, policy.signing_key, {ADDRESS: ("complaint", NOW)})
        whole = json.loads(b"".join(export_client(connection, policy.signing_key, WHO, NOW)))
    for holding in PERSONAL_TABLES:
        assert len(whole[holding.part]) > 0, holding.part
        shown = set(whole[holding.part][0])
        assert shown == set(holding.table.c.keys()) - holding.without, holding.part
    assert whole["client"][0]["email"] == ADDRESS
    assert whole["profile"]["demographics"]["first_name"] == "Canarina"
    assert whole["suppressed"]["reason"] == "complaint"
    assert [(refusal["said"], refusal["consent"]) for refusal in whole["consent"]] == [("consent_changed", True)]
    assert whole["questions"][0]["body"] == {"client": {"note": "canarynote of Wilhelmina"}}, "opened"
    assert whole["mails"][0]["draft"]["subject"] == "For Canarina"
    assert '"ana"' not in json.dumps([whole["mail_edits"], whole["fix_steps"]]), "names of staff are theirs"
    assert whole["events"][0]["occurred_at"] == "2026-06-01T12:00:00Z"


def test_the_export_is_of_that_client_alone(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    with read_transaction(engine) as connection:
        ann = b"".join(export_client(connection, policy.signing_key, "ann", NOW)).decode()
        assert json.loads(ann)["events"] == []
        assert not any(canary in ann for canary in CANARIES)
        with pytest.raises(NotFound):
            next(export_client(connection, policy.signing_key, "nobody", NOW))


def test_stock_held_for_a_fix_is_still_counted_right(engine: Engine, policy: ShopPolicy, fix_id: str) -> None:
    with write_transaction(engine) as connection:
        reservations.release_box(connection, fix_id, NOW)
    erase(engine, policy)
    with read_transaction(engine) as connection:
        assert reservations.find_faults(connection) == []
