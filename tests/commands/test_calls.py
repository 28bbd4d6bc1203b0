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


def typed(*words: str) -> str:
    done = CliRunner().invoke(selvedge, ["calls", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def listed(*words: str) -> list[dict[str, Any]]:
    return list(json.loads(typed("list", *words, "--json")))


def test_calls_are_listed_and_ended(shop: Shop) -> None:
    assert typed("list") == "nobody is to be called\n"
    for k, client_id in enumerate(("ann", "bea")):
        with write_transaction(shop.engine) as connection:
            assert calls.begin(
                connection, client_id, "missed:1", TouchKind.MISSED, assessment_id="a", day="2026-11-21", most=5,
                now=NOW + timedelta(hours=k), until=NOW + timedelta(days=3),
            )  # fmt: skip
    assert [line.split()[1] for line in typed("list").splitlines()] == ["ann", "bea"]
    ann, bea = (each["call_id"] for each in listed())
    assert json.loads(typed("done", ann, "--no-answer", "--by", "Eve", "--json"))["outcome"] == "no_answer"
    assert "by stylist" in typed("drop", bea).replace("_", " ")
    assert listed() == []
    assert [each["by"] for each in listed("--state", "done")] == ["Eve"]
    assert "done: no answer" in typed("list", "--state", "all")
    with pytest.raises(BadInput, match="only an open one can be decided"):
        typed("drop", ann)
