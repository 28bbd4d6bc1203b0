"""Plans of refreshes, lists for everybody, and models that can be gone back to; on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from errors import NotFound
from models.refreshes import ChallengerVerdict, RefreshReport, RefreshState, SlotOutcome, TopPick, TopPicks
from store.database import read_transaction, write_transaction
from store.learning import artefacts, refreshes, top_picks
from store.learning.artefacts import Artefact
from store.mail.policy import ShopPolicy
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients

IDS = ("b1", "B2", "a_3", "c-4", "_5", "z.6", "A7")


def build_lists(client_id: str, item: str = "i1", at: datetime = NOW) -> TopPicks:
    items = (TopPick(item_id=item, score=0.5), TopPick(item_id="i9", score=0.25))
    return TopPicks(client_id=client_id, context="email", at=at, algorithm="blend", artefact="m1", items=items)


@pytest.mark.parametrize(("size", "most", "shards"), [(3, 500, 3), (7, 500, 1), (100, 500, 1), (1, 4, 4), (1, 500, 7)])
def test_every_client_is_in_one_shard_whoever_comes_later(
    engine: Engine, policy: ShopPolicy, size: int, most: int, shards: int
) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *IDS)
        firsts = top_picks.split_shards(connection, size, most)
        seed_clients(connection, policy, "0first", "zzz-last", "b15")
        ends = [*firsts[1:], None]
        lists = [
            top_picks.list_shard_clients(connection, first, end, None, 100)
            for first, end in zip(firsts, ends, strict=True)
        ]
        together = [client_id for shard in lists for client_id in shard]
        assert together == top_picks.list_shard_clients(connection, "", None, None, 100)
    assert len(firsts) == shards
    assert sorted(together) == sorted([*IDS, "0first", "zzz-last", "b15"])


def test_a_shop_without_clients_has_one_empty_shard(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        assert top_picks.split_shards(connection, 10, 500) == [""]
        assert top_picks.list_shard_clients(connection, "", None, None, 10) == []


def test_who_goes_on_begins_after_the_last_one(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *IDS)
        all_ = top_picks.list_shard_clients(connection, "", None, None, 100)
        assert top_picks.list_shard_clients(connection, all_[1], all_[5], None, 100) == all_[1:5]
        assert top_picks.list_shard_clients(connection, all_[1], all_[5], all_[2], 1) == all_[3:4]
        assert top_picks.list_shard_clients(connection, all_[1], all_[5], all_[4], 1) == []


def test_a_list_takes_the_place_of_the_one_before(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        top_picks.save_lists(connection, "d1", [build_lists("ann"), build_lists("bob")])
        for _ in range(2):
            top_picks.save_lists(connection, "d2", [build_lists("ann", "i2", NOW + timedelta(days=1))])
        lists = top_picks.load_lists(connection, ["ann", "bob", "eve"])
        assert lists == {"ann": build_lists("ann", "i2", NOW + timedelta(days=1)), "bob": build_lists("bob")}
        assert (top_picks.count_lists(connection, "d1"), top_picks.count_lists(connection, "d2")) == (1, 1)
        assert [picks.client_id for picks in top_picks.iterate_lists(connection)] == ["ann", "bob"]
        assert top_picks.find_last_client(connection, "d1", "", None) == "bob"
        assert top_picks.find_last_client(connection, "d2", "", None) == "ann"
        assert top_picks.find_last_client(connection, "d1", "", "bob") is None
        assert top_picks.find_last_client(connection, "d2", "b", None) is None
        top_picks.delete_old_lists(connection, NOW + timedelta(hours=1))
        assert list(top_picks.load_lists(connection, ["ann", "bob"])) == ["ann"]


def test_a_plan_is_fixed_and_a_report_grows(engine: Engine) -> None:
    first = RefreshReport(refresh="d1", since=NOW - timedelta(days=2), cut=NOW - timedelta(days=1), until=NOW)
    with write_transaction(engine) as connection:
        refreshes.begin_refresh(connection, first, ["ranking"], ["", "m"], NOW)
        later = first.model_copy(update={"until": NOW + timedelta(days=1)})
        again = refreshes.begin_refresh(connection, later, ["risk"], [""], NOW + timedelta(days=1))
        assert again.plan == {"slots": ["ranking"], "shards": ["", "m"]}
        assert refreshes.parse_days(again) == (first.since, first.cut, first.until)
        learnt = SlotOutcome(slot="ranking", verdict=ChallengerVerdict.LEARNT, artefact="m1")
        refreshes.save_outcome(connection, "d1", SlotOutcome(slot="risk", verdict=ChallengerVerdict.NOTHING))
        refreshes.save_outcome(connection, "d1", learnt)
        better = refreshes.save_outcome(
            connection, "d1", learnt.model_copy(update={"verdict": ChallengerVerdict.BETTER})
        )
        assert refreshes.find_outcome(connection, "d1", "ranking") == better
        assert refreshes.list_latest(connection, done=True) == []
        report = refreshes.update_report(connection, "d1", state=RefreshState.DONE, picked=3)
        assert refreshes.list_latest(connection, done=True) == [report]
        assert (len(report.slots), report.picked, report.until) == (2, 3, NOW)
        with pytest.raises(NotFound):
            refreshes.load_refresh(connection, "never")


def build_artefact(name: str, days_ago: int = 0, **values: object) -> Artefact:
    usual = {"slot": "risk", "algorithm": "cadence", "path": artefacts.build_path(name)}
    return Artefact.model_validate(usual | {"id": name, "created_at": NOW - timedelta(days=days_ago)} | values)


def test_what_served_can_be_gone_back_to(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        for artefact in (
            build_artefact("old", 3, live=True),
            build_artefact("new", 1, live=True),
            build_artefact("other", 1, slot="fit", live=True),
        ):
            artefacts.add_artefact(connection, artefact)
        back = artefacts.promote_artefact(connection, "old", NOW)
        assert (back.live, back.served_at) == (True, NOW)
        assert artefacts.find_live(connection, "risk") == back
        assert [artefact.live for artefact in artefacts.list_artefacts(connection, "risk")] == [False, True]
        assert artefacts.find_live(connection, "fit") is not None
        assert artefacts.promote_artefact(connection, "old", NOW + timedelta(days=1)) == back
        with pytest.raises(NotFound):
            artefacts.promote_artefact(connection, "never", NOW)


def test_only_what_never_served_is_forgotten(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        for artefact in (
            build_artefact("served", 60, live=True),
            build_artefact("live", 50, live=True),
            build_artefact("tried", 40),
            build_artefact("young", 2),
        ):
            artefacts.add_artefact(connection, artefact)
        gone = artefacts.delete_unserved(connection, NOW - timedelta(days=30))
        assert [artefact.id for artefact in gone] == ["tried"]
        assert {artefact.id for artefact in artefacts.list_artefacts(connection)} == {"served", "live", "young"}
