"""Killing the worker at each step of the saga: no unit is lost, none is sold twice, and every Fix ends.
The seed is printed; SELVEDGE_TEST_FIX_KILLS=30 kills thirty times."""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from temporalio.client import Client

from domain.fixes.states import SETTLED
from errors import SelvedgeError
from models.actors import TEMPORAL
from models.fixes import FixDecision, FixState, FixWish, ItemState, Swap
from store.database import read_transaction, write_transaction
from store.fixes import fixes, reservations
from store.fixes.rows import parse_candidates
from store.tables import fix_items, stock
from store.tables import fixes as fix_rows
from tests.support.forks import ForkedWorkers, fork_workers
from tests.support.seeds import draw_seed
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer
from workflows import fix_handles, handles

ROUNDS = int(os.environ.get("SELVEDGE_TEST_FIX_KILLS", "14"))
UNITS = max(1, ROUNDS // 6)
"""Of each of 24 items: less than so many boxes of five ask for."""
PATIENCE_S = 120
STEPS = ("requested", "ranked", "assembled", "proposed", "approved", "shipped", "closed")
"""The worker is killed the moment one of these is committed, before Temporal knows."""
WISHES = ("approve", "approve", "approve", "swap", "reject", "cancel", "nobody")
LATE_WISHES = ("approve", "approve", "swap")
"""What people want in the first pass, so that each state is seen, and of each box that is to come past `proposed`."""


async def test_kills_at_every_step_lose_no_unit_and_sell_none_twice(tmp_path: Path, dev_server: DevServer) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    shop = a_shop(
        tmp_path / "home",
        temporal_address=dev_server.address,
        fix_decide_hours=3 / 3_600,
        fix_feedback_days=2 / 86_400,
    )
    with write_transaction(shop.engine) as connection:
        connection.execute(stock.update().values(on_hand=UNITS))
    shop.sign_up("fix", ROUNDS, consent=False)
    client = await handles.connect(dev_server.address, "default")
    try:
        with fork_workers(shop.settings, tmp_path) as workers:
            workers.start()
            killed = await _rounds(shop, client, workers, chance)
            await _wait_until_settled(shop)
        print(f"killed at {dict(Counter(killed))}; ended {dict(_states(shop))}")
        assert set(killed) >= {"ranked", "assembled", "proposed", "shipped"}
        assert not _faults_of(shop)
    finally:
        shop.sink.stop()
        shop.engine.dispose()


async def _rounds(shop: Shop, client: Client, workers: ForkedWorkers, chance: random.Random) -> list[str]:
    """One Fix a round; the state that was on record when the worker died."""
    killed, people = [], []
    for index in range(ROUNDS):
        step, fix_id = STEPS[index % len(STEPS)], _save_request(shop, f"fix{index}", noted=index % 2 == 0)
        late = index < len(STEPS) or index % len(STEPS) > STEPS.index("proposed")
        wanted = chance.choice(LATE_WISHES if late else WISHES)
        people.append(asyncio.create_task(_people(shop, client, f"fix{index}", fix_id, wanted)))
        killed.append(await _wait_for_state(shop, fix_id, step))
        workers.kill()
        workers.start()
        print(f"{time.monotonic():.1f} {fix_id} {step} {killed[-1]} {wanted}")
    await asyncio.gather(*people)
    return killed


def _save_request(shop: Shop, client_id: str, noted: bool) -> str:
    wish = FixWish(note="I need a coat, nothing in rust." if noted else None)
    with write_transaction(shop.engine) as connection:
        now = shop.context.wall()
        return fixes.save_request(connection, client_id, wish, now, request_key="kill")


async def _people(shop: Shop, client: Client, client_id: str, fix_id: str, wanted: str) -> None:
    """Ask for the Fix until it is taken, then do with it what is `wanted`; a refusal is an answer."""
    for _ in range(5):
        with suppress(SelvedgeError):
            await fix_handles.request_fix(client, client_id, fix_id)
            break
    if wanted == "nobody":
        return
    if wanted == "cancel":
        await asyncio.sleep(random.Random(fix_id).uniform(0, 2))
        with suppress(SelvedgeError):
            await fix_handles.cancel_fix(client, fix_id)
        return
    if await _wait_for_state(shop, fix_id, "proposed") == "proposed":
        with suppress(SelvedgeError):
            await fix_handles.decide_fix(client, fix_id, _decision(shop, fix_id, wanted), TEMPORAL)


def _decision(shop: Shop, fix_id: str, wanted: str) -> FixDecision:
    if wanted != "swap":
        return FixDecision.model_validate({"verdict": wanted, "by": "ana"})
    with read_transaction(shop.engine) as connection:
        row, box = fixes.load_fix(connection, fix_id), reservations.load_box(connection, fix_id)
    spare = next(item.sku for item in parse_candidates(row) if item.sku not in {unit.sku for unit in box})
    return FixDecision(verdict="approve", swaps=(Swap(out=box[0].sku, into=spare),), by="ana")


async def _wait_for_state(shop: Shop, fix_id: str, step: str) -> str:
    """Its state, as soon as it has come as far as `step` or has ended, or after a while."""
    until, order = time.monotonic() + 15, {state: index for index, state in enumerate(STEPS)}
    while True:
        with read_transaction(shop.engine) as connection:
            state = str(fixes.load_fix(connection, fix_id).state)
        if state in SETTLED or order[state] >= order[step] or time.monotonic() > until:
            return state
        await asyncio.sleep(0.002)


def _states(shop: Shop) -> Counter[str]:
    with read_transaction(shop.engine) as connection:
        return Counter(connection.scalars(select(fix_rows.c.state)))


async def _wait_until_settled(shop: Shop) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if set(_states(shop)) <= SETTLED:
            return
        await asyncio.sleep(0.3)
    raise AssertionError(f"not settled: {_states(shop)}")


def _faults_of(shop: Shop) -> list[str]:
    """What is wrong between the shelf and the boxes."""
    with read_transaction(shop.engine) as connection:
        stock_by_sku = {row.sku: row for row in connection.execute(stock.select())}
        sold = dict(_count_sold(connection))
        unsold = select(fix_items.c.state).join(fix_rows, fix_rows.c.fix_id == fix_items.c.fix_id)
        strayed = set(connection.scalars(unsold.where(fix_rows.c.state != FixState.CLOSED)))
        rules = {
            "reserved is not what is held": reservations.find_faults(connection) == [],
            "a unit is still reserved": all(row.reserved == 0 for row in stock_by_sku.values()),
            "units were lost or sold twice": all(
                UNITS - row.on_hand == sold.get(sku, 0) and row.on_hand >= 0 for sku, row in stock_by_sku.items()
            ),
            "a box that was not shipped has sold units": strayed <= {ItemState.RELEASED},
            "nothing was sold": bool(sold),
        }
    return [wrong for wrong, holds in rules.items() if not holds]


def _count_sold(connection: Any) -> list[tuple[str, int]]:
    query = select(fix_items.c.sku, func.count()).where(fix_items.c.state != ItemState.RELEASED)
    return [(sku, count) for sku, count in connection.execute(query.group_by(fix_items.c.sku))]
