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
from store.mail.policy import ShopPolicy
from tests.store.boxes import build_piece, count_held, count_stock, load_levels, put_state, seed_fix, seed_stock
from tests.store.conftest import NOW
from tests.store.test_races import at_once

REQUESTS = 50
UNITS = 10
UNTIL = NOW + timedelta(days=2)


def seed(engine: Engine, policy: ShopPolicy, count: int, on_hand: dict[str, int]) -> list[str]:
    with write_transaction(engine) as connection:
        seed_stock(connection, policy, on_hand)
        return [seed_fix(connection, policy, f"c{number}") for number in range(count)]


def all_well(engine: Engine) -> bool:
    """As many reserved as held, and no more than there are."""
    counts = load_levels(engine).values()
    with read_transaction(engine) as connection:
        sound = reservations.find_faults(connection) == []
    return (
        sound and sum(reserved for _, reserved in counts) == count_held(engine) and all(0 <= r <= n for n, r in counts)
    )


def test_of_fifty_requests_for_the_last_ten_units_ten_are_served(engine: Engine, policy: ShopPolicy) -> None:
    """Each wants the loved item and two others, in an order of its own."""
    ids = seed(engine, policy, REQUESTS, {"a-plenty": 100, "loved": UNITS, "z-plenty": 100})
    short: dict[str, tuple[str, ...]] = {}

    def job(index: int, fix_id: str) -> Callable[[], None]:
        box = [build_piece("a-plenty"), build_piece("loved"), build_piece("z-plenty")]
        random.Random(index).shuffle(box)

        def ask() -> None:
            with write_transaction(engine) as connection:
                short[fix_id] = reservations.reserve_box(connection, fix_id, box, NOW, UNTIL)

        return ask

    at_once([job(index, fix_id) for index, fix_id in enumerate(ids)])
    assert Counter(short.values()) == {(): UNITS, ("loved",): REQUESTS - UNITS}
    assert load_levels(engine) == {"a-plenty": (100, UNITS), "loved": (UNITS, UNITS), "z-plenty": (100, UNITS)}
    assert all_well(engine)


def test_fifty_requests_each_tried_from_two_sides_hold_once(engine: Engine, policy: ShopPolicy) -> None:
    """A retry that overtakes its first attempt."""
    ids = seed(engine, policy, REQUESTS // 2, {"loved": UNITS})

    def job(fix_id: str) -> Callable[[], None]:
        def ask() -> None:
            with write_transaction(engine) as connection:
                reservations.reserve_box(connection, fix_id, [build_piece("loved")], NOW, UNTIL)

        return ask

    at_once([job(fix_id) for fix_id in ids * 2])
    assert load_levels(engine) == {"loved": (UNITS, UNITS)}
    assert all_well(engine)


def test_of_fifty_that_ship_at_once_each_unit_leaves_once(engine: Engine, policy: ShopPolicy) -> None:
    ids = seed(engine, policy, UNITS, {"loved": UNITS, "other": UNITS})
    for fix_id in ids:
        with write_transaction(engine) as connection:
            assert (
                reservations.reserve_box(connection, fix_id, [build_piece("other"), build_piece("loved")], NOW, None)
                == ()
            )
            put_state(connection, fix_id, FixState.APPROVED)

    def job(fix_id: str) -> Callable[[], None]:
        def ship() -> None:
            with write_transaction(engine) as connection:
                fixes.load_fix(connection, fix_id, lock=True)
                reservations.sell_box(connection, fix_id, NOW)
                fixes.move_fix(connection, fix_id, FixState.SHIPPED, NOW)

        return ship

    at_once([job(fix_id) for fix_id in ids * (REQUESTS // UNITS)])
    assert load_levels(engine) == {"loved": (0, 0), "other": (0, 0)}
    with read_transaction(engine) as connection:
        assert len(fixes.list_fixes(connection, [FixState.SHIPPED])) == UNITS
        assert all(len(fixes.list_steps(connection, fix_id)) == 2 for fix_id in ids)  # requested, shipped


def test_opposite_orders_counts_and_sweeps_lock_nobody_out(engine: Engine, policy: ShopPolicy) -> None:
    """Boxes that overlap, made anew in opposite orders, while the shelf is counted and holds run out."""
    skus = [f"s{number}" for number in range(6)]
    ids = seed(engine, policy, 8, dict.fromkeys(skus, 5))

    def maker(index: int) -> Callable[[], None]:
        def make() -> None:
            rng = random.Random(index)
            for turn in range(10):
                wanted = rng.sample(skus, 4)
                box = [build_piece(sku) for sku in (wanted if index % 2 else wanted[::-1])]
                now = NOW + timedelta(hours=turn)
                with write_transaction(engine) as connection:
                    reservations.reserve_box(connection, ids[index], box, now, now + timedelta(minutes=30))
                    if turn % 2:  # as when a stylist swaps and approves at once, and a unit was lost
                        reservations.renew_holds(connection, ids[index], now, now)
                        reservations.release_box(connection, ids[index], now)
                with write_transaction(engine) as connection:
                    reservations.renew_holds(connection, ids[index], now, now)

        return make

    def count() -> None:
        for turn in range(20):
            with write_transaction(engine) as connection:
                count_stock(connection, dict.fromkeys(reversed(skus), 5 + turn % 2))

    def sweep() -> None:
        for turn in range(20):
            with write_transaction(engine) as connection:
                reservations.release_expired(connection, NOW + timedelta(hours=turn))

    at_once([*(maker(index) for index in range(len(ids))), count, sweep])
    with read_transaction(engine) as connection:
        assert reservations.find_faults(connection) == []


def test_a_cancellation_and_a_retried_reservation_leave_nothing_held(engine: Engine, policy: ShopPolicy) -> None:
    """Whichever comes first, a Fix that is over holds nothing."""
    ids = seed(engine, policy, 20, {"loved": 20})

    def cancel(fix_id: str) -> Callable[[], None]:
        def job() -> None:
            with write_transaction(engine) as connection:
                if fixes.move_fix(connection, fix_id, FixState.CANCELLED, NOW):
                    reservations.release_box(connection, fix_id, NOW)

        return job

    def reserve(fix_id: str) -> Callable[[], None]:
        def job() -> None:
            try:
                with write_transaction(engine) as connection:
                    reservations.reserve_box(connection, fix_id, [build_piece("loved")], NOW, UNTIL)
            except BadInput:
                pass  # it was cancelled before

        return job

    at_once([job for fix_id in ids for job in (cancel(fix_id), reserve(fix_id))])
    assert load_levels(engine) == {"loved": (20, 0)}
    assert count_held(engine) == 0
