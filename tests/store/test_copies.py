"""A copy of a shop says of every table whether it is copied."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, create_engine, select

from models.campaign import CampaignSpec
from store import copies
from store.copies import LEFT_OUT, OF_CLIENTS, OF_SHOP
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.tables import clients, metadata
from tests.store.conftest import NOW
from tests.store.seeds import seed_clients


def test_every_table_is_copied_or_left_out_with_a_reason() -> None:
    named = [*OF_SHOP, *OF_CLIENTS, *LEFT_OUT]
    assert len(named) == len(set(named))
    assert {table.name for table in named} == set(metadata.tables)
    assert all(LEFT_OUT.values())


def test_what_is_copied_by_client_has_one() -> None:
    assert [table.name for table in OF_CLIENTS if "client_id" not in table.c] == []


def test_the_same_are_drawn_and_copied_however_many_are_read_at_once(
    engine: Engine, policy: ShopPolicy, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = CampaignSpec(slug="spring", name="Spring")
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *(f"c{number:02}" for number in range(20)))
    with read_transaction(engine) as connection:
        drawn, held = copies.draw_clients(connection, spec, 7, 1, NOW)
        monkeypatch.setattr(copies, "PAGE", 3)
        monkeypatch.setattr(copies, "ROWS", 2)
        assert copies.draw_clients(connection, spec, 7, 1, NOW) == (drawn, held)
        assert copies.draw_clients(connection, spec, 7, 2, NOW) != (drawn, held)
        target = create_engine("sqlite://")
        metadata.create_all(target)
        with target.begin() as copy:
            copies.copy_shop(connection, copy, drawn)
            copied = list(copy.scalars(select(clients.c.client_id).order_by(clients.c.client_id)))
    assert (len(drawn), held, copied) == (7, 20, drawn)
