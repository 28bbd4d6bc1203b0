"""The figures against their definitions, on lists worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from algorithms.evaluation import ranking_metrics
from algorithms.ranking.data import NONE

LISTS = np.array([[3, 1, 0], [2, NONE, NONE]])
WANTED = sparse.csr_matrix(np.array([[1, 0, 0, 1, 1], [1, 0, 0, 0, 0]], np.float32))


def test_hits_are_places_of_wanted_items_and_nothing_else() -> None:
    assert ranking_metrics.hits(LISTS, WANTED).tolist() == [[True, False, True], [False, False, False]]


def test_recall_gain_and_precision_by_hand() -> None:
    hits, wanted = ranking_metrics.hits(LISTS, WANTED), np.array([3, 1])
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    assert ranking_metrics.recall(hits, wanted) == pytest.approx([2 / 3, 0])
    assert ranking_metrics.ndcg(hits, wanted) == pytest.approx([(1 + 1 / 2) / ideal, 0])
    assert ranking_metrics.average_precision(hits, wanted) == pytest.approx([(1 + 2 / 3) / 3, 0])


def test_coverage_counts_items_listed_and_novelty_the_bits_of_the_rare() -> None:
    assert ranking_metrics.coverage(LISTS, 5) == 4 / 5
    assert ranking_metrics.novelty(np.array([[0]]), np.array([3]), 7) == pytest.approx(1.0)
    assert ranking_metrics.novelty(np.array([[0]]), np.array([0]), 7) == pytest.approx(3.0)
