"""`selvedge algorithms compare|purge` as typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from errors import BadInput, NotFound
from settings import load
from store import decisions
from store.database import connect, reading, writing
from store.migrate import upgrade
from tests.store.test_comparisons import record, shadow


def typed(*words: str) -> Result:
    return CliRunner().invoke(selvedge, ["algorithms", *words])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    made = connect(load().database)
    upgrade(made)
    now = datetime.now(UTC)
    with writing(made) as connection:
        for n, days in enumerate((1, 2, 60)):
            at = now - timedelta(days=days)
            decisions.keep(connection, record(f"c{n}", "i1", "i2", asked_at=at), at, body=b"{}")
            decisions.keep_shadows(connection, [shadow(f"c{n}", "i2", "i1", asked_at=at)])
    yield made
    made.dispose()


def test_people_and_programs_are_told_the_same(engine) -> None:
    said, told = typed("compare"), typed("compare", "--json")
    assert said.exit_code == 0, said.output
    assert "2 answers of ranking" in said.output
    assert "shadow two: 2 answers, 100.0 ms" in said.output
    assert "i1 i2 -> i2 i1" in said.output
    found = json.loads(told.output)
    assert (found["answers"], found["shadows"]["two"]["agreement"]["overlap"]) == (2, 1.0)
    assert json.loads(typed("compare", "--since", "12w", "--json").output)["answers"] == 3
    assert "no shadow was asked" in typed("compare", "--slot", "session").output


def test_mistakes_are_named(engine) -> None:
    assert isinstance(typed("compare", "--since", "soon").exception, BadInput)
    assert isinstance(typed("compare", "--slot", "rank").exception, NotFound)


def test_what_is_past_its_time_is_dropped(engine) -> None:
    assert "2 dropped" in typed("purge").output
    assert "0 dropped" in typed("purge").output
    with reading(engine) as connection:
        assert decisions.question(connection, "qc2") is None
        assert decisions.question(connection, "qc0") == b"{}"
        assert len(decisions.of_client(connection, "c2")) == 1
