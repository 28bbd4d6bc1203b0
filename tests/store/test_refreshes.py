"""Plans of refreshes, lists for everybody, and models that can be gone back to; on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from errors import NotFound
from models.refreshes import ListedItem, RefreshReport, RefreshState, SlotOutcome, TopPicks, Verdict
from store.database import read_transaction, write_transaction
from store.learning import artefacts, refreshes, top_picks
from store.learning.artefacts import Artefact
from store.mail.policy import Terms
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients

IDS = ("b1", "B2", "a_3", "c-4", "_5", "z.6", "A7")


def listed(client_id: str, item: str = "i1", at: datetime = NOW) -> TopPicks:
    items = (ListedItem(item_id=item, score=0.5), ListedItem(item_id="i9", score=0.25))
    return TopPicks(client_id=client_id, context="email", at=at, algorithm="blend", artefact="m1", items=items)


@pytest.mark.parametrize(("size", "most", "shards"), [(3, 500, 3), (7, 500, 1), (100, 500, 1), (1, 4, 4), (1, 500, 7)])
def test_every_client_is_in_one_shard_whoever_comes_later(
    engine: Engine, terms: Terms, size: int, most: int, shards: int
) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, terms, *IDS)
        firsts = top_picks.shards(connection, size, most)
        seed_clients(connection, terms, "0first", "zzz-last", "b15")
        ends = [*firsts[1:], None]
        found = [
            top_picks.clients_of(connection, first, end, None, 100) for first, end in zip(firsts, ends, strict=True)
        ]
        together = [client_id for shard in found for client_id in shard]
        assert together == top_picks.clients_of(connection, "", None, None, 100)
    assert len(firsts) == shards
    assert sorted(together) == sorted([*IDS, "0first", "zzz-last", "b15"])


def test_a_shop_without_clients_has_one_empty_shard(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        assert top_picks.shards(connection, 10, 500) == [""]
        assert top_picks.clients_of(connection, "", None, None, 10) == []


def test_who_goes_on_begins_after_the_last_one(engine: Engine, terms: Terms) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, terms, *IDS)
        all_ = top_picks.clients_of(connection, "", None, None, 100)
        assert top_picks.clients_of(connection, all_[1], all_[5], None, 100) == all_[1:5]
        assert top_picks.clients_of(connection, all_[1], all_[5], all_[2], 1) == all_[3:4]
        assert top_picks.clients_of(connection, all_[1], all_[5], all_[4], 1) == []


def test_a_list_takes_the_place_of_the_one_before(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        top_picks.put(connection, "d1", [listed("ann"), listed("bob")])
        for _ in range(2):
            top_picks.put(connection, "d2", [listed("ann", "i2", NOW + timedelta(days=1))])
        found = top_picks.of(connection, ["ann", "bob", "eve"])
        assert found == {"ann": listed("ann", "i2", NOW + timedelta(days=1)), "bob": listed("bob")}
        assert (top_picks.count(connection, "d1"), top_picks.count(connection, "d2")) == (1, 1)
        assert [each.client_id for each in top_picks.everybody(connection)] == ["ann", "bob"]
        assert top_picks.last_of(connection, "d1", "", None) == "bob"
        assert top_picks.last_of(connection, "d2", "", None) == "ann"
        assert top_picks.last_of(connection, "d1", "", "bob") is None
        assert top_picks.last_of(connection, "d2", "b", None) is None
        top_picks.forget(connection, NOW + timedelta(hours=1))
        assert list(top_picks.of(connection, ["ann", "bob"])) == ["ann"]


def test_a_plan_is_fixed_and_a_report_grows(engine: Engine) -> None:
    first = RefreshReport(refresh="d1", since=NOW - timedelta(days=2), cut=NOW - timedelta(days=1), until=NOW)
    with write_transaction(engine) as connection:
        refreshes.begin(connection, first, ["ranking"], ["", "m"], NOW)
        later = first.model_copy(update={"until": NOW + timedelta(days=1)})
        again = refreshes.begin(connection, later, ["risk"], [""], NOW + timedelta(days=1))
        assert again.plan == {"slots": ["ranking"], "shards": ["", "m"]}
        assert refreshes.days(again) == (first.since, first.cut, first.until)
        learnt = SlotOutcome(slot="ranking", verdict=Verdict.LEARNT, artefact="m1")
        refreshes.keep_outcome(connection, "d1", SlotOutcome(slot="risk", verdict=Verdict.NOTHING))
        refreshes.keep_outcome(connection, "d1", learnt)
        better = refreshes.keep_outcome(connection, "d1", learnt.model_copy(update={"verdict": Verdict.BETTER}))
        assert refreshes.outcome(connection, "d1", "ranking") == better
        assert refreshes.latest(connection, done=True) == []
        told = refreshes.note(connection, "d1", state=RefreshState.DONE, picked=3)
        assert refreshes.latest(connection, done=True) == [told]
        assert (len(told.slots), told.picked, told.until) == (2, 3, NOW)
        with pytest.raises(NotFound):
            refreshes.get(connection, "never")


def made(name: str, days_ago: int = 0, **values: object) -> Artefact:
    usual = {"slot": "risk", "algorithm": "cadence", "path": artefacts.path_of(name)}
    return Artefact.model_validate(usual | {"id": name, "created_at": NOW - timedelta(days=days_ago)} | values)


def test_what_served_can_be_gone_back_to(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        for each in (made("old", 3, live=True), made("new", 1, live=True), made("other", 1, slot="fit", live=True)):
            artefacts.add(connection, each)
        back = artefacts.promote(connection, "old", NOW)
        assert (back.live, back.served_at) == (True, NOW)
        assert artefacts.live(connection, "risk") == back
        assert [each.live for each in artefacts.listing(connection, "risk")] == [False, True]
        assert artefacts.live(connection, "fit") is not None
        assert artefacts.promote(connection, "old", NOW + timedelta(days=1)) == back
        with pytest.raises(NotFound):
            artefacts.promote(connection, "never", NOW)


def test_only_what_never_served_is_forgotten(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        for each in (made("served", 60, live=True), made("live", 50, live=True), made("tried", 40), made("young", 2)):
            artefacts.add(connection, each)
        gone = artefacts.forget_unserved(connection, NOW - timedelta(days=30))
        assert [each.id for each in gone] == ["tried"]
        assert {each.id for each in artefacts.listing(connection)} == {"served", "live", "young"}
