"""What operators see of the running system."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.model_call import ModelUsage, SpendLimit


@dataclass(frozen=True, slots=True)
class QueueState:
    """A task queue of Temporal. `backlog`: tasks that wait for a worker; `asked_at`: when a worker last asked for one,
    real time; None: none has within the five minutes that Temporal remembers."""

    name: str
    workers: int
    asked_at: datetime | None
    backlog: int
    backlog_age_s: float


@dataclass(frozen=True, slots=True)
class OutboxState:
    """What waits to be told to workflows, by lane, and since when the oldest that is due does, real time."""

    steering: int
    fresh: int
    bulk: int
    held: int
    """Imported clients who wait until the shop says go."""
    oldest_due: datetime | None


@dataclass(frozen=True, slots=True)
class SpendState:
    """What language models have cost today, in the shop's zone, and what they may cost."""

    today: ModelUsage
    day: SpendLimit
    failure: str
    """The code with which all of the latest calls failed; empty: they did not."""


@dataclass(frozen=True, slots=True)
class StorageState:
    """Where the shop is stored. `bytes`: of the database; `backed_up_at`: real time."""

    database: str
    revision: str
    bytes: int
    free_bytes: int
    """On the disk of SELVEDGE_HOME."""
    backed_up_at: datetime | None
    backup_fault: str


@dataclass(frozen=True, slots=True)
class SystemState:
    """All that the database and the disk tell of the system; `missing`: workflows that should run and do not."""

    outbox: OutboxState
    storage: StorageState
    spend: SpendState | None
    """None: no language model is set."""
    missing: int
    mail_outage: str
    """Why no mail can be handed over; empty while the server works."""
    stock_at: datetime | None = None
    """Real time at which the shop last sent a count or a change of stock; None: that is not known."""
    oldest_stock_at: datetime | None = None
    """The same of what is on hand and was counted longest ago."""
