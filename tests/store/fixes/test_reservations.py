"""Units held for Fixes: reserve, swap, renew, release, sell, and holds that run out. On both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from domain.fixes.states import SETTLED
from errors import BadInput
from models.fixes import FixState
from store.catalogue import availability, catalogue
from store.database import read_transaction, write_transaction
from store.fixes import reservations
from store.mail.policy import ShopPolicy
from store.revisions import load_number
from tests.store.boxes import box_states, build_piece, count_stock, load_levels, put_state, seed_fix, seed_stock
from tests.store.conftest import NOW

UNTIL = NOW + timedelta(days=2)
PAST = UNTIL + timedelta(seconds=1)
A, B, C = build_piece("a"), build_piece("b", score=0.9), build_piece("c")


@pytest.fixture
def fix(engine: Engine, policy: ShopPolicy) -> str:
    """An assembled Fix, in a shop with a unit of a, two of b, three of c."""
    with write_transaction(engine) as connection:
        seed_stock(connection, policy, {"a": 1, "b": 2, "c": 3})
        return seed_fix(connection, policy)


@pytest.fixture
def other(engine: Engine, policy: ShopPolicy, fix: str) -> str:
    """The Fix of another client."""
    with write_transaction(engine) as connection:
        return seed_fix(connection, policy, "bob")


def reserve(engine: Engine, fix_id: str, *box, now: datetime = NOW, until: datetime | None = UNTIL) -> tuple[str, ...]:
    with write_transaction(engine) as connection:
        return reservations.reserve_box(connection, fix_id, box, now, until)


def renew(engine: Engine, fix_id: str, now: datetime, until: datetime | None = None) -> tuple[str, ...]:
    with write_transaction(engine) as connection:
        return reservations.renew_holds(connection, fix_id, now, until)


def faults(engine: Engine) -> list[str]:
    with read_transaction(engine) as connection:
        return reservations.find_faults(connection)


def test_a_box_is_held_and_counted_and_twice_is_once(engine: Engine, fix: str) -> None:
    assert reserve(engine, fix, A, B) == reserve(engine, fix, A, B) == ()
    assert load_levels(engine) == {"a": (1, 1), "b": (2, 1), "c": (3, 0)}
    with read_transaction(engine) as connection:
        assert reservations.load_box(connection, fix) == (B, A)  # the best first, as it was chosen
        assert catalogue.count_available(connection) == {"a": {"M": 0}, "b": {"M": 1}, "c": {"M": 3}}
        assert not catalogue.is_in_stock(connection, ["a"])
        assert availability.count_free(connection, ["a", "c", "?"]) == {"a": 0, "c": 3}
    assert faults(engine) == []


def test_all_or_nothing(engine: Engine, fix: str, other: str) -> None:
    assert reserve(engine, other, A) == ()
    assert reserve(engine, fix, C, A, build_piece("unknown")) == ("a", "unknown")
    assert load_levels(engine)["c"] == (3, 0)
    assert box_states(engine, fix) == {}


def test_a_box_made_anew_takes_the_place_of_the_old_one(engine: Engine, fix: str) -> None:
    reserve(engine, fix, A, B)
    assert reserve(engine, fix, B, C) == ()
    assert load_levels(engine) == {"a": (1, 0), "b": (2, 1), "c": (3, 1)}
    assert box_states(engine, fix) == {"a": "released", "b": "held", "c": "held"}
    assert reserve(engine, fix, A) == ()  # what was let go may come back
    assert box_states(engine, fix) == {"a": "held", "b": "released", "c": "released"}


def test_a_box_that_cannot_be_leaves_the_old_one_as_it_was(engine: Engine, fix: str, other: str) -> None:
    reserve(engine, other, A)
    reserve(engine, fix, B)
    assert reserve(engine, fix, A, C) == ("a",)
    assert box_states(engine, fix) == {"b": "held"}
    assert load_levels(engine) == {"a": (1, 1), "b": (2, 1), "c": (3, 0)}


def test_an_item_is_never_twice_in_a_box(engine: Engine, fix: str) -> None:
    for box in ([A, A], [A, build_piece("a-large", "a")]):
        with pytest.raises(BadInput, match="twice"):
            reserve(engine, fix, *box)


def test_nothing_is_held_for_a_fix_that_is_over(engine: Engine, fix: str) -> None:
    """A retry that comes after a cancellation must not take units that nobody gives back."""
    for state in SETTLED | {FixState.SHIPPED}:
        with write_transaction(engine) as connection:
            put_state(connection, fix, state)
        with pytest.raises(BadInput, match=state):
            reserve(engine, fix, A)
        with pytest.raises(BadInput, match=state):
            renew(engine, fix, NOW)
        assert load_levels(engine)["a"] == (1, 0)


def test_what_is_let_go_is_let_go_once(engine: Engine, fix: str) -> None:
    reserve(engine, fix, A, B)
    with write_transaction(engine) as connection:
        assert [reservations.release_box(connection, fix, NOW) for _ in range(2)] == [2, 0]
    assert {reserved for _, reserved in load_levels(engine).values()} == {0}


def test_what_is_sold_leaves_the_shelf_once(engine: Engine, fix: str) -> None:
    reserve(engine, fix, A, B)
    for _ in range(2):
        with write_transaction(engine) as connection:
            reservations.sell_box(connection, fix, NOW)
    assert load_levels(engine) == {"a": (0, 0), "b": (1, 0), "c": (3, 0)}
    with write_transaction(engine) as connection:
        assert reservations.release_box(connection, fix, NOW) == 0  # too late to take it back
    assert box_states(engine, fix) == {"a": "sold", "b": "sold"}
    assert load_levels(engine)["a"] == (0, 0)


def test_what_is_not_held_is_not_sold(engine: Engine, fix: str) -> None:
    with write_transaction(engine) as connection, pytest.raises(BadInput, match="the whole box"):
        reservations.sell_box(connection, fix, NOW)
    reserve(engine, fix, A, B)
    with write_transaction(engine) as connection:
        assert reservations.release_expired(connection, PAST, ["a"]) == 1
    with write_transaction(engine) as connection, pytest.raises(BadInput, match=r"not held any more: a$"):
        reservations.sell_box(connection, fix, PAST)
    assert box_states(engine, fix) == {"a": "expired", "b": "held"}


def test_a_hold_that_ran_out_gives_way_to_who_needs_it(engine: Engine, fix: str, other: str) -> None:
    reserve(engine, fix, A, B)
    assert reserve(engine, other, A, now=UNTIL) == ("a",)  # to the last moment
    assert reserve(engine, other, A, now=PAST, until=PAST + timedelta(days=1)) == ()
    assert box_states(engine, fix) == {"a": "expired", "b": "held"}  # nobody asked for b
    assert renew(engine, fix, PAST) == ("a",)
    assert box_states(engine, fix) == {"a": "expired", "b": "held"}
    assert load_levels(engine) == {"a": (1, 1), "b": (2, 1), "c": (3, 0)}
    assert faults(engine) == []


def test_a_sweep_frees_what_ran_out(engine: Engine, fix: str, other: str) -> None:
    reserve(engine, fix, A, B)
    reserve(engine, other, B, until=None)
    with write_transaction(engine) as connection:
        assert reservations.release_expired(connection, NOW) == 0
        assert reservations.release_expired(connection, PAST) == 2
        assert reservations.release_expired(connection, PAST) == 0
    assert load_levels(engine) == {"a": (1, 0), "b": (2, 1), "c": (3, 0)}
    assert faults(engine) == []


def test_a_renewal_takes_again_what_nobody_took(engine: Engine, fix: str, other: str) -> None:
    reserve(engine, fix, A, B)
    with write_transaction(engine) as connection:
        reservations.release_expired(connection, PAST)
    assert renew(engine, fix, PAST) == ()
    assert box_states(engine, fix) == {"a": "held", "b": "held"}
    assert reserve(engine, other, A, now=PAST + timedelta(days=99)) == ("a",)  # firm now
    with write_transaction(engine) as connection:
        reservations.sell_box(connection, fix, PAST)
    assert load_levels(engine) == {"a": (0, 0), "b": (1, 0), "c": (3, 0)}


def test_a_renewal_may_itself_take_what_ran_out_for_another(engine: Engine, fix: str, other: str) -> None:
    reserve(engine, fix, A, until=NOW)
    reserve(engine, other, A, now=PAST, until=PAST)
    assert renew(engine, fix, PAST + timedelta(hours=1)) == ()
    assert box_states(engine, other) == {"a": "expired"}
    assert load_levels(engine)["a"] == (1, 1)


def test_a_count_of_the_shelf_keeps_what_is_held(engine: Engine, fix: str) -> None:
    reserve(engine, fix, A, B)
    with write_transaction(engine) as connection:
        assert count_stock(connection, {"a": 5, "b": 0, "c": 7}) == {"held_short": 1}
        assert count_stock(connection, {"a": 5, "b": 0}) == {"held_short": 1}  # still so
        assert count_stock(connection, {"a": 1}) == {}
        assert count_stock(connection, {"a": 5}) == {}
    assert load_levels(engine) == {"a": (5, 1), "b": (0, 1), "c": (7, 0)}
    with read_transaction(engine) as connection:
        assert catalogue.count_available(connection) == {"a": {"M": 4}, "b": {"M": 0}, "c": {"M": 7}}
    assert faults(engine) == []


def test_of_holds_that_the_shelf_no_longer_has_the_first_to_be_firm_is_served(
    engine: Engine, fix: str, other: str
) -> None:
    reserve(engine, fix, B)
    reserve(engine, other, B)
    with write_transaction(engine) as connection:
        count_stock(connection, {"b": 1})
    assert renew(engine, other, NOW) == ()
    assert renew(engine, fix, NOW) == ("b",)
    with write_transaction(engine) as connection:
        reservations.sell_box(connection, other, NOW)
    assert load_levels(engine)["b"] == (0, 0)
    assert box_states(engine, fix) == {"b": "expired"}


def test_a_unit_that_is_not_on_the_shelf_is_not_sold(engine: Engine, fix: str) -> None:
    reserve(engine, fix, A)
    with write_transaction(engine) as connection:
        count_stock(connection, {"a": 0})
    with write_transaction(engine) as connection, pytest.raises(BadInput, match=r"not held any more: a$"):
        reservations.sell_box(connection, fix, NOW)
    assert load_levels(engine)["a"] == (0, 1)


def test_readers_look_anew_when_something_runs_out_or_is_there_again(engine: Engine, fix: str) -> None:
    def load_units() -> int:
        with read_transaction(engine) as connection:
            return load_number(connection, "stock")

    start = load_units()
    reserve(engine, fix, C)
    assert load_units() == start  # two are left
    reserve(engine, fix, A, C)
    assert load_units() == start + 1
    with write_transaction(engine) as connection:
        reservations.sell_box(connection, fix, NOW)
    assert load_units() == start + 1  # what can be had is what could be had


def test_faults_are_found(engine: Engine, fix: str) -> None:
    reserve(engine, fix, A)
    with write_transaction(engine) as connection:
        connection.exec_driver_sql("UPDATE stock SET reserved = 0 WHERE sku = 'a'")
        connection.exec_driver_sql("UPDATE stock SET reserved = 2 WHERE sku = 'c'")
    assert faults(engine) == ["a", "c"]
