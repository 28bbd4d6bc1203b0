"""The built-in order of a page: valid, reproducible, near the blend's order at first, and moved by rewards."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from algorithms.sessions import posterior
from algorithms.sessions.features import NAMES, build_features, build_position_rows
from algorithms.sessions.posterior import SessionPosterior
from algorithms.sessions.training_examples import build_training_examples
from algorithms.slots.samples import build_sample_question
from domain import slot_rules
from domain.sessions import SessionAction, SessionImpression
from models.base import utc
from models.slots import Candidate, SessionQuestion, Touch

NOW = utc(2026, 6, 1, 12)
COLUMN = {name: place for place, name in enumerate(NAMES)}


def build_page_question(n: int = 12, seed: int = 0, touched: str = "", **more: object) -> SessionQuestion:
    """Items of two categories, best first by the blend; `touched`: a category."""
    items = tuple(
        Candidate(
            item_id=f"i{place:02}",
            category=("dress", "coat")[place % 2],
            price_cents=1_000 * 2 ** (place % 3),
            house_score=(n - place) / n,
            parts={"match": 0.1 * (place % 4)},
        )
        for place in range(n)
    )
    touch = Touch(item_id="t", kind="item_clicked", at=NOW, category=touched, price_cents=4_000)
    return SessionQuestion.model_validate(
        {"client_id": "c", "now": NOW, "seed": seed, "items": items, "touches": (touch,) if touched else (), **more}
    )


@pytest.mark.parametrize("size", [0, 1, 2, 30, 1_000])
def test_every_answer_keeps_the_rules_and_the_same_seed_gives_it_again(size: int) -> None:
    for seed in range(4):
        drawn = build_sample_question("session", seed, size)
        assert isinstance(drawn, SessionQuestion)
        answer = SessionPosterior.build_prior().answer(drawn)
        assert slot_rules.check_session(drawn, answer) is None
        assert answer == SessionPosterior.build_prior().answer(drawn)


def test_features_are_numbers_between_0_and_1() -> None:
    drawn = build_sample_question("session", 5, 200)
    assert isinstance(drawn, SessionQuestion)
    found = build_features(drawn)
    assert found.shape == (200, len(NAMES))
    assert np.isfinite(found).all()
    assert (found >= 0).all()
    assert (found <= 1).all()


def test_what_was_touched_lately_says_more() -> None:
    old = Touch(item_id="o", kind="item_clicked", at=NOW - timedelta(hours=2), category="coat", price_cents=1_000)
    new = Touch(item_id="i03", kind="item_clicked", at=NOW, category="dress", price_cents=4_000)
    found = build_features(build_page_question(touches=(old, new)))
    assert found[0, COLUMN["same_category"]] > 0.9
    assert 0 < found[1, COLUMN["same_category"]] < 0.1
    assert found[2, COLUMN["price_near"]] > found[0, COLUMN["price_near"]]
    assert found[:, COLUMN["touched"]].nonzero()[0].tolist() == [3]


def test_at_first_the_houses_order_stands_bent_towards_the_session() -> None:
    best, coat = [], dict[str, list[int]](none=[], coat=[])
    for seed in range(100):
        plain, bent = (
            SessionPosterior.build_prior().answer(build_page_question(seed=seed, touched=touched)).items
            for touched in ("", "coat")
        )
        best.append(plain.index("i00"))
        coat["none"].append(plain.index("i11"))
        coat["coat"].append(bent.index("i11"))
    assert np.mean(best) < 2
    assert np.mean(coat["coat"]) + 2 < np.mean(coat["none"])


def test_other_seeds_try_other_orders_and_the_chance_is_theirs() -> None:
    answers = [SessionPosterior.build_prior().answer(build_page_question(seed=seed)) for seed in range(300)]
    firsts = [answer.items[0] for answer in answers]
    assert len(set(firsts)) > 1
    for item in set(firsts):
        stated = [answer.propensity or 0 for answer in answers if answer.items[0] == item]
        assert np.mean(stated) == pytest.approx(firsts.count(item) / 300, abs=0.12)


def test_it_learns_what_is_taken_up_and_forgets_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    def page(seed: int) -> SessionImpression:
        drawn = build_page_question(seed=seed)
        return SessionImpression(f"d{seed}", "c", NOW, SessionPosterior.build_prior().answer(drawn).items, drawn)

    pages = [page(seed) for seed in range(200)]
    credit = {
        page.id: [SessionAction("c", item, "item_clicked", NOW) for item in page.items if int(item[1:]) % 4 == 3]
        for page in pages
    }
    slow = {
        key: [
            SessionAction(t.client_id, t.item_id, t.kind, NOW + n * timedelta(minutes=1)) for n, t in enumerate(touches)
        ]
        for key, touches in credit.items()
    }
    rows, worth = build_training_examples(pages, slow)
    assert len(rows) == len(worth) == 200 * 12
    known = SessionPosterior.build_prior().update(rows, worth)
    weight, spread = known.summarise_weights()["match"]
    assert weight > 0.05 > spread
    assert known.answer(build_page_question(seed=1)).items[0] in {"i03", "i07", "i11"}
    assert build_training_examples(pages, credit)[0].shape == (0, len(NAMES)), "a program's touches teach nothing"
    monkeypatch.setattr(posterior, "MEMORY_ROWS", len(rows))
    assert known.update(*build_training_examples([], {})).summarise_weights()["match"][0] == pytest.approx(weight)
    faded = known.update(rows, np.zeros(len(rows)))
    assert abs(faded.summarise_weights()["match"][0]) < weight / 4


def test_where_an_item_stood_is_no_merit_of_its_own() -> None:
    """The first places are touched more, whatever stands there: that is put down to the place."""
    rng = np.random.default_rng(1)
    rows = np.concatenate(
        [build_position_rows(build_features(build_page_question()), rng.permutation(12).tolist()) for _ in range(100)]
    )
    known = SessionPosterior.build_prior().update(rows, 0.2 * rows[:, COLUMN["place"]])
    assert known.summarise_weights()["place"][0] == pytest.approx(0.2, abs=0.03)
    assert known.summarise_weights()["house_score"][0] < 0.04


def test_it_is_kept_and_other_features_are_not_mistaken_for_these() -> None:
    state = SessionPosterior.build_prior().to_state()
    again = SessionPosterior.from_state(state, 7)
    assert again is not None
    assert (again.version, again.answer(build_page_question())) == (
        7,
        SessionPosterior.build_prior().answer(build_page_question()),
    )
    assert SessionPosterior.from_state(state | {"names": ["others"]}, 7) is None
