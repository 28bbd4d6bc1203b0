"""What serves is what gave the better lists: the stack where it did, else a part alone."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.ranking import weight_choice
from algorithms.ranking.contexts import count_contexts, mix_contexts
from algorithms.ranking.data import NONE, Targets
from algorithms.ranking.model_sizes import ALS_SIZES, RIDGES, ModelSizes, choose_sizes
from algorithms.ranking.splits import split
from algorithms.ranking.stacking import NARROW, Choices, fit_weights, measure_gains
from algorithms.ranking.weight_choice import choose_weights
from tests.algorithms.ranking.sample_interactions import make_interactions

INTERACTIONS = make_interactions()
BEGIN = np.array([1.0, 0.0])
ALONE = [np.array([1.0, 0.0]), np.array([0.0, 1.0])]


def draw_choices(seed: int, truth: list[float], targets: int = 200) -> Choices:
    """Draw targets that each take one of 30 items by the true weights of two signals."""
    rng = np.random.default_rng(seed)
    signals = rng.normal(size=(targets * 30, 2)).astype(np.float32)
    score = (signals @ np.array(truth) + rng.gumbel(size=targets * 30)).reshape(targets, 30)
    taken = (score == score.max(axis=1, keepdims=True)).ravel()
    return Choices(signals, taken, np.arange(targets) * 30, np.ones(targets, np.int64))


def test_a_part_alone_serves_where_the_stack_learnt_what_did_not_last() -> None:
    """The first signal speaks for an item in one window and against it in the other; the second for it in both."""
    folds = [draw_choices(1, [3.0, 2.0]), draw_choices(2, [-3.0, 2.0])]
    assert np.array_equal(choose_weights(folds, BEGIN, ALONE), ALONE[1])


def test_the_stack_serves_where_both_signals_speak() -> None:
    folds = [draw_choices(seed, [1.5, 1.5]) for seed in (1, 2)]
    weights = choose_weights(folds, BEGIN, ALONE)
    assert weights[0] > 0.5
    assert weights[1] > 0.5
    later = draw_choices(3, [1.5, 1.5])
    assert measure_gains(later, weights).mean() > max(measure_gains(later, alone).mean() for alone in ALONE)


def test_few_targets_choose_nothing() -> None:
    few = draw_choices(2, [-3.0, 2.0], weight_choice.FEWEST - 1)
    assert np.array_equal(choose_weights([few], BEGIN, ALONE), fit_weights(few, BEGIN))
    assert np.array_equal(choose_weights([], BEGIN, ALONE), BEGIN)


def test_a_gain_is_that_of_the_best_ten() -> None:
    taken = np.zeros(30, np.bool_)
    taken[[0, 2, 29]] = True
    choices = Choices(-np.arange(30, dtype=np.float32)[:, None], taken, np.zeros(1, np.int64), np.array([3]))
    worth = 1 / np.log2(np.arange(2, 5))
    assert measure_gains(choices, np.ones(1)) == pytest.approx([(worth[0] + worth[2]) / worth.sum()])


def test_a_signal_that_said_nothing_yet_gets_no_huge_weight() -> None:
    choices = draw_choices(1, [1.0, 1.0])
    choices.signals[:, 1] *= 1e-6
    assert abs(fit_weights(choices, BEGIN)[1]) < 1 / NARROW


def test_a_clients_own_contexts_count_where_none_is_asked_for() -> None:
    habits = count_contexts(INTERACTIONS, len(INTERACTIONS.contexts))
    client = int(INTERACTIONS.client[0])
    shares = mix_contexts(Targets(np.array([client, client]), np.array([1, NONE])), habits).toarray()
    counts = habits[client].toarray()[0]
    assert shares[0].tolist() == [0, 1, 0]
    assert shares[1] == pytest.approx([*(counts / (counts.sum() + 1)), 1 / (counts.sum() + 1)])


def test_sizes_are_chosen_where_there_is_something_to_choose_by() -> None:
    held = split(INTERACTIONS, "time:0.8", 1)
    sizes = choose_sizes(held, 1)
    assert sizes.ease in RIDGES
    assert sizes.als in ALS_SIZES
    assert choose_sizes(held.part(np.arange(len(held.targets)) < 5), 1) == ModelSizes()
