"""`selvedge segments` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine

from cli import selvedge
from errors import BadInput
from services.clients import registration
from settings import load
from store.database import write_transaction
from store.mail.policy import ShopPolicy
from tests.commands.test_suppressions import engine
from tests.store.conftest import NOW, REAL
from tests.store.seeds import client_row

__all__ = ["engine"]


def run_command(*words: str) -> str:
    done = CliRunner().invoke(selvedge, ["segments", *words], catch_exceptions=False, standalone_mode=False)
    if done.exception:
        raise done.exception
    return str(done.output)


def test_a_segment_is_saved_counted_and_exported(engine: Engine, tmp_path: Path) -> None:
    with write_transaction(engine) as connection:
        policy = ShopPolicy.from_settings(load())
        rows = [client_row("ann", tags=["vip"]), client_row("bea")]
        registration.upsert_clients(connection, rows, policy, NOW, REAL, start=False)
    assert "1 of " in run_command("count", "tag = vip")
    assert "with the tag vip" in run_command("save", "vips", "tag = vip", "--name", "VIPs")
    assert json.loads(run_command("count", "vips", "--json"))["clients"] == 1
    assert "VIPs: tag = vip" in run_command("list")
    assert "saved by" in run_command("show", "vips")
    assert run_command("sample", "vips").splitlines()[-1].startswith("ann")
    assert "json_each" in run_command("explain", "vips") or "clients" in run_command("explain", "vips")
    out = tmp_path / "vips.csv"
    assert "1 clients" in run_command("export", "vips", "--out", str(out))
    assert out.read_text().splitlines()[1].startswith("ann,")
    assert run_command("export", "vips").splitlines()[1].startswith("ann,")
    assert "ordered" in run_command("words")
    assert "deleted" in run_command("delete", "vips")
    assert "no segment is saved" in run_command("list")
    with pytest.raises(BadInput, match="did you mean tag"):
        run_command("count", "tagg = vip")
