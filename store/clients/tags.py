"""The tags that clients carry."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from models.events import Label
from store.tables import clients


def list_tags(connection: Connection) -> list[Label]:
    """List every tag that somebody carries, in their order."""
    tags = clients.c.tags
    if connection.dialect.name == "postgresql":
        carried = func.jsonb_array_elements_text(tags).table_valued("value", name="carried")
    else:
        carried = func.json_each(tags).table_valued("value", name="carried")
    query = select(carried.c.value).select_from(clients).join(carried, clients.c.client_id != "").distinct()
    return sorted(str(tag) for tag in connection.scalars(query.where(tags.is_not(None))))
