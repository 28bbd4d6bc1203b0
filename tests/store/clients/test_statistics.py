"""Statistics kept by the batch are those of the domain, one event at a time, in any order and any split."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from domain.engagement import EVENT_WEIGHT, Engagement, EngagementRules
from store.clients.statistics import EngagementEvent, absorb_events
from store.database import write_transaction
from store.sql.types import to_micros
from store.tables import engagement
from tests.store.conftest import NOW

RULES = EngagementRules()
fresh = count()

happenings = st.lists(
    st.tuples(
        st.sampled_from(["ann", "bob", "cleo"]),
        st.sampled_from(sorted(EVENT_WEIGHT)),
        st.integers(-400 * 86_400_000_000, 0),  # microseconds before now
        st.integers(0, 500_000),
    ),
    min_size=1,
    max_size=25,
)


def load_stored(connection: Connection, client_id: str) -> Engagement:
    row = connection.execute(select(engagement).where(engagement.c.client_id == client_id)).one_or_none()
    if row is None:
        return Engagement()
    return Engagement(
        anchor_at=row.anchor_at, frequency=row.frequency, monetary=row.monetary, last_order_at=row.last_order_at
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(happened=happenings, cut=st.integers(0, 25))
def test_a_batch_equals_one_at_a_time(engine: Engine, happened: list[tuple[str, str, int, int]], cut: int) -> None:
    run = next(fresh)
    rows = [(f"{who}{run}", kind, NOW + timedelta(microseconds=ago), cents) for who, kind, ago, cents in happened]
    expected: dict[str, Engagement] = {}
    for who, kind, at, cents in rows:
        expected[who] = expected.get(who, Engagement()).add_event(RULES, kind, at, cents)
    with write_transaction(engine) as connection:
        for part in (rows[:cut], rows[cut:]):
            absorb_events(
                connection, RULES, [EngagementEvent(who, kind, to_micros(at), cents) for who, kind, at, cents in part]
            )
        for who, one in expected.items():
            values = load_stored(connection, who)
            assert (values.anchor_at, values.last_order_at) == (one.anchor_at, one.last_order_at)
            assert values.frequency == pytest.approx(one.frequency, rel=1e-9, abs=1e-12)
            assert values.monetary == pytest.approx(one.monetary, rel=1e-9, abs=1e-12)


def test_scores_are_those_of_the_domain(engine: Engine) -> None:
    counted = [EngagementEvent("ann", "order_placed", to_micros(NOW - timedelta(days=45)), 5_000)]
    with write_transaction(engine) as connection:
        statistics = absorb_events(connection, RULES, counted)
    # One order of the scale's value, one half-life ago: a = (1 + .5 + .3 ln 2) / 2.
    a = (1 + 0.5 + 0.3 * 0.6931471805599453) / 2
    assert statistics.compute_scores(RULES, NOW).tolist() == pytest.approx([100 * a / (1 + a)])
