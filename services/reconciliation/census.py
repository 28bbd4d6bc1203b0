"""Compare which workflows should run by the store with those that do."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from models.base import CampaignSlug, ClientId
from models.fixes import FixId
from store.database import write_transaction
from store.events import workflows
from store.events.workflows import UnsettledMail


@dataclass(frozen=True)
class MissingWorkflows:
    """What should run and does not. `overdue`: clients whose workflow runs, but who should have been looked at, or whom
    a clock that was ahead has moved into the future."""

    clients: list[ClientId] = field(default_factory=list)
    campaigns: list[CampaignSlug] = field(default_factory=list)
    fixes: list[tuple[FixId, ClientId]] = field(default_factory=list)
    erasures: list[ClientId] = field(default_factory=list)
    mails: list[UnsettledMail] = field(default_factory=list)
    overdue: list[ClientId] = field(default_factory=list)

    def count(self) -> dict[str, int]:
        """Count each kind."""
        return {name: len(value) for name, value in vars(self).items()}


def find_missing(connection: Connection, running: Collection[str], now: datetime) -> MissingWorkflows:
    """Find what is not among the `running` workflow ids and should be, at business `now`."""
    clients = [c for c in workflows.list_expected_clients(connection) if f"client:{c}" not in running]
    gone = set(clients)
    return MissingWorkflows(
        clients=clients,
        campaigns=[c for c in workflows.list_expected_campaigns(connection) if f"campaign:{c}" not in running],
        fixes=[pair for pair in workflows.list_expected_fixes(connection) if f"fix:{pair[0]}" not in running],
        erasures=[c for c in workflows.list_expected_erasures(connection) if f"erasure:{c}" not in running],
        mails=[
            mail
            for mail in workflows.list_expected_mails(connection)
            if f"outreach:{mail.client_id}:{mail.n}" not in running
        ],
        overdue=[c for c in workflows.list_misplaced_clients(connection, now) if c not in gone],
    )


def note_lost(engine: Engine, running: Collection[str], now: datetime, real_now: datetime) -> int:
    """Note which clients, campaigns and erasures have no workflow, forget those that run again, and return how many
    have none. Mails and Fixes follow their clients."""
    with write_transaction(engine) as connection:
        missing = find_missing(connection, running, now)
        lost: dict[str, ClientId | None] = {f"client:{client}": client for client in missing.clients}
        lost |= {f"campaign:{slug}": None for slug in missing.campaigns}
        lost |= {f"erasure:{client}": client for client in missing.erasures}
        known = {row.workflow_id for row in workflows.list_lost(connection)}
        workflows.forget_lost(connection, known - set(lost))
        workflows.save_lost(connection, lost.items(), "gone", real_now)
    return len(lost)
