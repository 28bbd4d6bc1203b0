"""A copy of a shop says of every table whether it is copied."""

from __future__ import annotations

from store.copies import LEFT_OUT, OF_CLIENTS, OF_SHOP
from store.tables import metadata


def test_every_table_is_copied_or_left_out_with_a_reason() -> None:
    named = [*OF_SHOP, *OF_CLIENTS, *LEFT_OUT]
    assert len(named) == len(set(named))
    assert {table.name for table in named} == set(metadata.tables)
    assert all(LEFT_OUT.values())


def test_what_is_copied_by_client_has_one() -> None:
    assert [table.name for table in OF_CLIENTS if "client_id" not in table.c] == []
