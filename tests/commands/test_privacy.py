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
from errors import BadInput, Erased, NotFound
from settings import load
from store.database import connect, read_transaction, write_transaction
from store.mail.policy import Terms
from store.migrate import upgrade
from store.privacy import erasure
from store.tables import outbox
from tests.support.told import ADDRESS, tell

WHO = "privy"


def typed(*words: str) -> Result:
    return CliRunner().invoke(selvedge, ["client", *words])


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    made = connect(load().database)
    upgrade(made)
    with write_transaction(made) as connection:
        tell(connection, Terms.of(load()), WHO, datetime.now(UTC))
    yield made
    made.dispose()


def erased(engine: Engine) -> None:
    key = load().keys.signing
    with write_transaction(engine) as connection:
        erasure.bury(connection, key, WHO, datetime.now(UTC))
        while erasure.erase_some(connection, WHO):
            pass
        erasure.seal(connection, key, WHO, datetime.now(UTC))


def test_the_export_goes_to_a_file_for_its_owner_alone(engine: Engine, tmp_path: Path) -> None:
    out = tmp_path / "privy.json"
    done = typed("export", WHO, "--out", str(out))
    assert done.exit_code == 0, done.output
    assert f"{out.stat().st_size:,} bytes" in done.stderr
    assert out.stat().st_mode & 0o077 == 0
    assert json.loads(out.read_bytes()) == json.loads(typed("export", WHO).stdout) | {
        part: json.loads(out.read_bytes())[part]
        for part in ("as_of", "profile")  # a moment later
    }
    assert json.loads(out.read_bytes())["client"][0]["email"] == ADDRESS


def test_an_export_of_nobody_leaves_no_file(engine: Engine, tmp_path: Path) -> None:
    assert isinstance(typed("export", "nobody", "--out", str(tmp_path / "x.json")).exception, NotFound)
    assert [each.name for each in tmp_path.iterdir()] == ["home"]
    nowhere = typed("export", WHO, "--out", str(tmp_path / "no" / "x.json")).exception
    assert "out: cannot write" in str(nowhere)


def test_an_erasure_must_be_meant(engine: Engine) -> None:
    refused = typed("erase", WHO).exception
    assert isinstance(refused, BadInput)
    assert "give --yes if that is meant" in str(refused)
    assert isinstance(typed("erase", WHO, "--status").exception, NotFound)
    assert isinstance(typed("erase", "nobody", "--yes").exception, NotFound)
    with read_transaction(engine) as connection:
        assert not connection.scalars(select(outbox.c.target).where(outbox.c.kind == "erasure")).all()


def test_it_is_asked_for_and_waited_for(engine: Engine) -> None:
    assert "asked for" in typed("erase", WHO, "--yes").output
    assert json.loads(typed("erase", WHO, "--status", "--json").output)["state"] == "waiting"
    later = threading.Timer(1.2, erased, [engine])
    later.start()
    done = typed("erase", WHO, "--yes", "--wait")
    later.join()
    assert done.output.splitlines()[-1] == "privy: nothing is left"
    assert json.loads(typed("erase", WHO, "--yes", "--json").output)["state"] == "erased"
    assert isinstance(typed("export", WHO).exception, Erased)
