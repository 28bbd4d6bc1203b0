"""`selvedge offers` as typed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cli import selvedge
from errors import BadInput
from tests.support.command_store import command_store

__all__ = ["command_store"]
pytestmark = pytest.mark.usefixtures("command_store")


def run_command(*words: str) -> str:
    done = CliRunner().invoke(selvedge, ["offers", *words], catch_exceptions=False, standalone_mode=False)
    return str(done.output)


def test_an_offer_is_created_approved_shown_and_retired() -> None:
    assert "there is no offer" in run_command("list")
    drafted = run_command("create", "spring", "--code", "SPRING10", "--amount", "10.50", "--uses", "any")
    assert "draft     $10.50 off everything with SPRING10, any number of uses" in drafted
    assert "live" in run_command("approve", "spring")
    shown = json.loads(run_command("show", "spring", "--json"))
    assert (shown["state"], shown["terms"]["amount"], shown["terms"]["uses"]) == ("live", "10.50", None)
    assert "retired" in run_command("retire", "spring")
    (listed,) = json.loads(run_command("list", "--json"))["offers"]
    assert (listed["slug"], listed["stands"]) == ("spring", "retired")


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (("--code", "SPRING10"), "amount: give either percent or amount"),
        (("--code", "é", "--percent", "5"), "code: must be 3 to 30 letters"),
        (("--code", "SPRING10", "--percent", "5", "--until", "soon"), "until: give a day such as 2026-12-06"),
        (("--code", "SPRING10", "--percent", "5", "--uses", "many"), "uses: must be"),
    ],
    ids=range(4),
)
def test_a_wrong_word_is_named_in_one_line(typed: tuple[str, ...], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        run_command("create", "spring", *typed)
