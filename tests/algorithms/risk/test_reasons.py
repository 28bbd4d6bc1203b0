"""Sentences say what the orders say."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.risk.orders import merge_orders, summarise_purchases
from algorithms.risk.reasons import explain_clients


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        ([100], "ordered once, 50 days ago; no rhythm is known yet"),
        ([149], "ordered once, 1 day ago; no rhythm is known yet"),
        ([20, 60, 100, 140], "4 orders, usually 40 days apart; the last 10 days ago, within the usual gap"),
        ([0, 40, 80, 95], "4 orders, usually 40 days apart; the last 55 days ago, a little over the usual gap"),
        ([0, 20, 40], "3 orders, usually 20 days apart; silent for 110 days, 5.5 times the usual gap"),
    ],
)
def test_silence_is_told_against_the_clients_own_gaps(days: list[int], sentence: str) -> None:
    others = [("a", 3), ("z", 150)]  # before and after in the table: gaps must not reach across clients
    rows = [*others, *(("m", day) for day in days)]
    orders = merge_orders([row[0] for row in rows], np.array([row[1] for row in rows], np.int64), None)
    assert explain_clients(orders, summarise_purchases(orders, 150))[1] == sentence
