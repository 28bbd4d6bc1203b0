"""The state of the system, as the database and the disk tell it."""

from __future__ import annotations

import shutil
from datetime import datetime

from sqlalchemy import Connection, Engine

from domain.timing import load_zone
from models.system import OutboxState, SpendState, StorageState, SystemState
from services.backups.age import find_backup_fault
from services.backups.creation import list_backups
from services.mailing.mail_server import describe_outage
from services.mailing.model_budget import build_spend_limits
from settings import Settings
from store.catalogue.stock_age import find_stock_age
from store.database import measure_bytes, read_transaction
from store.events import outbox
from store.events.outbox import Lane
from store.events.workflows import count_lost
from store.mail import model_calls
from store.migrate import load_version


def load_system_state(engine: Engine, settings: Settings, now: datetime, real_now: datetime) -> SystemState:
    """Load the state at `now`, business time. Raises Unavailable while the database does not answer."""
    with read_transaction(engine) as connection:
        stock = find_stock_age(connection)
        return SystemState(
            outbox=_load_outbox(connection, real_now),
            storage=_load_storage(connection, settings, real_now),
            spend=_load_spend(connection, settings, now) if settings.composer == "model" else None,
            missing=count_lost(connection),
            mail_outage=describe_outage(connection, settings) if settings.smtp_url else "",
            stock_at=stock.latest,
            oldest_stock_at=stock.oldest,
        )


def _load_outbox(connection: Connection, real_now: datetime) -> OutboxState:
    waiting = outbox.count_by_lane(connection)
    return OutboxState(
        steering=waiting.get(Lane.STEERING, 0),
        fresh=waiting.get(Lane.FRESH, 0),
        bulk=waiting.get(Lane.BULK, 0),
        held=outbox.count_held_clients(connection),
        oldest_due=outbox.find_oldest_due(connection, real_now),
    )


def _load_storage(connection: Connection, settings: Settings, real_now: datetime) -> StorageState:
    newest = next(iter(list_backups(settings.backup_folder)), None) if settings.backup_folder else None
    return StorageState(
        database="PostgreSQL" if connection.dialect.name == "postgresql" else "SQLite",
        revision=load_version(connection) or "",
        bytes=measure_bytes(connection),
        free_bytes=shutil.disk_usage(settings.home).free,
        backed_up_at=newest.taken_at if newest else None,
        backup_fault=find_backup_fault(settings, real_now),
    )


def _load_spend(connection: Connection, settings: Settings, now: datetime) -> SpendState:
    day = f"{now.astimezone(load_zone(settings.shop_time_zone)):%Y-%m-%d}"
    return SpendState(
        today=model_calls.load_spend(connection, "day", day),
        day=build_spend_limits(settings).day,
        failure=model_calls.find_repeated_failure(connection),
    )
