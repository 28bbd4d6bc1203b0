"""`selvedge flags` as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import selvedge
from errors import BadInput
from tests.support.command_store import command_store

__all__ = ["command_store"]
pytestmark = pytest.mark.usefixtures("command_store")

LONGER = """
name: More items at home
namespace: home
share: 0.5
contexts: [home]
arms:
  - {name: as-now, share: 0.5}
  - {name: longer, share: 0.5, effect: {count: 12, delay_ms: 800, weights: {trend: 0.5}}}
"""


def run_command(*words: str) -> str:
    done = CliRunner().invoke(selvedge, ["flags", *words], catch_exceptions=False, standalone_mode=False)
    return str(done.output)


def test_a_flag_is_created_started_shown_read_and_stopped() -> None:
    assert "there is no flag" in run_command("list")
    Path("longer.yaml").write_text(LONGER)
    drafted = run_command("create", "longer", "longer.yaml")
    assert "longer                50.00%  trend weighs 0.5, 12 items, shown after 800 ms" in drafted
    assert "50.00% of namespace home, on home" in drafted
    assert "has not started" in run_command("result", "longer")
    assert "running" in run_command("start", "longer")
    shown = json.loads(run_command("show", "longer", "--json"))
    assert (shown["state"], shown["arms"][1]["effect"]["count"]) == ("running", 12)
    read = run_command("result", "longer", "--within", "3d")
    assert "as-now" in read
    assert "too few to tell" in read
    assert json.loads(run_command("result", "longer", "--within", "3d", "--json"))["within_days"] == 3
    assert "stopped" in run_command("stop", "longer")
    (listed,) = json.loads(run_command("list", "--json"))["flags"]
    assert (listed["slug"], listed["state"]) == ("longer", "stopped")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "is no YAML"),
        ("- a", "says nothing"),
        (LONGER.replace("count", "colour"), "colour"),
        (LONGER.replace("share: 0.5}", "share: 0.4}"), "add up to 1"),
    ],
)
def test_a_wrong_file_is_named(text: str, words: str) -> None:
    Path("wrong.yaml").write_text(text)
    with pytest.raises(BadInput, match=words):
        run_command("create", "longer", "wrong.yaml")
