"""The Activity log as it is read: found, split into before and after, escaped, and forgotten in time."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.permissions import Action
from domain.replaced import list_replaced
from models.activity_queries import ActivityQuery
from models.actors import SYSTEM, Subject, SubjectKind
from models.slot_policies import SlotPolicy
from services.activity.lists import find_changes, split_change, write_csv
from services.activity.retention import forget_old_changes
from settings import Settings
from store.activity import anonymise_activity, write_activity
from store.database import connect, write_transaction
from tests.store.conftest import NOW, REAL
from tests.support.tables import create_tables


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    engine = connect(f"sqlite:///{tmp_path}/log.db")
    create_tables(engine)
    with write_transaction(engine) as connection:
        for days in range(5):
            subject = Subject(kind=SubjectKind.FIX, id=f"f{days}", client_id="ann" if days % 2 else "bea")
            at = REAL - timedelta(days=days)
            write_activity(connection, SYSTEM, Action.DECIDE_FIX, subject, NOW, at, {"verdict": "=1+1"})
    return engine


def list_ids(engine: Engine, **query: object) -> list[str]:
    return [one.subject.id for one in find_changes(engine, ActivityQuery.model_validate(query)).changes]


def test_each_part_of_a_query_narrows(engine: Engine) -> None:
    assert list_ids(engine) == ["f4", "f3", "f2", "f1", "f0"]
    assert list_ids(engine, client="ann") == ["f3", "f1"]
    assert list_ids(engine, since=REAL - timedelta(days=1)) == ["f1", "f0"]
    assert list_ids(engine, until=REAL - timedelta(days=3)) == ["f4"]
    assert list_ids(engine, action="fix.", kind="fix", id="f2", who="selvedge", channel="system") == ["f2"]
    assert list_ids(engine, action="client.") == list_ids(engine, channel="page") == []
    page = find_changes(engine, ActivityQuery(limit=2))
    assert page.before is not None
    assert list_ids(engine, limit=2, before=page.before) == ["f2", "f1"]


def test_what_is_older_than_the_shop_keeps_is_forgotten(engine: Engine) -> None:
    settings = Settings(activity_days=2, _env_file=None)
    with write_transaction(engine) as connection:
        assert forget_old_changes(connection, settings, REAL) == 2
    assert list_ids(engine) == ["f2", "f1", "f0"]


def test_of_an_erased_client_it_stays_on_record_that_something_was_done(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        anonymise_activity(connection, "ann", 100)
    text = "".join(write_csv(engine, ActivityQuery()))
    assert ",ann," not in text
    assert len(list(csv.reader(io.StringIO(text)))) == 6


def test_before_and_after_are_of_the_fields_that_differ() -> None:
    before = SlotPolicy(champion="one")
    after = SlotPolicy(champion="two", shadows=("one", "three"))
    data = list_replaced(before, after)
    assert data == {"changed": {"champion": ["one", "two"], "shadows": [[], ["one", "three"]]}}
    assert split_change({**data, "only": ["a", "b"]}) == (
        {"champion": "one", "shadows": []},
        {"champion": "two", "shadows": ["one", "three"]},
        {"only": ["a", "b"]},
    )
    assert list_replaced(before, after, without=("champion", "shadows")) == {"champion": True, "shadows": True}
    assert list_replaced(before, before) == {}


def test_of_an_import_changed_is_a_number() -> None:
    counts = {"new": 3, "changed": 2, "refused": 0}
    assert split_change(counts) == ({}, {}, counts)
