"""`explore` draws at random: as often as it says, the same for the same seed, and never what is not allowed."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.slots.conformance import run_conformance_suite
from algorithms.slots.packages import GROUP
from algorithms.slots.processes import Helpers, Target
from algorithms.slots.slot_table import SLOTS
from algorithms.uplift.exploring import ACTIONS, FILE, Explore
from domain.next_actions import derive_seed
from errors import BadInput

EVEN = Explore(())


def build_question(*allowed: str, seed: int = 0, client_id: str = "c1") -> dict[str, object]:
    return {"client_id": client_id, "seed": seed, "allowed": allowed}


def load_with_shares(folder: Path, shares: object) -> Explore:
    (folder / FILE).write_text(shares if isinstance(shares, str) else json.dumps(shares))
    return Explore((str(folder),))


@given(allowed=st.lists(st.sampled_from(sorted(ACTIONS)), min_size=1, unique=True), seed=st.integers(0, 2**53 - 1))
def test_it_draws_what_is_allowed_alike_and_says_so(allowed: list[str], seed: int) -> None:
    answer = EVEN.answer(build_question(*allowed, seed=seed))
    assert answer == EVEN.answer(build_question(*allowed, seed=seed))
    assert answer["action"] in allowed
    assert answer["propensity"] == pytest.approx(1 / len(allowed))


def test_actions_come_as_often_as_their_shares_say(tmp_path: Path) -> None:
    explore = load_with_shares(tmp_path, {"email": 0.6, "nothing": 0.2, "stylist_call": 0.2})
    seeds = [derive_seed(f"c{k}", "missed:20260601T000000") for k in range(4_000)]
    answers = [explore.answer(build_question("email", "nothing", seed=seed)) for seed in seeds]
    propensities = {answer["action"]: answer["propensity"] for answer in answers}
    assert propensities == {"email": pytest.approx(0.75), "nothing": pytest.approx(0.25)}
    seen = Counter(answer["action"] for answer in answers)
    for action, share in propensities.items():  # five standard errors: a lot of one in some million
        assert abs(seen[action] / 4_000 - share) < 5 * (share * (1 - share) / 4_000) ** 0.5


def test_two_occasions_of_a_client_are_two_lots(tmp_path: Path) -> None:
    keys = ("missed:1", "new_in:1")
    drawn = [[EVEN.answer(build_question("email", "nothing", seed=derive_seed(f"c{k}", key)))["action"] for key in keys]
             for k in range(2_000)]  # fmt: skip
    assert 0.4 < sum(one == other for one, other in drawn) / 2_000 < 0.6


def test_where_no_share_is_for_what_is_allowed_all_are_alike(tmp_path: Path) -> None:
    explore = load_with_shares(tmp_path, {"stylist_call": 1})
    assert explore.answer(build_question("email", "nothing"))["propensity"] == 0.5
    assert explore.answer(build_question("email", "stylist_call")) == {"action": "stylist_call", "propensity": 1.0}


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ("{", "not written like"),
        ([1], "not written like"),
        ({"email": "most"}, "not written like"),
        ({"mail": 1}, "knows no mail"),
        ({"email": 2}, "between 0 and 1"),
        ({"email": float("nan")}, "between 0 and 1"),
        ({"email": 0}, "one above 0"),
    ],
)
def test_shares_that_cannot_be_are_refused_by_name(tmp_path: Path, shares: object, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        load_with_shares(tmp_path, shares)


def test_it_serves_as_an_algorithm_of_the_slot_and_is_announced(tmp_path: Path) -> None:
    packaging = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    module, _, name = packaging["entry-points"][GROUP]["explore"].partition(":")
    assert getattr(import_module(module), name) is Explore
    (tmp_path / FILE).write_text('{"email": 0.5, "nothing": 0.5}')
    helpers = Helpers(Target("explore", f"{module}:{name}", "next_action", (str(tmp_path),)), 1)
    try:
        report = run_conformance_suite(SLOTS["next_action"], "explore", helpers, seconds=2.0)
    finally:
        helpers.close()
    assert report.passed, [check for check in report.checks if not check.passed]
    assert report.version == "1-email=0.5-nothing=0.5"
