"""`selvedge calls` as typed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner

from cli import selvedge
from errors import BadInput
from models.states import TouchKind
from store.clients import calls
from store.database import write_transaction
from tests.commands.test_fix_records import NOW, shop
from tests.support.shop import Shop

__all__ = ["shop"]


def run_command(*words: str) -> str:
    done = CliRunner().invoke(selvedge, ["calls", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def list_calls(*words: str) -> list[dict[str, Any]]:
    return list(json.loads(run_command("list", *words, "--json")))


def test_calls_are_listed_and_ended(shop: Shop) -> None:
    assert run_command("list") == "nobody is to be called\n"
    for k, client_id in enumerate(("ann", "bea")):
        with write_transaction(shop.engine) as connection:
            assert calls.open_call(
                connection, client_id, "missed:1", TouchKind.MISSED, assessment_id="a", day="2026-11-21", most=5,
                now=NOW + timedelta(hours=k), until=NOW + timedelta(days=3),
            )  # fmt: skip
    assert [line.split()[1] for line in run_command("list").splitlines()] == ["ann", "bea"]
    ann, bea = (entry["call_id"] for entry in list_calls())
    assert json.loads(run_command("done", ann, "--no-answer", "--by", "Eve", "--json"))["outcome"] == "no_answer"
    assert "by stylist" in run_command("drop", bea).replace("_", " ")
    assert list_calls() == []
    assert [entry["by"] for entry in list_calls("--state", "done")] == ["Eve"]
    assert "done: no answer" in run_command("list", "--state", "all")
    with pytest.raises(BadInput, match="only an open one can be decided"):
        run_command("drop", ann)
