"""What is wrong now, in a sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from models.notices import Fault
from services.alarms.click_drop import measure_click_drop
from services.alarms.expiries import find_key_end
from services.backups.age import find_backup_fault
from services.context import ServiceContext
from services.mailing.mail_server import describe_outage
from store.catalogue.stock_age import find_stock_age
from store.database import read_transaction
from store.events import outbox
from store.events.workflows import count_lost
from store.learning.refreshes import list_latest

LONGEST_WAIT: Final = timedelta(minutes=15)
OLDEST_REFRESH: Final = timedelta(hours=36)
CERTIFICATE_DAYS: Final = timedelta(days=14)
KEY_DAYS: Final = timedelta(days=7)
OLDEST_STOCK: Final = timedelta(hours=26)
BEYOND: Final = 3.0
"""Standard errors by which clicks must have dropped. All of these are those of deploy/prometheus/alerts.yml."""


def find_faults(context: ServiceContext, certificates: Mapping[str, datetime]) -> dict[Fault, str]:
    """Find what is wrong; `certificates`: when each ends. Whatever names a person stays out."""
    settings, real_now, found = context.settings, context.wall(), list[tuple[Fault, str]]()
    with read_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, real_now)
        found.append((Fault.MAIL_SERVER, describe_outage(connection, settings)))
        if lost := count_lost(connection):
            found.append((Fault.WORKFLOWS, f"{lost:,} workflows that should run do not; run `selvedge reconcile`"))
        oldest = outbox.find_oldest_due(connection, real_now)
        if oldest and real_now - oldest > LONGEST_WAIT:
            found.append((Fault.OUTBOX, f"a nudge has waited since {oldest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"))
        latest = list_latest(connection, done=True)
        if latest and latest[0].until and now - latest[0].until > OLDEST_REFRESH:
            found.append((Fault.REFRESH, f"no nightly training has ended since {latest[0].until:%Y-%m-%d %H:%M} UTC"))
        if latest and (drifted := [item.feature for item in latest[0].drift if item.alarm]):
            found.append((Fault.DRIFT, f"what models read has drifted: {', '.join(drifted)}"))
        if measure_click_drop(connection, now) > BEYOND:
            found.append((Fault.CLICKS, "mails of the last week are clicked less than those of the four weeks before"))
        counted = find_stock_age(connection).latest
        if counted and real_now - counted > OLDEST_STOCK:
            found.append((Fault.STOCK, f"no stock has come since {counted.astimezone(UTC):%Y-%m-%d %H:%M} UTC"))
    found.append((Fault.BACKUP, find_backup_fault(settings, real_now)))
    ending = [f"{name} on {end:%Y-%m-%d}" for name, end in certificates.items() if end - real_now < CERTIFICATE_DAYS]
    if ending:
        found.append((Fault.CERTIFICATE, f"certificates end: {', '.join(sorted(ending))}"))
    if (end := find_key_end(context, real_now)) and end - real_now < KEY_DAYS:
        found.append((Fault.KEY, f"an API key expires on {end:%Y-%m-%d}; `selvedge keys list` says which"))
    return {fault: sentence for fault, sentence in found if sentence}
