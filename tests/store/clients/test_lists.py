"""The list of clients finds, page after page, exactly those whom a plain look at all finds, on both databases."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete, insert, text, update

from domain.segments.text import parse_text
from models.client_lists import ListColumn, ListOrder
from models.states import Phase
from store.clients.lists import NEW, ClientSummary, find_clients
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import clients, engagement, standings
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients, seed_standing

NAMES = {
    **{"ann": "Anna", "anton": "anton", "b-1": "ANNE", "b_1": "100%", "b.1": "An/na"},
    **{"c1": "", "c2": "ANN", "d9": "Mia"},
    **{f"e{n}": "Zoe" for n in range(7)},
}
LOCAL = {"d9": "mia.o'Hara_von-Miller+shop", "c1": "j.MILLER"}
"""What stands before the @ of an address, where it is not the id."""
PHASES = {"ann": Phase.DORMANT, "anton": Phase.ACTIVE, "c2": Phase.DORMANT, "e1": Phase.DORMANT, "e5": Phase.DORMANT}


@pytest.fixture
def shop(engine: Engine, policy: ShopPolicy) -> Engine:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *NAMES)
        for client_id, name in NAMES.items():
            of_client = update(clients).where(clients.c.client_id == client_id)
            address = f"{LOCAL.get(client_id, client_id)}@Shop.example"
            connection.execute(of_client.values(first_name=name, email=address))
        for client_id, phase in PHASES.items():
            seed_standing(connection, client_id, phase)
    return engine


def list_expected(text: str, phase: str) -> list[str]:
    asked = re.findall(r"[^\W_]+", text.lower())

    def begins(client_id: str) -> bool:
        values = (client_id, NAMES[client_id], f"{LOCAL.get(client_id, client_id)}@shop.example")
        words = re.split(r"[\s._+/'-]+", f"{NAMES[client_id]} {LOCAL.get(client_id, client_id)}".lower())
        by_words = asked and all(any(word.startswith(one) for word in words) for one in asked)
        return bool(by_words) or any(value.lower().startswith(text.lower()) for value in values)

    def stands(client_id: str) -> bool:
        return not phase or PHASES.get(client_id, NEW) == phase

    return sorted(client_id for client_id in NAMES if begins(client_id) and stands(client_id))


def count(connection: Connection, words: str, phase: str = "", most: int = 100, **by: Any) -> int | None:
    """Count whom a list finds, as its first page and a later one say."""
    first = find_clients(connection, words, phase, limit=1, most=most, **by)
    assert find_clients(connection, words, phase, "a", limit=1, most=most, **by).fitting == first.fitting
    return first.fitting


@pytest.mark.parametrize("phase", ["", NEW, "dormant", "active"])
def test_pages_together_are_all_whom_a_plain_look_finds(shop: Engine, phase: str) -> None:
    plain = ("", "an", "AN", "ann", "b_", "b-", "100%", "%", "_", "an/", "ann@shop", "zoe", "e", "nobody", "\\")
    of_words = ("miller", "hara", "Mill mia", "mia von", "iller", "na", "shop", "example", "' & zoe", "o'hara", "zoe:*")
    for words in (*plain, *of_words):
        found, after = list[str](), ""
        with read_transaction(shop) as connection:
            while True:
                page = find_clients(connection, words, phase, after, 3)
                assert len(page.rows) <= 3
                found += [row.client_id for row in page.rows]
                if page.after is None:
                    break
                after = page.after
            assert found == list_expected(words, phase), words
            assert count(connection, words, phase) == len(found), words
            assert count(connection, words, phase, most=1) == min(2, len(found))


def test_where_many_begin_so_words_are_not_looked_at(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.clients.lists.FEW", 6)
    with write_transaction(shop) as connection:
        connection.execute(update(clients).where(clients.c.client_id == "d9").values(first_name="Mia Zoe"))
    with read_transaction(shop) as connection:
        assert count(connection, "zoe") == 7
        assert "d9" not in [row.client_id for row in find_clients(connection, "zoe").rows]
        assert [row.client_id for row in find_clients(connection, "zoe", "dormant").rows] == ["e1", "e5"]
        assert [row.client_id for row in find_clients(connection, "zoe mia").rows] == ["d9"]


def test_whoever_may_see_no_names_finds_by_id_alone(shop: Engine) -> None:
    with read_transaction(shop) as connection:
        assert [row.client_id for row in find_clients(connection, "ann", by_id_alone=True).rows] == ["ann"]
        assert count(connection, "anna", by_id_alone=True) == 0


def test_a_segment_narrows_a_search(shop: Engine) -> None:
    within = (parse_text("phase = dormant"), NOW)
    with read_transaction(shop) as connection:
        found = find_clients(connection, "an", within=within)
        assert [row.client_id for row in found.rows] == ["ann", "c2"]
        assert count(connection, "an", within=within) == 2


@pytest.mark.parametrize("database", ["postgresql"])
def test_postgresql_plans_each_search_for_its_own_text(shop: Engine) -> None:
    kept = text(
        "SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%lower%'"
    )
    with shop.connect() as connection:
        for _ in range(15):  # prepared at the fifth time; after five more PostgreSQL may keep one plan for all
            with connection.begin():
                count(connection, "e", "dormant")
        custom, generic = connection.execute(kept).one()
    assert (custom > 5, generic) == (True, 0)


VALUES = {"ann": (3, 500), "anton": (1, 500), "e1": (2, 0), "e5": (2, 900), "b-1": (9, 20)}
"""Orders, and what was spent."""


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("column", list(ListColumn))
def test_sorted_pages_together_are_all_in_their_order(shop: Engine, column: ListColumn, falling: bool) -> None:
    with write_transaction(shop) as connection:
        for days, (client_id, (orders, spent)) in enumerate(VALUES.items()):
            sums = {"orders": orders, "orders_value_cents": spent, "last_order_at": NOW - timedelta(days=days % 3)}
            connection.execute(delete(engagement).where(engagement.c.client_id == client_id))
            connection.execute(insert(engagement).values(client_id=client_id, anchor_at=NOW, **sums))
        for days, client_id in enumerate(PHASES, -2):
            moments = {"score": float(days % 3), "next_touch_at": NOW + timedelta(days=days)}
            connection.execute(update(standings).where(standings.c.client_id == client_id).values(**moments))
    paged, after = list[ClientSummary](), ""
    while True:
        with read_transaction(shop) as connection:
            order, most = (ListOrder(column, falling), NOW), len(NAMES)
            page = find_clients(connection, after=after, limit=3, most=most, order=order)
            assert (page.fitting, page.is_sorted) == (len(NAMES), True)
        paged += page.rows
        if page.after is None:
            break
        after = page.after

    def value(row: ClientSummary) -> object:
        upcoming = row.next_touch_at if row.next_touch_at and row.next_touch_at > NOW else None
        phase = None if row.phase is None else list(Phase).index(row.phase)
        values: dict[str, object] = {"name": row.first_name.lower() or None, "phase": phase, "score": row.score}
        values |= {
            "orders": row.orders,
            "spent": row.orders_value_cents,
            "last-order": row.last_order_at,
            "next-mail": upcoming,
        }
        return values[column]

    assert sorted(row.client_id for row in paged) == sorted(NAMES)
    had = [row for row in paged if value(row) is not None]
    assert paged[: len(had)] == had, "who has nothing comes last"
    if column != ListColumn.NAME:  # each database has its own alphabet
        by_id = sorted(had, key=lambda row: row.client_id)
        assert had == sorted(by_id, key=value, reverse=falling)  # type: ignore[arg-type]
    elif falling:
        assert [value(row) for row in had][:7] == ["zoe"] * 7


def test_of_too_many_the_list_stays_in_the_order_of_ids(shop: Engine) -> None:
    by_name = (ListOrder(ListColumn.NAME), NOW)
    with read_transaction(shop) as connection:
        page = find_clients(connection, limit=5, most=14, order=by_name)
        assert (page.fitting, page.is_sorted) == (15, False)
        assert [row.client_id for row in page.rows] == sorted(NAMES)[:5]
        page = find_clients(connection, "nobody", most=13, order=by_name)
        assert (page.fitting, page.is_sorted, page.rows, page.after) == (0, True, [], None)


def test_of_those_known_to_be_too_many_nobody_is_counted_or_sorted(shop: Engine) -> None:
    with read_transaction(shop) as connection:
        order = (ListOrder(ListColumn.NAME), NOW)
        page = find_clients(connection, limit=5, most=20, known=21, order=order)
        assert (page.fitting, page.is_sorted, len(page.rows)) == (21, False, 5)
        page = find_clients(connection, limit=5, most=20, known=20, order=order)
        assert (page.fitting, page.is_sorted) == (15, True), "what is known may be of yesterday"
