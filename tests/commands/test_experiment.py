"""`selvedge experiment size` and `read` as they are typed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cli import selvedge
from errors import BadInput


def run_command(*words: str) -> str:
    return CliRunner().invoke(selvedge, ["experiment", *words], catch_exceptions=False).stdout


def test_size_and_the_smallest_lift_are_two_ways_to_ask_one_thing() -> None:
    plan = json.loads(run_command("size", "--baseline", ".1", "--lift", ".05", "--json"))
    assert plan["clients"] == plan["treated"] + plan["control"] == pytest.approx(115_520)
    back = json.loads(run_command("size", "--baseline", ".1", "--clients", str(plan["clients"]), "--json"))
    assert back["lift"] == pytest.approx(0.05, rel=0.03)  # the variance under the lift is taken to be that without it
    assert "115,520 clients" in run_command("size", "--baseline", ".1", "--lift", ".05")


def test_an_amount_is_planned_by_its_spread_and_watching_costs_clients() -> None:
    options = ("size", "--baseline", "60", "--spread", "48", "--lift", ".03", "--json")
    once, watched = json.loads(run_command(*options)), json.loads(run_command(*options, "--watched"))
    assert 1.2 < watched["clients"] / once["clients"] < 2.0


def test_a_test_is_read() -> None:
    told = json.loads(run_command("read", "--treated", "131/1200", "--control", "90/1180", "--json"))
    assert told["lift"][1] > 0
    assert told["difference_at_every_look"][1] < told["difference"][1]
    assert told["p_better"] > 0.99
    assert "lift +43.1%" in run_command("read", "--treated", "131/1200", "--control", "90/1180")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("lift", ["size", "--baseline", ".1"]),
        ("lift", ["size", "--baseline", ".1", "--lift", ".1", "--clients", "10"]),
        ("baseline", ["size", "--baseline", "2", "--lift", ".1"]),
        ("spread", ["size", "--baseline", "2", "--lift", ".1", "--spread", "0"]),
        ("treated", ["read", "--treated", "5", "--control", "1/9"]),
        ("control", ["read", "--treated", "5/9", "--control", "10/9"]),
    ],
)
def test_bad_options_are_named(field: str, words: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        run_command(*words)
    assert caught.value.field == field
