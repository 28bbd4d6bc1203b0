"""The metadata that all tables share, and the column of an opaque id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, MetaData, String

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def build_id_column(name: str, **options: Any) -> Column[str]:
    """Build a column that holds an opaque id."""
    return Column(name, String(64), **options)
