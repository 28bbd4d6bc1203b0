"""A learnt policy is kept, comes back, and answers `next_action` as a real process of the slot."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from algorithms.slots import samples
from algorithms.slots.conformance import run_conformance_suite
from algorithms.slots.packages import GROUP
from algorithms.slots.processes import Helpers, Target
from algorithms.slots.slot_table import SLOTS
from algorithms.uplift.columns import build_matrix, choose_features
from algorithms.uplift.learners import t_learner
from algorithms.uplift.serving import FILE, SLOT_COLUMNS, Uplift, UpliftModel, build_columns
from domain import slot_rules as rules
from errors import BadInput
from models.slots import NextActionQuestion, Occurrence
from tests.algorithms.uplift.trials import build_trial

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NEXT_ACTION = SLOTS["next_action"]


@pytest.fixture(scope="module")
def learnt() -> UpliftModel:
    """Those with much engagement are moved, those with little are put off."""
    rows, trial, _ = build_trial(8_000)
    known = {"engagement": (50 + 20 * rows[:, 0]).tolist(), "recency": rows[:, 1].tolist()}
    features = choose_features(known)
    shifted = type(trial)(trial.treated, trial.outcome + 0.12 * ~trial.treated)
    return UpliftModel(
        t_learner(build_matrix(features, known), shifted), features, "email", 0.0, {"policy": "t_learner"}
    )


def build_question(engagement: float, *allowed: str, events: tuple[Occurrence, ...] = ()) -> NextActionQuestion:
    return NextActionQuestion.model_validate(
        {"client_id": "c1", "now": NOW, "allowed": allowed, "engagement": engagement, "events": events}
    )


def test_a_mail_goes_to_those_whom_it_moves(learnt: UpliftModel) -> None:
    moved, put_off = (learnt.answer(build_question(engagement, "email", "nothing")) for engagement in (90.0, 5.0))
    assert (moved.action, put_off.action) == ("email", "nothing")
    assert moved.uplift > 0
    assert learnt.answer(build_question(5.0, "stylist_call", "email")).action == "email"  # as the built-in chooses
    assert learnt.answer(build_question(90.0, "offer", "nothing")).action == "nothing"


def test_what_is_kept_says_the_same(learnt: UpliftModel, tmp_path: Path) -> None:
    learnt.save(tmp_path / FILE)
    again = UpliftModel.load(tmp_path / FILE)
    known = {"engagement": [1.0, 50.0, 99.0], "recency": [0.0, 1.0, 12.0]}
    assert again.predict(known).tolist() == learnt.predict(known).tolist()
    for broken in ("", "{}", (tmp_path / FILE).read_text().replace('"weights": [', '"weights": [0,')):
        (tmp_path / "broken.json").write_text(broken)
        with pytest.raises(BadInput, match="holds no uplift policy"):
            UpliftModel.load(tmp_path / "broken.json")


def test_the_columns_of_a_client_are_read_off_the_question() -> None:
    orders = tuple(
        Occurrence(kind="order_placed", at=NOW - timedelta(days=days), value_cents=5_000) for days in (400, 100, 73)
    )
    found = build_columns(build_question(40.0, "email", events=(*orders, Occurrence(kind="item_viewed", at=NOW))))
    assert set(found) == set(SLOT_COLUMNS)
    assert found["recency"] == pytest.approx(2.4)
    assert (found["history"], found["newbie"], found["orders"]) == (100.0, 0.0, 3.0)
    assert build_columns(build_question(40.0, "email"))["recency"] == pytest.approx(12.0)


def test_every_answer_satisfies_the_slot(learnt: UpliftModel) -> None:
    for seed in range(40):
        question = samples.build_sample_question("next_action", seed, seed * 3)
        assert isinstance(question, NextActionQuestion)
        assert rules.check_next_action(question, learnt.answer(question)) is None


def test_it_serves_as_an_algorithm_of_the_slot(learnt: UpliftModel, tmp_path: Path) -> None:
    learnt.save(tmp_path / FILE)
    helpers = Helpers(Target("uplift", "algorithms.uplift.serving:Uplift", "next_action", (str(tmp_path),)), 1)
    try:
        report = run_conformance_suite(NEXT_ACTION, "uplift", helpers, seconds=2.0)
    finally:
        helpers.close()
    assert report.passed, [check for check in report.checks if not check.passed]
    assert report.version.startswith("t_learner-")


def test_a_file_that_is_replaced_is_taken_up_and_a_strange_one_refused(learnt: UpliftModel, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Uplift((str(tmp_path),))
    learnt.save(tmp_path / FILE)
    serving = Uplift((str(tmp_path),))
    question = build_question(90.0, "email", "nothing").model_dump(mode="json")
    before = serving.version
    assert serving.answer(question)["action"] == "email"
    UpliftModel(learnt.policy, learnt.features, "email", 9.0).save(tmp_path / FILE)
    assert serving.answer(question)["action"] == "nothing"
    assert serving.version != before
    known = {"zip": ["Urban", "Rural"]}
    strange = UpliftModel(learnt.policy, choose_features(known), "email")
    strange.save(tmp_path / FILE)
    with pytest.raises(BadInput, match="needs zip"):
        serving.answer(question)


def test_the_house_announces_it_to_the_slots() -> None:
    packaging = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    module, _, name = packaging["entry-points"][GROUP]["uplift"].partition(":")
    assert getattr(import_module(module), name) is Uplift


def test_uplift_is_of_many_clients_at_once(learnt: UpliftModel) -> None:
    known = {"engagement": np.linspace(0, 100, 1_000).tolist(), "recency": [1.0] * 1_000}
    assert (np.diff(learnt.predict(known)) > 0).mean() > 0.95
