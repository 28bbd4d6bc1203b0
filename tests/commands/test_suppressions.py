"""`selvedge suppressions` as typed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, select

from cli import selvedge
from errors import BadInput, NotFound
from models.clients import ClientRow
from services.clients import registration
from settings import load
from store.database import connect, read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import activity
from tests.support.tables import create_tables


def run_command(*words: str) -> str:
    done = CliRunner().invoke(selvedge, ["suppressions", *words], catch_exceptions=False, standalone_mode=False)
    return str(done.output)


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    settings, now = load(), datetime.now(UTC)
    made = connect(settings.database)
    create_tables(made)
    rows = [ClientRow(client_id=f"ann-{n}", email="Ann@Example.com", consent=True) for n in range(2)]
    with write_transaction(made) as connection:
        registration.upsert_clients(connection, rows, ShopPolicy.from_settings(settings), now, now)
    return made


def test_a_mailbox_is_added_shown_listed_and_removed_and_each_change_is_on_record(engine: Engine) -> None:
    assert run_command("add", "ann@example.com", "--reason", "legal", "--note", "a letter") == "suppressed\n"
    assert run_command("add", "ANN@example.com") == "was suppressed already\n"
    shown = run_command("show", "ann+shop@example.com")
    assert "legal" in shown
    assert "ann-0, ann-1" in shown
    (entry,) = json.loads(run_command("list", "--json"))
    assert (entry["reason"], entry["note"], entry["clients"]) == ("legal", "a letter", ["ann-0", "ann-1"])
    assert "ann@" not in json.dumps(entry)
    assert run_command("list").endswith("1 legal\n")
    assert "lifted" in run_command("remove", entry["address_hash"])
    assert json.loads(run_command("list", "--json")) == []
    with read_transaction(engine) as connection:
        assert len(connection.scalars(select(activity.c.action)).all()) == 2


def test_a_complaint_is_lifted_with_a_reason_alone(engine: Engine) -> None:
    run_command("add", "ann@example.com", "--reason", "complaint")
    with pytest.raises(BadInput, match=r"^why: "):
        run_command("remove", "ann@example.com")
    assert "she asked on the phone" in run_command("remove", "ann@example.com", "--why", "she asked on the phone")


@pytest.mark.parametrize(("words", "field"), [(("add", "x"), "email"), (("add", "a@b.de", "--reason", "A!"), "reason")])
def test_a_wrong_word_names_its_field(engine: Engine, words: tuple[str, ...], field: str) -> None:
    with pytest.raises(BadInput, match=f"^{field}: "):
        run_command(*words)


def test_who_is_not_on_the_list_is_not_found(engine: Engine) -> None:
    with pytest.raises(NotFound):
        run_command("show", "nobody@example.com")
    with pytest.raises(NotFound):
        run_command("remove", "nobody@example.com")


def test_a_list_goes_in_and_comes_out(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("email,reason,note\nann@example.com,complaint,\nbob@example.com,,\n")
    assert run_command("import", "in.csv") == "2 rows, 2 newly suppressed\n"
    assert run_command("import", "in.csv") == "2 rows, 0 newly suppressed\n"
    assert run_command("export", "--out", "out.csv") == ""
    text = (tmp_path / "out.csv").read_text()
    assert (text.count("\n"), "@" in text) == (3, False)
    for entry in json.loads(run_command("list", "--json")):
        run_command("remove", entry["address_hash"], "--why", "a test")
    assert run_command("import", "out.csv") == "2 rows, 2 newly suppressed\n"
    assert sorted(line.split(",")[1] for line in text.splitlines()[1:]) == ["complaint", "imported"]


def test_a_wrong_row_is_named_and_nothing_goes_in(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("email\nann@example.com\nno address\n")
    with pytest.raises(BadInput, match=r"row 3"):
        run_command("import", "in.csv")
    assert json.loads(run_command("list", "--json")) == []
