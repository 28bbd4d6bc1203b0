"""`selvedge client export` and `erase` as typed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select

from cli import selvedge
from errors import BadInput, ErasedClient, NotFound
from settings import load
from store.database import connect, read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.privacy import erasure
from store.tables import outbox
from tests.support.private_data import ADDRESS, save_everything_about
from tests.support.tables import create_tables

WHO = "privy"


def run_command(*words: str) -> Result:
    return CliRunner().invoke(selvedge, ["client", *words])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    made = connect(load().database)
    create_tables(made)
    with write_transaction(made) as connection:
        save_everything_about(connection, ShopPolicy.from_settings(load()), WHO, datetime.now(UTC))
    yield made
    made.dispose()


def erase_client(engine: Engine) -> None:
    key = load().keys.signing
    with write_transaction(engine) as connection:
        erasure.replace_with_tombstone(connection, key, WHO, datetime.now(UTC))
        while erasure.erase_batch(connection, WHO):
            pass
        erasure.mark_erased(connection, key, WHO, datetime.now(UTC))


def test_the_export_goes_to_a_file_for_its_owner_alone(engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "privy.json"
    done = run_command("export", WHO, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert f"{out.stat().st_size:,} bytes" in done.stderr
    assert out.stat().st_mode & 0o077 == 0
    second = json.loads(run_command("export", WHO).stdout)
    assert second["activity"][-1]["action"] == "client.export", "the first one is on record"
    assert json.loads(out.read_bytes()) == second | {
        part: json.loads(out.read_bytes())[part]
        for part in ("as_of", "profile", "activity")  # a moment later
    }
    assert json.loads(out.read_bytes())["client"][0]["email"] == ADDRESS


def test_an_export_of_nobody_leaves_no_file(engine: Engine, tmp_path: Path) -> None:
    assert isinstance(run_command("export", "nobody", "--out", str(tmp_path / "x.json")).exception, NotFound)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
    nowhere = run_command("export", WHO, "--out", str(tmp_path / "no" / "x.json")).exception
    assert "out: cannot write" in str(nowhere)


def test_an_erasure_must_be_meant(engine: Engine) -> None:
    refused = run_command("erase", WHO).exception
    assert isinstance(refused, BadInput)
    assert "give --yes if that is meant" in str(refused)
    assert isinstance(run_command("erase", WHO, "--status").exception, NotFound)
    assert isinstance(run_command("erase", "nobody", "--yes").exception, NotFound)
    with read_transaction(engine) as connection:
        assert not connection.scalars(select(outbox.c.target).where(outbox.c.kind == "erasure")).all()


def test_it_is_asked_for_and_waited_for(engine: Engine) -> None:
    assert "asked for" in run_command("erase", WHO, "--yes").output
    assert json.loads(run_command("erase", WHO, "--status", "--json").output)["state"] == "waiting"
    later = threading.Timer(1.2, erase_client, [engine])
    later.start()
    done = run_command("erase", WHO, "--yes", "--wait")
    later.join()
    assert done.output.splitlines()[-1] == "privy: nothing is left"
    assert json.loads(run_command("erase", WHO, "--yes", "--json").output)["state"] == "erased"
    assert isinstance(run_command("export", WHO).exception, ErasedClient)
