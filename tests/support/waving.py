"""A shop in which many clients wait for a wave, and too little of what they love is there."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import update

from models.base import Id
from models.fixes import FixId, FixWish
from models.waves import WaveReport, WaveState
from store.database import read_transaction, write_transaction
from store.fixes import fixes, reservations, waves
from store.tables import stock
from tests.support.shop import Shop

WAIT: Final = timedelta(days=2)


def waiting(shop: Shop, count: int, *, units: int = 2, prefix: str = "wave", **wish: Any) -> list[FixId]:
    """So many clients who asked for the wave; the shelf holds so many `units` of each sku. No workflow of theirs
    runs."""
    now = shop.context.wall()
    found = []
    with write_transaction(shop.engine) as connection:
        connection.execute(update(stock).values(on_hand=stock.c.reserved + units))
    for number in range(count):
        client_id = f"{prefix}{number:03}"
        shop.client(client_id, now=now, sizes=("M",), consent=False)
        asked = FixWish.model_validate({"when": "wave", "budget": f"{160 + 20 * (number % 5)}.00", **wish})
        with write_transaction(shop.engine) as connection:
            found.append(fixes.save_request(connection, client_id, asked, now, request_key="w", due=now + WAIT))
    return found


def boxes(shop: Shop, asked: Sequence[FixId]) -> list[tuple[str, ...]]:
    """The skus held for each Fix, in order."""
    with read_transaction(shop.engine) as connection:
        assert reservations.faults(connection) == []
        return [tuple(sorted(each.sku for each in reservations.box(connection, fix_id))) for fix_id in asked]


def report(shop: Shop, wave: Id) -> WaveReport:
    with read_transaction(shop.engine) as connection:
        return waves.report_of(waves.get(connection, wave))


def until(shop: Shop, wave: Id, state: WaveState, seconds: float = 90) -> WaveReport:
    """Wait until the store says that the wave is in a state."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with read_transaction(shop.engine) as connection:
            row = waves.found(connection, wave)
        if row is not None and row.state == state:
            return waves.report_of(row)
        time.sleep(0.1)
    raise AssertionError(f"wave {wave} is not {state}")
