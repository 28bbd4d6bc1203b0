"""Who saw which arm is one row, on both kinds of database; visits become sums."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine, select, update

from models.flags import FlagOrder, FlagState
from store.database import read_transaction, write_transaction
from store.experiments import flags, outcomes
from store.experiments.assignments import (
    ExperimentKind,
    keep_for_client,
    list_assignments,
    load_kept,
    save_assignments,
    save_exposures,
)
from store.experiments.visit_tallies import add_old, delete_tallies, load_tallies
from store.mail.policy import ShopPolicy
from store.sql.types import to_micros
from store.tables import assignments, client_changes
from store.tables import flags as flag_table
from store.visits.visits import VisitRow, save_rows
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients

HOUR = timedelta(hours=1)
VISITS = [f"visit.{number:022}" for number in range(3)]


@pytest.fixture(autouse=True)
def _flag(engine: Engine) -> None:
    arms = [{"name": "a", "share": 0.5}, {"name": "b", "share": 0.5}]
    order = FlagOrder.model_validate({"name": "x", "arms": arms})
    with write_transaction(engine) as connection:
        flags.insert_flag(connection, "f", order, "dana", NOW)
        assert flags.move_flag(connection, "f", FlagState.RUNNING, {"since": NOW, "started_at": NOW})


def since(moment: datetime) -> outcomes.Experiment:
    return outcomes.Experiment(ExperimentKind.FLAG, "f", moment)


def expose(connection: Connection, *rows: tuple[str, str, timedelta]) -> None:
    save_exposures(
        connection,
        [
            {"subject": who, "kind": "flag", "experiment": "f", "arm": arm, "at": to_micros(NOW + later)}
            for who, arm, later in rows
        ],
    )


def test_the_first_moment_stays_and_an_arm_moves(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "zoe")
        assigned = {"subject": "ann", "kind": "flag", "experiment": "f", "arm": "a", "at": NOW, "exposed": False}
        save_assignments(connection, [assigned])
        expose(connection, ("ann", "a", HOUR), ("gone", "a", HOUR), ("zoe", "b", HOUR), ("ann", "a", 2 * HOUR))
        expose(connection, ("ann", "b", 3 * HOUR))
    with read_transaction(engine) as connection:
        (row,) = list_assignments(connection, "ann")
        assert (row.arm, row.assigned_at, row.exposed_at, row.kept) == ("b", NOW, NOW + 3 * HOUR, False)
        assert list_assignments(connection, "gone") == []
        assert [one.client_id for one in outcomes.list_shown(connection, since(NOW))] == ["ann", "zoe"]
        assert [one.client_id for one in outcomes.list_shown(connection, since(NOW + 2 * HOUR))] == []
        assert list(outcomes.iterate_events(connection, since(NOW), NOW + HOUR)) == []


def test_a_client_keeps_what_a_visit_saw_and_has_no_other_by_it(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "zoe")
        expose(connection, (VISITS[0], "b", HOUR), ("zoe", "a", HOUR), (VISITS[1], "b", HOUR))
        keep_for_client(connection, VISITS[0], "ann", ["f"])
        keep_for_client(connection, VISITS[1], "zoe", ["f"])
        assert load_kept(connection, ["ann", "zoe"]) == {"ann": {"f": "b"}}
        assert [(row.arm, row.exposed_at) for row in list_assignments(connection, "ann")] == [("b", NOW + HOUR)]
        assert [row.arm for row in list_assignments(connection, "zoe")] == ["a"]
        assert outcomes.count_visits(connection, since(NOW)) == {}
        noted = connection.scalars(select(client_changes.c.client_id)).all()
        assert "ann" in noted, "whoever holds the client in memory hears of it"


def test_visits_become_sums_once_they_are_over(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        expose(connection, *((visit, "ab"[k % 2], k * HOUR) for k, visit in enumerate(VISITS)), ("ann", "a", HOUR))
        clicks = [VisitRow(VISITS[0], f"e{k}", "item_clicked", ["x"], NOW + k * HOUR) for k in (-1, 2)]
        save_rows(connection, clicks)
        assert outcomes.count_visits(connection, since(NOW)) == {"a": 2, "b": 1}
        assert add_old(connection, NOW + HOUR) == 2
        assert outcomes.count_visits(connection, since(NOW)) == {"a": 1}
        (one, other) = load_tallies(connection, "f")
        assert (one.arm, one.visits, one.clicked, one.minutes, one.minutes_squared) == ("a", 1, 1, 120.0, 14_400.0)
        assert (other.arm, other.visits, other.clicked, other.minutes) == ("b", 1, 0, 0.0)
        connection.execute(update(flag_table).values(since=NOW + 3 * HOUR))
        assert add_old(connection, NOW + 9 * HOUR) == 1
        assert [row.visits for row in load_tallies(connection, "f")] == [1, 1], "it was shown before figures count"
        assert connection.scalars(select(assignments.c.subject)).all() == ["ann"]
        delete_tallies(connection, "f")
        assert load_tallies(connection, "f") == []
