"""Alembic's entry: works on the connection that `store.migrate` hands over, in that connection's transaction."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from store.sql.types import Json, UtcTime
from store.tables import metadata


def render(kind: str, item: Any, autogen: Any) -> str | Literal[False]:
    """Render our own column types by their names, as the tables write them."""
    if kind != "type" or not (isinstance(item, UtcTime) or item is Json):
        return False
    autogen.imports.add("from store.sql.types import Json, UtcTime")
    return "Json" if item is Json else "UtcTime()"


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    render_item=render,
    render_as_batch=True,  # SQLite changes a column only by making its table anew
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
