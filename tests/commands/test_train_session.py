"""`selvedge train session` as typed."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import selvedge
from domain.sessions import CREDIT_WINDOW
from settings import load
from store import clock
from store.database import connect, write_transaction
from tests.support.shop_services import NOW
from tests.support.tables import create_tables
from tests.support.visits import Visits


def test_pages_teach_once_and_what_is_believed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path))
    engine = connect(load().database)
    create_tables(engine)
    visits = Visits(engine)
    visits.page(NOW, "i0", "i1")
    visits.touch("i0", NOW + timedelta(minutes=1))
    with write_transaction(engine) as connection:
        clock.start(connection, NOW, 1.0, NOW + CREDIT_WINDOW)
        clock.stop(connection, NOW)
    engine.dispose()
    said, told = (CliRunner().invoke(selvedge, ["train", "session", *more]) for more in ([], ["--json"]))
    assert said.exit_code == 0, said.output
    assert "1 pages taught, 1 in all; version 1" in said.output
    found = json.loads(told.stdout)
    assert (found["taught"], found["pages"]) == (0, 1)
    assert found["weights"]["one"][0] > 0
