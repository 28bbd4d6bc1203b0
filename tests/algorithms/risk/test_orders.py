"""Orders of one client on one UTC day are one, whatever the order of the rows; what came later is not known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.risk.orders import count_after, merge_orders, summarise_purchases
from errors import BadInput

ROWS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c10", "c9"]), st.integers(0, 60), st.integers(-500, 50_000)),
    min_size=1,
    max_size=40,
)


def orders_of(rows):
    return merge_orders(
        [row[0] for row in rows], np.array([row[1] for row in rows], np.int64), np.array([row[2] / 100 for row in rows])
    )


@given(ROWS, st.randoms())
def test_each_client_has_one_order_a_day_with_all_its_value(rows, random) -> None:
    shuffled = random.sample(rows, len(rows))
    orders = orders_of(shuffled)
    total: dict[tuple[str, int], int] = {}
    for client, when, cents in rows:
        total[client, when] = total.get((client, when), 0) + cents
    result = {
        (orders.ids[c], int(d)): round(float(v) * 100)
        for c, d, v in zip(orders.client, orders.day, orders.value, strict=True)
    }
    assert result == total
    assert list(orders.ids) == sorted(orders.ids)


@given(ROWS, st.integers(0, 60))
def test_what_was_known_by_a_day_holds_nothing_later(rows, day) -> None:
    orders = orders_of(rows)
    if int(orders.day.min()) > day:
        return
    past = orders.until(day)
    known = [row for row in rows if row[1] <= day]
    assert set(past.ids) == {row[0] for row in known}
    result = summarise_purchases(past, day)
    for index, name in enumerate(past.ids):
        days = sorted({row[1] for row in known if row[0] == name})
        actual = (result.x[index], result.t_x[index] * 7, result.age[index] * 7)
        assert actual == pytest.approx((len(days) - 1, days[-1] - days[0], day - days[0]))


def test_the_horizon_starts_the_next_day_and_ends_with_its_last() -> None:
    orders = orders_of([("a", 10, 1), ("a", 11, 1), ("b", 20, 1), ("b", 21, 1)])
    assert count_after(orders, ["b", "a", "nobody"], 10, 10).tolist() == [1, 1, 0]


def test_no_order_is_refused() -> None:
    with pytest.raises(BadInput, match="no order"):
        merge_orders([], np.array([], np.int64), None)
