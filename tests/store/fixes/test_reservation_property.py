"""Whatever happens in whatever order: as many units are reserved as are held, and none leaves the shelf twice."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from errors import BadInput
from models.fixes import FixItem, FixState, ItemState
from store.database import connect, read_transaction, write_transaction
from store.fixes import reservations
from store.mail.policy import ShopPolicy
from tests.store.boxes import box_states, build_piece, count_stock, load_levels, put_state, seed_fix, seed_stock
from tests.store.conftest import NOW
from tests.support.tables import create_tables

SKUS = ["a", "b", "c", "d"]
skus = st.sampled_from(SKUS)
places = st.integers(0, 2)
boxes = st.lists(skus, min_size=1, max_size=3, unique=True)
spans = st.one_of(st.none(), st.integers(-1, 5))
"""Hours that a hold lasts; none: a firm one."""


@cache
def _empty() -> bytes:
    """A database with our tables; to make them for each example would take longer than the example."""
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/store.db")
        create_tables(engine)
        engine.dispose()
        return (Path(folder) / "store.db").read_bytes()


class Stock(RuleBasedStateMachine):
    """Three Fixes and four skus, beside a count of what went out and what the shop says is there."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        copy = Path(self.folder.name) / "store.db"
        copy.write_bytes(_empty())
        self.engine = connect(f"sqlite:///{copy}")
        self.now = NOW
        self.there: dict[str, int] = {}

    @initialize(units=st.lists(st.integers(0, 3), min_size=4, max_size=4))
    def open_shop(self, units: list[int]) -> None:
        self.there = dict(zip(SKUS, units, strict=True))
        policy = ShopPolicy(currency="USD", time_zone="UTC", signing_key="k")
        with write_transaction(self.engine) as connection:
            seed_stock(connection, policy, self.there)
            self.fixes = [seed_fix(connection, policy, client, FixState.PROPOSED) for client in ("ann", "bob", "cid")]

    @rule(index=places, box=boxes, hours=spans)
    def reserve(self, index: int, box: list[str], hours: int | None) -> None:
        old_box, free = self.in_box(index), self.free()
        with write_transaction(self.engine) as connection:
            short = reservations.reserve_box(
                connection, self.fixes[index], self.pieces(box), self.now, self.until(hours)
            )
        if short:
            assert self.in_box(index) == old_box
            assert all(free[sku] < 1 for sku in short)
        else:
            assert self.in_box(index) == dict.fromkeys(box, "held")

    @rule(index=places, hours=spans)
    def renew(self, index: int, hours: int | None) -> None:
        old_box = self.in_box(index)
        with write_transaction(self.engine) as connection:
            lost = reservations.renew_holds(connection, self.fixes[index], self.now, self.until(hours))
        after = self.in_box(index)
        assert after == {sku: "expired" if sku in lost else "held" for sku in old_box}

    @rule(index=places)
    def release(self, index: int) -> None:
        with write_transaction(self.engine) as connection:
            reservations.release_box(connection, self.fixes[index], self.now)
        assert self.in_box(index) == {}

    @rule(index=places)
    def sell_and_begin_again(self, index: int) -> None:
        """The box goes out, and another client asks."""
        box = self.in_box(index)
        try:
            with write_transaction(self.engine) as connection:
                reservations.sell_box(connection, self.fixes[index], self.now)
        except BadInput:
            assert not box or "expired" in box.values() or any(self.there[sku] < 1 for sku in box)
            assert self.in_box(index) == box
            return
        with write_transaction(self.engine) as connection:
            put_state(connection, self.fixes[index], FixState.SHIPPED)
            reservations.sell_box(connection, self.fixes[index], self.now)
            policy = ShopPolicy(currency="USD", time_zone="UTC", signing_key="k")
            client = f"c{len(self.fixes)}-{self.fixes[index]}"
            self.fixes[index] = seed_fix(connection, policy, client, FixState.PROPOSED)
        for sku in box:
            self.there[sku] -= 1

    @rule(hours=st.integers(0, 6))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule(only=st.one_of(st.none(), st.lists(skus, unique=True)))
    def sweep(self, only: list[str] | None) -> None:
        with write_transaction(self.engine) as connection:
            reservations.release_expired(connection, self.now, only)

    @rule(sku=skus, units=st.integers(0, 4))
    def count(self, sku: str, units: int) -> None:
        self.there[sku] = units
        with write_transaction(self.engine) as connection:
            count_stock(connection, {sku: units})

    @invariant()
    def as_many_are_reserved_as_held(self) -> None:
        with read_transaction(self.engine) as connection:
            assert reservations.find_faults(connection) == []

    @invariant()
    def the_shelf_lost_what_went_out_and_nothing_else(self) -> None:
        assert {sku: on_hand for sku, (on_hand, _) in load_levels(self.engine).items()} == self.there

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    def until(self, hours: int | None) -> datetime | None:
        return None if hours is None else self.now + timedelta(hours=hours)

    def in_box(self, index: int) -> dict[str, str]:
        states = box_states(self.engine, self.fixes[index])
        return {sku: state for sku, state in states.items() if state != ItemState.RELEASED}

    def free(self) -> dict[str, int]:
        return {sku: on_hand - reserved for sku, (on_hand, reserved) in load_levels(self.engine).items()}

    @staticmethod
    def pieces(box: list[str]) -> list[FixItem]:
        return [build_piece(sku) for sku in box]


TestStock = Stock.TestCase
TestStock.settings = settings(max_examples=15, stateful_step_count=25, deadline=None)
