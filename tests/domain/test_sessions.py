"""What counts for a page: the last that showed the item, within its time, and nothing that a program did."""

from __future__ import annotations

from datetime import timedelta

from domain.sessions import (
    CREDIT_WINDOW,
    VISIBLE_ITEMS,
    SessionAction,
    SessionImpression,
    compute_rewards,
    credit_actions,
    is_machine,
)
from models.base import utc

NOW = utc(2026, 6, 1, 12)
MINUTE = timedelta(minutes=1)


def page(id_: str, minutes: float, *items: str, client: str = "c") -> SessionImpression:
    return SessionImpression(id_, client, NOW + minutes * MINUTE, items)


def took(item: str, minutes: float, kind: str = "item_clicked", client: str = "c") -> SessionAction:
    return SessionAction(client, item, kind, NOW + minutes * MINUTE)


def test_a_touch_counts_for_the_last_page_that_showed_the_item() -> None:
    pages = [page("1", 0, "a", "b"), page("2", 5, "a"), page("3", 6, "x"), page("4", 9, "a", "b", client="d")]
    credited = credit_actions(pages, [took("a", 3), took("a", 7), took("b", 7), took("z", 7)])
    assert credited == {"1": [took("a", 3), took("b", 7)], "2": [took("a", 7)]}


def test_before_it_or_after_its_while_or_far_down_nothing_counts() -> None:
    late = CREDIT_WINDOW / MINUTE + 0.1
    assert credit_actions([page("1", 0, "a")], [took("a", -1), took("a", late), took("a", 1, client="d")]) == {}
    far = page("1", 0, *(f"i{n}" for n in range(VISIBLE_ITEMS + 1)))
    assert credit_actions([far], [took(f"i{VISIBLE_ITEMS}", 1)]) == {}
    assert set(credit_actions([far], [took(f"i{VISIBLE_ITEMS - 1}", 1)])) == {"1"}


def test_an_item_is_worth_the_most_that_was_done_with_it() -> None:
    done = [took("a", 1), took("a", 2, "order_placed"), took("b", 3, "added_to_cart"), took("x", 4)]
    assert compute_rewards(page("1", 0, "b", "a", "n"), done) == {"b": 0.5, "a": 1.0}


def test_who_follows_every_link_at_once_is_a_program() -> None:
    quick = [took(item, 1 + index / 100) for index, item in enumerate("abcd")]
    assert is_machine(quick)
    assert is_machine([took("z", 0.1), *quick])
    assert not is_machine(quick[:2])
    assert not is_machine([took(action.item_id, 1, "order_placed") for action in quick]), "an order of four lines"
    assert not is_machine([took("a", 1), took("a", 1.001), took("a", 1.002), took("b", 1.003)])
    assert not is_machine([took(item, index) for index, item in enumerate("abcdef")])
