"""How long a process waits for its database, so that a lock or a server that stands still takes nobody down with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Patience:
    """Real seconds; None: for ever.

    `lock_s`: for a lock that another transaction holds, or for SQLite's one writer. `statement_s`: for one statement,
    held by the server. `answer_s`: for any answer of the server; held here, since one that is frozen holds nothing.
    `pool_s`: for a free connection. `idle_s`: a transaction in which nothing is asked."""

    lock_s: float = 30.0
    statement_s: float | None = None
    answer_s: float | None = None
    pool_s: float = 30.0
    idle_s: float | None = None
    connect_s: float = 10.0

    @property
    def options(self) -> str:
        """The options of a connection to PostgreSQL."""
        limits = {
            "lock_timeout": self.lock_s,
            "statement_timeout": self.statement_s,
            "idle_in_transaction_session_timeout": self.idle_s,
        }
        return " ".join(f"-c {name}={limit * 1000:.0f}" for name, limit in limits.items() if limit)


COMMAND: Final = Patience()
"""A command or a migration: may take as long as it needs, but waits for no lock for ever."""
WORK: Final = Patience(lock_s=30.0, statement_s=900.0, answer_s=930.0)
"""A worker: activities are tried again."""
PAGES: Final = Patience(lock_s=5.0, statement_s=15.0, answer_s=20.0, pool_s=5.0, idle_s=60.0, connect_s=5.0)
"""A web process: somebody waits for the answer."""
OPT_OUT: Final = Patience(lock_s=10.0, statement_s=10.0, answer_s=15.0, pool_s=10.0, idle_s=60.0, connect_s=5.0)
"""Opt-outs: worth waiting for longer."""
PROBE: Final = Patience(lock_s=2.0, statement_s=2.0, answer_s=2.0, pool_s=2.0, idle_s=10.0, connect_s=2.0)
"""Health: no answer soon is an answer."""
