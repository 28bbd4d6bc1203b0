"""Filters as SQL find the clients that a plain evaluation in memory finds, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from sqlalchemy import Engine, select

from domain.segments.evaluation import is_member
from domain.segments.rendering import render_text
from models.segments import Filter
from store.database import read_transaction, write_transaction
from store.segments.compilation import compile_filter
from store.tables import clients
from tests.support.random_clients import NOW, RandomShop, draw_shop
from tests.support.random_filters import draw_filter

FILTERS = 2_000
BATCH = 20
"""Filters that one statement evaluates."""


@pytest.fixture(scope="module")
def shop() -> RandomShop:
    return draw_shop(seed=7, clients=60)


def find_members(engine: Engine, filters: list[Filter], by_set: bool) -> Iterator[set[str]]:
    """Find whom each filter holds, some filters at a time."""
    with read_transaction(engine) as connection:
        for start in range(0, len(filters), BATCH):
            part = filters[start : start + BATCH]
            conditions = [compile_filter(one, NOW, engine.dialect.name, by_set=by_set) for one in part]
            columns = [one.label(f"c{index}") for index, one in enumerate(conditions)]
            rows = connection.execute(select(clients.c.client_id, *columns)).all()
            for index, tree in enumerate(part, 1):
                assert all(row[index] is not None for row in rows), f"NULL: {render_text(tree)}"
                yield {row[0] for row in rows if row[index]}


def test_random_filters_find_whom_memory_finds(engine: Engine, shop: RandomShop) -> None:
    with write_transaction(engine) as connection:
        shop.save(connection)
    rng = Random(11)
    filters = [draw_filter(rng) for _ in range(FILTERS)]
    sizes = set()
    for start, by_set in ((0, True), (FILTERS // 2, False)):
        half = filters[start : start + FILTERS // 2]
        for tree, found in zip(half, find_members(engine, half, by_set), strict=True):
            wanted = {key for key, facts in shop.facts.items() if is_member(tree, facts, NOW)}
            assert found == wanted, render_text(tree)
            sizes.add(len(wanted))
    assert len(sizes) > 30  # the filters tell clients apart
