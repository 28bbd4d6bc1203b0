"""The store's fixtures: a database of each kind, with our tables."""

from __future__ import annotations

from tests.store.conftest import database, empty_engine, engine, policy

__all__ = ["database", "empty_engine", "engine", "policy"]
