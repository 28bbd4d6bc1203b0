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


def request_wave_fixes(shop: Shop, count: int, *, units: int = 2, prefix: str = "wave", **wish: Any) -> list[FixId]:
    """So many clients who asked for the wave; the shelf holds so many `units` of each sku. No workflow of theirs
    runs."""
    now = shop.context.wall()
    fix_ids = []
    with write_transaction(shop.engine) as connection:
        connection.execute(update(stock).values(on_hand=stock.c.reserved + units))
    for number in range(count):
        client_id = f"{prefix}{number:03}"
        shop.client(client_id, now=now, sizes=("M",), consent=False)
        fix_wish = FixWish.model_validate({"when": "wave", "budget": f"{160 + 20 * (number % 5)}.00", **wish})
        with write_transaction(shop.engine) as connection:
            fix_ids.append(fixes.save_request(connection, client_id, fix_wish, now, request_key="w", due=now + WAIT))
    return fix_ids


def load_boxes(shop: Shop, fix_ids: Sequence[FixId]) -> list[tuple[str, ...]]:
    """The skus held for each Fix, in order."""
    with read_transaction(shop.engine) as connection:
        assert reservations.find_faults(connection) == []
        return [tuple(sorted(item.sku for item in reservations.load_box(connection, fix_id))) for fix_id in fix_ids]


def load_report(shop: Shop, wave: Id) -> WaveReport:
    with read_transaction(shop.engine) as connection:
        return waves.parse_report(waves.load_wave(connection, wave))


def wait_for_state(shop: Shop, wave: Id, state: WaveState, seconds: float = 240) -> WaveReport:
    """Wait until the store says that the wave is in a state."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with read_transaction(shop.engine) as connection:
            row = waves.find_wave(connection, wave)
        if row is not None and row.state == state:
            return waves.parse_report(row)
        time.sleep(0.1)
    raise AssertionError(f"wave {wave} is not {state}")
