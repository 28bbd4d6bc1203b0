"""The list of clients finds, page after page, exactly those whom a plain look at all finds, on both databases."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, text, update

from domain.segments.text import parse_text
from models.states import Phase
from store.clients.lists import NEW, count_clients, find_clients
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import clients
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
            assert count_clients(connection, words, phase) == len(found), words
            assert count_clients(connection, words, phase, 2) == min(2, len(found))


def test_where_many_begin_so_words_are_not_looked_at(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.clients.lists.FEW", 6)
    with write_transaction(shop) as connection:
        connection.execute(update(clients).where(clients.c.client_id == "d9").values(first_name="Mia Zoe"))
    with read_transaction(shop) as connection:
        assert count_clients(connection, "zoe") == 7
        assert "d9" not in [row.client_id for row in find_clients(connection, "zoe").rows]
        assert [row.client_id for row in find_clients(connection, "zoe", "dormant").rows] == ["e1", "e5"]
        assert [row.client_id for row in find_clients(connection, "zoe mia").rows] == ["d9"]


def test_whoever_may_see_no_names_finds_by_id_alone(shop: Engine) -> None:
    with read_transaction(shop) as connection:
        assert [row.client_id for row in find_clients(connection, "ann", by_id_alone=True).rows] == ["ann"]
        assert count_clients(connection, "anna", by_id_alone=True) == 0


def test_a_segment_narrows_a_search(shop: Engine) -> None:
    within = (parse_text("phase = dormant"), NOW)
    with read_transaction(shop) as connection:
        found = find_clients(connection, "an", within=within)
        assert [row.client_id for row in found.rows] == ["ann", "c2"]
        assert count_clients(connection, "an", within=within) == 2


@pytest.mark.parametrize("database", ["postgresql"])
def test_postgresql_plans_each_search_for_its_own_text(shop: Engine) -> None:
    kept = text(
        "SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%lower%'"
    )
    with shop.connect() as connection:
        for _ in range(15):  # prepared at the fifth time; after five more PostgreSQL may keep one plan for all
            with connection.begin():
                count_clients(connection, "e", "dormant")
        custom, generic = connection.execute(kept).one()
    assert (custom > 5, generic) == (True, 0)
