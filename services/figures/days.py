"""Count the days that are over, each once it has ended, and the last ones anew: returns, clicks and orders still come
in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from domain.key_figures import compute_value_at_risk
from models.figures import Tally
from models.states import Phase
from store.clients.lists import count_clients_by_phase
from store.database import read_transaction, write_transaction
from store.figures.counting import count_clients, count_span, stream_risks
from store.figures.tallies import find_last_counted, save_tallies

AGAIN: Final = 10
"""Days that are counted anew: a week for what follows a mail, and some for events that come late."""
FARTHEST: Final = 400
"""Days back that the first pass counts."""


_PHASES: Final = {
    Phase.ACTIVE: Tally.IN_ACTIVE,
    Phase.COOLING: Tally.IN_COOLING,
    Phase.AT_RISK: Tally.IN_AT_RISK,
    Phase.LAPSED: Tally.IN_LAPSED,
    Phase.DORMANT: Tally.IN_DORMANT,
}


def count_due_days(engine: Engine, now: datetime) -> int:
    """Count the days that have ended since the last pass, as `count_days` does; none while no day has."""
    with read_transaction(engine) as connection:
        last = find_last_counted(connection)
    yesterday = now.astimezone(UTC).date() - timedelta(days=1)
    return count_days(engine, now) if last is None or last < yesterday else 0


def count_days(engine: Engine, now: datetime) -> int:
    """Count each day that is over at business `now` and not settled, and return how many these were.

    Each day is one transaction, so a pass that dies is taken up where it stopped.
    """
    today, days = now.astimezone(UTC).date(), 0
    for day in _list_days(engine, today):
        with write_transaction(engine) as connection:
            tallies = count_day(connection, day)
            if day == today - timedelta(days=1):
                tallies |= count_standing(connection)
            save_tallies(connection, day, tallies)
        days += 1
    return days


def count_day(connection: Connection, day: date, until: datetime | None = None) -> dict[Tally, int]:
    """Count one day, or what there was of it before `until`."""
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    return count_span(connection, begin, min(end, until) if until else end)


def count_standing(connection: Connection) -> dict[Tally, int]:
    """Count what only stands now: how many clients there are, and the revenue at risk."""
    at_risk, judged = 0.0, 0
    for risk, orders, value_cents in stream_risks(connection):
        judged += 1
        expected = risk.expected_value_cents
        if expected is None:
            expected = round(risk.expected_orders * value_cents / orders) if orders else 0
        at_risk += compute_value_at_risk(risk.p_alive, expected * 90 / risk.horizon_days)
    phases = count_clients_by_phase(connection)
    standing = {tally: phases.get(phase, 0) for phase, tally in _PHASES.items()}
    standing[Tally.CLIENTS] = count_clients(connection)
    return standing | ({Tally.AT_RISK: round(at_risk)} if judged else {})


def _list_days(engine: Engine, today: date) -> Iterator[date]:
    with read_transaction(engine) as connection:
        last = find_last_counted(connection)
    first = today - timedelta(days=FARTHEST) if last is None else last - timedelta(days=AGAIN)
    return (first + timedelta(days=n) for n in range((today - first).days))
