"""Statistics kept event by event are those of a recount from all events, however the events arrived."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert, select

from domain.engagement import EVENT_WEIGHT, EngagementRules, compute_score, compute_strength
from domain.orders import SeenEvent
from store.clients.histories import load_histories, replay_histories
from store.clients.statistics import EventArrival, absorb_events, recount_statistics
from store.database import read_transaction, write_transaction
from store.events.rows import COLUMNS
from store.tables import clients, engagement, events
from tests.store.conftest import NOW

RULES = EngagementRules()
LATEST = int(NOW.timestamp()) * 1_000_000
MINUTE = 60_000_000
ITEMS = [None, "i1", "i2"]
fresh = count()

# Few moments, items and orders, so that lines meet and visits repeat.
moments = st.integers(0, 7).map(lambda step: LATEST - step * 13 * MINUTE) | st.integers(0, 3).map(
    lambda step: LATEST - step * 40 * 1440 * MINUTE
)
happenings: st.SearchStrategy[list[dict[str, Any]]] = st.lists(
    st.builds(
        dict,
        client=st.sampled_from(["ann", "bob"]),
        kind=st.sampled_from(["order_placed", "order_placed", "order_returned", "item_viewed", "email_clicked"]),
        at=moments,
        item_id=st.sampled_from(ITEMS),
        quantity=st.integers(1, 3),
        cents=st.sampled_from([None, 0, 1_000, 2_999]),
        order_id=st.sampled_from(["", "A", "B"]),
        by_machine=st.booleans(),
    ),
    min_size=1,
    max_size=14,
)


def store_and_absorb(connection: Connection, arrivals: list[EventArrival]) -> None:
    for client_id, event, was in arrivals:
        data = {"order_id": event.order_id} if event.order_id else {"machine": True} if event.by_machine else None
        values = (event.event_id, client_id, event.kind, NOW, event.item_id, event.quantity, event.cents, data)
        row = dict(zip(COLUMNS, values, strict=True)) | {"occurred_at": NOW - timedelta(microseconds=LATEST - event.at)}
        if was is None:
            connection.execute(insert(events), row)
        else:
            connection.execute(events.update().where(events.c.event_id == event.event_id).values(data=data))
    absorb_events(connection, RULES, arrivals)


def build_arrivals(happened: list[dict[str, Any]], run: int) -> list[EventArrival]:
    arrivals = []
    for n, one in enumerate(happened):
        values = dict(one)
        client_id = f"{values.pop('client')}{run}"
        values["by_machine"] &= values["kind"] == "email_clicked"
        values["order_id"] = values["order_id"] if values["kind"].startswith("order_") else ""
        arrivals.append(EventArrival(client_id, SeenEvent(event_id=f"{run}-{n}", **values)))
    return arrivals


def describe(connection: Connection, statistics: Any) -> dict[str, tuple[Any, ...]]:
    ids, stats = statistics
    scores = _score(stats)
    columns = (scores, stats.orders, stats.value, stats.first_order, stats.last_order)
    return {
        key: tuple(float(column[i]) for column in columns)
        for i, key in enumerate(ids)
        if stats.anchor[i] == stats.anchor[i]
    }


def _score(stats: Any) -> Any:
    strength = compute_strength(RULES, stats.anchor, stats.frequency, stats.monetary, stats.last_order)
    return compute_score(RULES, stats.anchor, strength, NOW.timestamp())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=happenings, order=st.randoms(use_true_random=False), parts=st.integers(1, 5), turn=st.booleans())
def test_any_arrival_gives_the_state_of_a_recount(
    engine: Engine, happened: list[dict[str, Any]], order: Any, parts: int, turn: bool
) -> None:
    """Lines of an order apart, late and in any order; returns before their order; clicks that turn out a machine's."""
    arrivals = build_arrivals(happened, next(fresh))
    order.shuffle(arrivals)
    clicks = [one for one in arrivals if one.event.kind == "email_clicked"] if turn else []
    with write_transaction(engine) as connection:
        connection.execute(events.delete())
        connection.execute(engagement.delete())
        connection.execute(clients.delete())
        for client_id in sorted({arrival.client_id for arrival in arrivals}):
            row = {"client_id": client_id, "email": "a@example.com", "time_zone": "UTC", "signed_up_at": NOW}
            connection.execute(insert(clients), row)
        for part in range(parts):
            if chosen := arrivals[part::parts]:
                store_and_absorb(connection, chosen)
        for client_id, event, _ in clicks:
            turned = event._replace(by_machine=not event.by_machine)
            store_and_absorb(connection, [EventArrival(client_id, turned, event)])
        kept = describe(connection, load_histories(connection, NOW))
        connection.execute(engagement.update().values(frequency=9, orders=9))
    recount_statistics(engine, RULES)
    with read_transaction(engine) as connection:
        recounted = describe(connection, load_histories(connection, NOW))
        anew = describe(connection, replay_histories(connection, RULES, NOW))
    for client_id, values in anew.items():
        assert kept[client_id] == pytest.approx(values, rel=1e-9, abs=1e-9, nan_ok=True)
        assert recounted[client_id] == pytest.approx(values, rel=1e-9, abs=1e-9, nan_ok=True)
    assert all(values[0] == pytest.approx(0, abs=1e-9) for key, values in kept.items() if key not in anew)


def test_scores_are_those_of_the_domain(engine: Engine) -> None:
    order = SeenEvent("e1", "order_placed", LATEST - 45 * 1440 * MINUTE, cents=5_000)
    with write_transaction(engine) as connection:
        statistics = absorb_events(connection, RULES, [EventArrival("ann", order)])
        stored = connection.execute(select(engagement)).one()
    # One order of the scale's value, one half-life ago: a = (1 + .5 + .3 ln 2) / 2.
    a = (1 + 0.5 + 0.3 * 0.6931471805599453) / 2
    assert statistics.compute_scores(RULES, NOW).tolist() == pytest.approx([100 * a / (1 + a)])
    assert (stored.orders, stored.orders_value_cents, stored.last_order_at) == (1, 5_000, NOW - timedelta(days=45))


@pytest.mark.parametrize("second", [-5, -29, -31, 5], ids=["same", "first", "before", "after"])
def test_a_visit_before_1970_is_told_from_its_neighbours(engine: Engine, second: int) -> None:
    with write_transaction(engine) as connection:
        for event_id, minute in [("e1", second), ("e2", -10)]:
            store_and_absorb(
                connection, [EventArrival("ann", SeenEvent(event_id, "item_viewed", minute * MINUTE, "i1"))]
            )
        kept = connection.scalar(select(engagement.c.frequency))
    recount = 1 if -30 <= second < 0 else 2
    assert kept == pytest.approx(recount * EVENT_WEIGHT["item_viewed"], rel=1e-3)
