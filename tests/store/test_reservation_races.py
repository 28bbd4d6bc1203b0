"""Stock is never oversold, whoever asks at the same time, and nobody waits for ever. On both databases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Engine

from errors import BadInput
from models.fixes import FixState
from store.database import read_transaction, write_transaction
from store.fixes import fixes, reservations
from store.mail.policy import Terms
from tests.store.boxes import count_shelf, held, piece, put, seed_fix, seed_stock, shelf
from tests.store.conftest import NOW
from tests.store.test_races import at_once

REQUESTS = 50
UNITS = 10
UNTIL = NOW + timedelta(days=2)


def seed(engine: Engine, terms: Terms, count: int, on_hand: dict[str, int]) -> list[str]:
    with write_transaction(engine) as connection:
        seed_stock(connection, terms, on_hand)
        return [seed_fix(connection, terms, f"c{number}") for number in range(count)]


def all_well(engine: Engine) -> bool:
    """As many reserved as held, and no more than there are."""
    counts = shelf(engine).values()
    with read_transaction(engine) as connection:
        sound = reservations.faults(connection) == []
    return sound and sum(reserved for _, reserved in counts) == held(engine) and all(0 <= r <= n for n, r in counts)


def test_of_fifty_requests_for_the_last_ten_units_ten_are_served(engine: Engine, terms: Terms) -> None:
    """Each wants the loved item and two others, in an order of its own."""
    ids = seed(engine, terms, REQUESTS, {"a-plenty": 100, "loved": UNITS, "z-plenty": 100})
    short: dict[str, tuple[str, ...]] = {}

    def job(place: int, fix_id: str) -> Callable[[], None]:
        box = [piece("a-plenty"), piece("loved"), piece("z-plenty")]
        random.Random(place).shuffle(box)

        def ask() -> None:
            with write_transaction(engine) as connection:
                short[fix_id] = reservations.reserve(connection, fix_id, box, NOW, UNTIL)

        return ask

    at_once([job(place, fix_id) for place, fix_id in enumerate(ids)])
    assert Counter(short.values()) == {(): UNITS, ("loved",): REQUESTS - UNITS}
    assert shelf(engine) == {"a-plenty": (100, UNITS), "loved": (UNITS, UNITS), "z-plenty": (100, UNITS)}
    assert all_well(engine)


def test_fifty_requests_each_tried_from_two_sides_hold_once(engine: Engine, terms: Terms) -> None:
    """A retry that overtakes its first attempt."""
    ids = seed(engine, terms, REQUESTS // 2, {"loved": UNITS})

    def job(fix_id: str) -> Callable[[], None]:
        def ask() -> None:
            with write_transaction(engine) as connection:
                reservations.reserve(connection, fix_id, [piece("loved")], NOW, UNTIL)

        return ask

    at_once([job(fix_id) for fix_id in ids * 2])
    assert shelf(engine) == {"loved": (UNITS, UNITS)}
    assert all_well(engine)


def test_of_fifty_that_ship_at_once_each_unit_leaves_once(engine: Engine, terms: Terms) -> None:
    ids = seed(engine, terms, UNITS, {"loved": UNITS, "other": UNITS})
    for fix_id in ids:
        with write_transaction(engine) as connection:
            assert reservations.reserve(connection, fix_id, [piece("other"), piece("loved")], NOW, None) == ()
            put(connection, fix_id, FixState.APPROVED)

    def job(fix_id: str) -> Callable[[], None]:
        def ship() -> None:
            with write_transaction(engine) as connection:
                fixes.get(connection, fix_id, lock=True)
                reservations.sell(connection, fix_id, NOW)
                fixes.move(connection, fix_id, FixState.SHIPPED, NOW)

        return ship

    at_once([job(fix_id) for fix_id in ids * (REQUESTS // UNITS)])
    assert shelf(engine) == {"loved": (0, 0), "other": (0, 0)}
    with read_transaction(engine) as connection:
        assert len(fixes.listing(connection, [FixState.SHIPPED])) == UNITS
        assert all(len(fixes.steps(connection, fix_id)) == 2 for fix_id in ids)  # requested, shipped


def test_opposite_orders_counts_and_sweeps_lock_nobody_out(engine: Engine, terms: Terms) -> None:
    """Boxes that overlap, made anew in opposite orders, while the shelf is counted and holds run out."""
    skus = [f"s{number}" for number in range(6)]
    ids = seed(engine, terms, 8, dict.fromkeys(skus, 5))

    def maker(place: int) -> Callable[[], None]:
        def make() -> None:
            rng = random.Random(place)
            for turn in range(10):
                some = rng.sample(skus, 4)
                box = [piece(sku) for sku in (some if place % 2 else some[::-1])]
                now = NOW + timedelta(hours=turn)
                with write_transaction(engine) as connection:
                    reservations.reserve(connection, ids[place], box, now, now + timedelta(minutes=30))
                    if turn % 2:  # as when a stylist swaps and approves at once, and a unit was lost
                        reservations.renew(connection, ids[place], now, now)
                        reservations.release(connection, ids[place], now)
                with write_transaction(engine) as connection:
                    reservations.renew(connection, ids[place], now, now)

        return make

    def count() -> None:
        for turn in range(20):
            with write_transaction(engine) as connection:
                count_shelf(connection, dict.fromkeys(reversed(skus), 5 + turn % 2))

    def sweep() -> None:
        for turn in range(20):
            with write_transaction(engine) as connection:
                reservations.release_expired(connection, NOW + timedelta(hours=turn))

    at_once([*(maker(place) for place in range(len(ids))), count, sweep])
    with read_transaction(engine) as connection:
        assert reservations.faults(connection) == []


def test_a_cancellation_and_a_retried_reservation_leave_nothing_held(engine: Engine, terms: Terms) -> None:
    """Whichever comes first, a Fix that is over holds nothing."""
    ids = seed(engine, terms, 20, {"loved": 20})

    def cancel(fix_id: str) -> Callable[[], None]:
        def job() -> None:
            with write_transaction(engine) as connection:
                if fixes.move(connection, fix_id, FixState.CANCELLED, NOW):
                    reservations.release(connection, fix_id, NOW)

        return job

    def reserve(fix_id: str) -> Callable[[], None]:
        def job() -> None:
            try:
                with write_transaction(engine) as connection:
                    reservations.reserve(connection, fix_id, [piece("loved")], NOW, UNTIL)
            except BadInput:
                pass  # it was cancelled before

        return job

    at_once([job for fix_id in ids for job in (cancel(fix_id), reserve(fix_id))])
    assert shelf(engine) == {"loved": (20, 0)}
    assert held(engine) == 0
