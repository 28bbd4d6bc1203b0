"""What counts for a page: the last that showed the item, within its time, and nothing that a program did."""

from __future__ import annotations

from datetime import timedelta

from domain.sessions import SEEN, WITHIN, Shown, Taken, by_machine, credited, rewards
from models.base import utc

NOW = utc(2026, 6, 1, 12)
MINUTE = timedelta(minutes=1)


def page(id_: str, minutes: float, *items: str, client: str = "c") -> Shown:
    return Shown(id_, client, NOW + minutes * MINUTE, items)


def took(item: str, minutes: float, kind: str = "item_clicked", client: str = "c") -> Taken:
    return Taken(client, item, kind, NOW + minutes * MINUTE)


def test_a_touch_counts_for_the_last_page_that_showed_the_item() -> None:
    pages = [page("1", 0, "a", "b"), page("2", 5, "a"), page("3", 6, "x"), page("4", 9, "a", "b", client="d")]
    found = credited(pages, [took("a", 3), took("a", 7), took("b", 7), took("z", 7)])
    assert found == {"1": [took("a", 3), took("b", 7)], "2": [took("a", 7)]}


def test_before_it_or_after_its_while_or_far_down_nothing_counts() -> None:
    late = WITHIN / MINUTE + 0.1
    assert credited([page("1", 0, "a")], [took("a", -1), took("a", late), took("a", 1, client="d")]) == {}
    far = page("1", 0, *(f"i{n}" for n in range(SEEN + 1)))
    assert credited([far], [took(f"i{SEEN}", 1)]) == {}
    assert set(credited([far], [took(f"i{SEEN - 1}", 1)])) == {"1"}


def test_an_item_is_worth_the_most_that_was_done_with_it() -> None:
    done = [took("a", 1), took("a", 2, "order_placed"), took("b", 3, "added_to_cart"), took("x", 4)]
    assert rewards(page("1", 0, "b", "a", "n"), done) == {"b": 0.5, "a": 1.0}


def test_who_follows_every_link_at_once_is_a_program() -> None:
    quick = [took(item, 1 + place / 100) for place, item in enumerate("abcd")]
    assert by_machine(quick)
    assert by_machine([took("z", 0.1), *quick])
    assert not by_machine(quick[:2])
    assert not by_machine([took(each.item_id, 1, "order_placed") for each in quick]), "an order of four lines"
    assert not by_machine([took("a", 1), took("a", 1.001), took("a", 1.002), took("b", 1.003)])
    assert not by_machine([took(item, place) for place, item in enumerate("abcdef")])
