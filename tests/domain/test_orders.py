"""Orders made of lines, and what comes back of them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.orders import SeenEvent, SettledOrder, settle_orders


def buy(at: int, cents: int | None, item_id: str | None = None, order_id: str = "", **more: Any) -> SeenEvent:
    return SeenEvent(f"{at}{item_id}{order_id}", "order_placed", at, item_id, more.get("quantity", 1), cents, order_id)


def send_back(at: int, cents: int | None, item_id: str | None = None, order_id: str = "", **more: Any) -> SeenEvent:
    quantity = more.get("quantity", 1)
    return SeenEvent(f"r{at}{item_id}{order_id}", "order_returned", at, item_id, quantity, cents, order_id)


CASES = [
    ("no line, no order", [], []),
    ("lines of one id are one order", [buy(3, 10, "a", "A"), buy(5, 20, "b", "A")], [(3, 30, True)]),
    ("without an id the moment tells", [buy(3, 10, "a"), buy(3, 20, "b"), buy(4, 1, "a")],
     [(3, 30, True), (4, 1, True)]),
    ("two ids at one moment are two orders", [buy(3, 10, "a", "A"), buy(3, 20, "a", "B")],
     [(3, 10, True), (3, 20, True)]),
    ("a whole return takes all", [buy(3, 50, "a", "A"), send_back(5, 50, "a")], [(3, 0, False)]),
    ("without a value too", [buy(3, 50, "a"), send_back(5, None, "a")], [(3, 0, False)]),
    ("a part takes its part", [buy(3, 50, "a", "A"), buy(3, 20, "b", "A"), send_back(5, 20, "b")],
     [(3, 50, True)]),
    ("one unit of two", [buy(3, 50, "a", quantity=2), send_back(5, None, "a")], [(3, 25, True)]),
    ("two units in two returns", [buy(3, 50, "a", quantity=2), send_back(5, 25, "a"), send_back(6, 25, "a")],
     [(3, 0, False)]),
    ("less money for the only piece", [buy(3, 50, "a"), send_back(5, 40, "a")], [(3, 10, False)]),
    ("of two orders with the item the later", [buy(3, 50, "a"), buy(4, 60, "a"), send_back(5, 60, "a")],
     [(3, 50, True), (4, 0, False)]),
    ("an order after the return is not meant", [buy(3, 50, "a"), buy(9, 60, "a"), send_back(5, 50, "a")],
     [(3, 0, False), (9, 60, True)]),
    ("the order named is", [buy(3, 50, "a", "A"), buy(4, 50, "a", "B"), send_back(5, 50, "a", "A")],
     [(3, 0, False), (4, 50, True)]),
    ("an order named and unknown takes nothing", [buy(3, 50, "a", "A"), send_back(5, 50, "a", "Z")],
     [(3, 50, True)]),
    ("a whole order by its id", [buy(3, 50, "a", "A"), buy(3, 9, "b", "A"), send_back(5, None, None, "A")],
     [(3, 0, False)]),
    ("an order of no items by money", [buy(3, 50), send_back(5, 20)], [(3, 30, True)]),
    ("an item of an order of no items", [buy(3, 50), send_back(5, 50, "a")], [(3, 0, False)]),
    ("an item without a price of an order of no items", [buy(3, 50), send_back(5, None, "a")], [(3, 50, True)]),
    ("money goes to the latest order that cost any", [buy(2, 50), buy(3, None), send_back(5, 20)],
     [(2, 30, True), (3, 0, True)]),
    ("an item that nobody ordered", [buy(3, 50, "a"), send_back(5, 50, "b")], [(3, 50, True)]),
    ("a return before everything", [buy(3, 50, "a"), send_back(1, 50, "a")], [(3, 50, True)]),
    ("more money than was paid", [buy(2, 10, "b"), buy(3, 50, "a"), send_back(5, 99, "a")],
     [(2, 10, True), (3, 0, False)]),
    ("a gift that came back", [buy(3, 0, "a"), send_back(5, 0, "a")], [(3, 0, False)]),
    ("a gift that was kept", [buy(3, 0, "a")], [(3, 0, True)]),
    ("a return twice reported takes one piece", [buy(3, 50, "a"), send_back(5, 50, "a"), send_back(6, 50, "a")],
     [(3, 0, False)]),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "orders"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_orders(lines: list[SeenEvent], orders: list[tuple[int, int, bool]]) -> None:
    assert settle_orders(lines) == [SettledOrder(*one) for one in orders]


line = st.builds(
    SeenEvent,
    st.uuids().map(str),
    st.sampled_from(["order_placed", "order_returned"]),
    st.integers(0, 4),
    st.sampled_from([None, "a", "b"]),
    st.integers(1, 3),
    st.sampled_from([None, 0, 7, 100]),
    st.sampled_from(["", "A", "B"]),
)


@given(st.lists(line, max_size=12), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_matter_and_no_money_appears(lines: list[SeenEvent], order: Any) -> None:
    settled = settle_orders(lines)
    paid = sum(one.cents or 0 for one in lines if one.kind == "order_placed")
    assert 0 <= sum(one.cents for one in settled) <= paid
    assert settled == sorted(settled, key=lambda one: one.at)
    shuffled = list(lines)
    order.shuffle(shuffled)
    assert settle_orders(shuffled) == settled
