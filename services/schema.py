"""Bring a database up to date: its tables, and what rows of older versions lack; and see that its keys are in force."""

from __future__ import annotations

from sqlalchemy import Engine

from services.backups.unfinished import refuse_unfinished
from services.key_fingerprints import require_known_keys
from settings import Settings
from store.mail.mailbox_fill import fill_mailboxes
from store.mail.policy import ShopPolicy
from store.migrate import upgrade


def bring_up_to_date(engine: Engine, settings: Settings) -> bool:
    """Bring the schema up to date and compute what older versions did not keep; return whether the schema changed.

    Every process that serves or works calls this when it starts. Raises what `store.migrate.upgrade` raises, and
    ConfigError where the keys in force are not those of this database, or a restore was cut short.
    """
    refuse_unfinished(settings)
    return complete_schema(engine, settings)


def complete_schema(engine: Engine, settings: Settings) -> bool:
    """Do the same within a restore."""
    changed = upgrade(engine)
    require_known_keys(engine, settings)
    fill_mailboxes(engine, ShopPolicy.from_settings(settings))
    return changed
