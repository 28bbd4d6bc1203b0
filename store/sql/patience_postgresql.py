"""A connection to PostgreSQL that gives up on a server that stands still, such as one on a frozen machine."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any, Final, TypeVar

import psycopg

from store.sql.patience import Patience

Result = TypeVar("Result")
LOOK_EVERY_S: Final = 0.1


class PatientConnection(psycopg.Connection[Any]):
    """A connection that gives up, and closes, when the server does not answer within `answer_s`."""

    answer_s: float | None = None

    def wait(self, gen: Any, interval: float = LOOK_EVERY_S, timeout: float | None = None) -> Any:
        """Wait for the server. Raises OperationalError when it takes too long."""
        more = {} if timeout is None else {"timeout": timeout}  # older drivers know none
        limited = gen if self.answer_s is None else _limit_wait(gen, self, time.monotonic() + self.answer_s)
        return super().wait(limited, interval, **more)


def _limit_wait(
    gen: Generator[Any, Any, Result], connection: PatientConnection, until: float
) -> Generator[Any, Any, Result]:
    """Pass on what the driver waits for, and end it after `until`: the driver looks up every LOOK_EVERY_S."""
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if not ready and time.monotonic() > until:
                connection.pgconn.finish()  # what it may still answer belongs to nobody
                raise psycopg.OperationalError(f"no answer within {connection.answer_s:g} s")
            wanted = gen.send(ready)
    except StopIteration as done:
        result: Result = done.value
        return result


def connect_patiently(patience: Patience, arguments: Any, parameters: dict[str, Any]) -> PatientConnection:
    """Connect to PostgreSQL with these limits."""
    own = f"{parameters.get('options', '')} {patience.options}".strip()
    limits = {"options": own, "connect_timeout": max(2, round(patience.connect_s))}
    connection = PatientConnection.connect(*arguments, **{**parameters, **limits})
    connection.answer_s = patience.answer_s
    return connection
