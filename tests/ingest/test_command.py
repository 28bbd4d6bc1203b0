"""`selvedge import` and `selvedge migrate` as an operator calls them."""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

import cli
from store.database import connect, read_transaction
from store.migrate import VERSIONS
from store.tables import clients

NEWEST = max(VERSIONS.glob("[0-9]*.py")).name[:4]
CLIENTS = "client_id,email\nann,ann@shop.example\nbob,bob@shop.example\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SELVEDGE_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """The exit status of `selvedge ARGUMENTS`."""
    monkeypatch.setattr(sys, "argv", ["selvedge", *arguments])
    return cli.run()


def test_all_in_is_0_and_again_is_nothing_new(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "clients.csv").write_text(CLIENTS)
    assert call(monkeypatch, "import", "clients", "clients.csv") == 0
    assert "2 new" in capsys.readouterr().out
    assert call(monkeypatch, "import", "clients", "clients.csv") == 0
    assert "0 new, 0 changed, 2 already there, 0 rejected" in capsys.readouterr().out


def test_some_rejected_is_2_and_the_summary_is_json_on_request(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "clients.csv").write_text(CLIENTS + "cleo,nowhere\n")
    assert call(monkeypatch, "import", "clients", "clients.csv", "--json") == 2
    summary = orjson.loads(capsys.readouterr().out)
    assert (summary["rows"], summary["new"], summary["rejected"]) == (3, 2, 1)
    assert orjson.loads(Path(summary["rejects"]).read_bytes())["field"] == "email"


@pytest.mark.parametrize(
    ("file", "content", "hint"),
    [("none.csv", None, "No such file"), ("clients.csv", "client_id,mail\nx,y\n", "'email'")],
)
def test_nothing_read_is_1_with_one_line(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    file: str,
    content: str | None,
    hint: str,
) -> None:
    if content is not None:
        (home / file).write_text(content)
    assert call(monkeypatch, "import", "clients", file) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1
    assert hint in output.err


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("nonsense", "SELVEDGE_DATABASE_URL"),
        ("mysql://x/y", "SELVEDGE_DATABASE_URL"),
        ("postgresql+psycopg://x@127.0.0.1:1/y?connect_timeout=2", "SELVEDGE_DATABASE_URL"),
        ("sqlite:////proc/none/x.db", "SELVEDGE_DATABASE_URL"),
    ],
)
def test_a_wrong_database_is_one_line(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], url: str, hint: str
) -> None:
    (home / "clients.csv").write_text(CLIENTS)
    monkeypatch.setenv("SELVEDGE_DATABASE_URL", url)
    for arguments in (("import", "clients", "clients.csv"), ("migrate",)):
        assert call(monkeypatch, *arguments) == 1
        output = capsys.readouterr().err
        assert output.count("\n") == 1
        assert hint in output


def test_the_shops_time_zone_comes_from_the_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SELVEDGE_SHOP_TIME_ZONE", "America/Lima")
    (home / "clients.csv").write_text(CLIENTS)
    assert call(monkeypatch, "import", "clients", "clients.csv", "--no-start") == 0
    engine = connect(f"sqlite:///{home / 'home' / 'selvedge.db'}")
    with read_transaction(engine) as connection:
        assert set(connection.scalars(select(clients.c.time_zone))) == {"America/Lima"}
    engine.dispose()


def test_migrate_says_what_it_did(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "migrate") == 0
    assert f"is now at revision {NEWEST}" in capsys.readouterr().out
    assert call(monkeypatch, "migrate") == 0
    assert f"was already at revision {NEWEST}" in capsys.readouterr().out
