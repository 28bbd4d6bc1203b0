"""The Activity log: written with its change or not at all, read by subject, and without the client once erased."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from domain.permissions import Action
from models.actors import Actor, Channel, Role, Subject, SubjectKind
from store.activity import anonymise_activity, list_activities, write_activity
from store.database import read_transaction, write_transaction
from tests.store.conftest import NOW, REAL

EVE = Actor(who="eve", role=Role.STYLIST, channel=Channel.PAGE)
ANN = Subject(kind=SubjectKind.CLIENT, id="ann")
HER_FIX = Subject(kind=SubjectKind.FIX, id="f1", client_id="ann")
SPRING = Subject(kind=SubjectKind.CAMPAIGN, id="spring")


@pytest.fixture(autouse=True)
def rows(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        write_activity(connection, EVE, Action.PAUSE_CLIENT, ANN, NOW, REAL)
        write_activity(connection, EVE, Action.DECIDE_FIX, HER_FIX, NOW, REAL, {"verdict": "approve"})
        write_activity(connection, EVE, Action.END_CAMPAIGN, SPRING, NOW, REAL)


def test_a_row_says_who_did_what_when_and_by_which_way(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        (row,) = list_activities(connection, SubjectKind.FIX, "f1")
    assert (row.actor, row.action, row.subject, row.at, row.real_at) == (EVE, "fix.decide", HER_FIX, NOW, REAL)
    assert row.data == {"verdict": "approve"}


def test_a_client_s_rows_hold_those_of_their_fixes_and_the_latest_come_first(engine: Engine) -> None:
    with read_transaction(engine) as connection:
        assert [row.action for row in list_activities(connection)] == ["campaign.end", "fix.decide", "client.pause"]
        of_ann = list_activities(connection, SubjectKind.CLIENT, "ann")
        assert [row.action for row in of_ann] == ["fix.decide", "client.pause"]
        assert [row.action for row in list_activities(connection, SubjectKind.CAMPAIGN)] == ["campaign.end"]
        assert [row.action for row in list_activities(connection, limit=1)] == ["campaign.end"]


def test_a_change_that_rolls_back_leaves_no_row(engine: Engine) -> None:
    def change_and_fail() -> None:
        with write_transaction(engine) as connection:
            write_activity(connection, EVE, Action.RESUME_CLIENT, ANN, NOW, REAL)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    with read_transaction(engine) as connection:
        assert len(list_activities(connection)) == 3


def test_an_erased_client_is_in_no_row_but_the_change_stays(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        assert [anonymise_activity(connection, "ann", 1) for _ in range(3)] == [1, 1, 0]
    with read_transaction(engine) as connection:
        rows = list_activities(connection)
    assert [(row.action, row.subject.id, row.subject.client_id) for row in rows] == [
        ("campaign.end", "spring", None),
        ("fix.decide", "", None),
        ("client.pause", "", None),
    ]
