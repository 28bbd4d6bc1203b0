"""The words that a campaign may name: tags of clients, categories of items."""

from __future__ import annotations

from sqlalchemy import Connection, select

from store.tables import clients, items


def list_tags(connection: Connection) -> frozenset[str]:
    """List the tags that clients carry."""
    rows = connection.scalars(select(clients.c.tags).where(clients.c.tags.is_not(None)).distinct())
    return frozenset(tag for tags in rows for tag in tags or ())


def list_categories(connection: Connection) -> frozenset[str]:
    """List the categories of items that are not retired."""
    return frozenset(connection.scalars(select(items.c.category).where(items.c.retired_at.is_(None)).distinct()))
