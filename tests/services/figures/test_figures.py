"""The key figures against a plain recount, over days that are kept and the one that is not over."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, insert, select, update

from domain.key_figures import compute_value_at_risk
from models.figures import Kpi, Tally
from models.fixes import FixWish, ItemState
from models.states import OutreachState, Phase
from services.figures.at_risk import count_largest_stakes, list_at_risk
from services.figures.days import AGAIN, count_days, count_due_days
from services.figures.report import count_unsettled, format_report, load_report
from store import tables as t
from store.database import read_transaction, write_transaction
from store.figures.tallies import save_tallies
from store.fixes.fixes import save_request
from tests.store.conftest import NOW
from tests.store.seeds import seed_standing

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
PEOPLE = 12


FIX_ITEM: dict[str, Any] = {"price_cents": 1, "score": 1.0, "updated_at": NOW}


def build_event(key: str, who: str, kind: str, at: datetime, data: Any = None, cents: int | None = None) -> Any:
    own = {"event_id": key, "client_id": who, "type": kind, "occurred_at": at}
    return own | {"data": data, "value_cents": cents}


class Story:
    """Some weeks of a shop, drawn at random, as plain lists."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        moments = [NOW - timedelta(minutes=rng.randint(1, 60 * 24 * 50)) for _ in range(400)]
        self.orders = [
            (f"c{rng.randrange(PEOPLE)}", f"o{n // 2}", at, rng.randint(1, 9) * 100)
            for n, at in enumerate(moments[:140])
        ]
        self.returns = [(f"c{rng.randrange(PEOPLE)}", at, rng.randint(1, 5) * 100) for at in moments[140:160]]
        states = (OutreachState.SENT, OutreachState.SENT, OutreachState.BOUNCED)
        self.mails = [(f"c{n % PEOPLE}", n, at, rng.choice(states)) for n, at in enumerate(moments[160:240])]
        self.clicks = [(rng.randrange(80), at, rng.random() < 0.3) for at in moments[240:340]]
        self.opens = [(rng.randrange(80), at, rng.random() < 0.5) for at in moments[200:300]]
        self.carts = [(f"c{rng.randrange(PEOPLE)}", at) for at in moments[:60] + moments[250:310]]
        self.pieces = [(n, at, rng.random() < 0.6) for n, at in enumerate(moments[340:])]
        self.signed_up = {f"c{n}": NOW - timedelta(days=rng.randint(20, 60)) for n in range(PEOPLE)}

    def save(self, engine: Engine) -> None:
        with write_transaction(engine) as connection:
            for table, rows in self._list_rows():
                connection.execute(insert(table), list(rows))
            fix_id = save_request(connection, "c0", FixWish(), NOW, due=NOW)
            pieces = [FIX_ITEM | {"fix_id": fix_id} | row for row in self._list_pieces()]
            connection.execute(insert(t.fix_items), pieces)

    def _list_rows(self) -> Iterable[tuple[Any, Iterable[dict[str, Any]]]]:
        for who, at in self.signed_up.items():
            yield t.clients, [{"client_id": who, "email": f"{who}@x.example", "signed_up_at": at, "time_zone": "UTC"}]
        for n, (who, order, at, cents) in enumerate(self.orders):
            yield t.events, [build_event(f"e{n}", who, "order_placed", at, {"order_id": order}, cents)]
        for n, (who, at, cents) in enumerate(self.returns):
            yield t.events, [build_event(f"r{n}", who, "order_returned", at, None, cents)]
        for n, (who, at) in enumerate(self.carts):
            yield t.events, [build_event(f"b{n}", who, "added_to_cart", at)]
        for n, (number, at, machine) in enumerate(self.clicks):
            data = {"outreach": f"c.{number}", "machine": machine}
            yield t.events, [build_event(f"k{n}", "c1", "email_clicked", at, data)]
        for n, (number, at, machine) in enumerate(self.opens):
            data = {"outreach": f"c.{number}", "machine": machine}
            yield t.events, [build_event(f"p{n}", "c1", "email_opened", at, data)]
        yield t.engagement, ({"client_id": who, "first_order_at": at} for who, at in self.first_orders().items())
        mail = {"kind": "welcome", "assessment_id": "a", "score": 1.0, "phase": "active"}
        mail |= {"created_at": NOW, "updated_at": NOW}
        for who, n, at, state in self.mails:
            own = {"client_id": who, "n": n + 1, "reason_key": f"k{n}", "state": state, "sent_at": at}
            yield t.outreaches, [mail | own]

    def _list_pieces(self) -> Iterable[dict[str, Any]]:
        for n, at, kept in self.pieces:
            state = ItemState.KEPT if kept else ItemState.RETURNED
            yield {"sku": f"s{n}", "item_id": f"i{n}", "feedback_at": at, "state": state}

    def first_orders(self) -> dict[str, datetime]:
        return {
            who: min(at for buyer, _, at, _ in self.orders if buyer == who) for who in {one[0] for one in self.orders}
        }

    def recount(self, days: int) -> dict[str, float | None]:
        """Each figure over the last days, by definition, from the lists alone."""
        begin = datetime.combine(NOW.date() - timedelta(days=days - 1), datetime.min.time(), UTC)

        def now(rows: Iterable[Any], at: int) -> list[Any]:
            return [row for row in rows if begin <= row[at] < NOW]

        sent, orders = now(self.mails, 2), now(self.orders, 2)
        followed = [m for m in sent if any(who == m[0] and m[2] < at <= m[2] + WEEK for who, _, at, _ in self.orders)]
        opened = {(mail, at.date()) for mail, at, machine in now(self.opens, 1) if not machine}
        clicked = {(mail, at.date()) for mail, at, machine in now(self.clicks, 1) if not machine}
        revenue = sum(order[3] for order in orders)
        first = {who: at for who, at in self.first_orders().items() if begin <= at < NOW and at >= self.signed_up[who]}
        waits = [(at - self.signed_up[who]).total_seconds() / 86_400 for who, at in first.items()]
        pieces = now(self.pieces, 1)
        due = [(who, at) for who, at in self.carts if begin <= at + DAY < NOW]
        carts = {(who, at.date()): [one for by, one in due if (by, one.date()) == (who, at.date())] for who, at in due}
        left = [
            key
            for key, puts in carts.items()
            if not any(who == key[0] and min(puts) < at <= max(puts) + DAY for who, _, at, _ in self.orders)
        ]
        # An order of two lines on two days is one on each.
        baskets = {(who, order, at.date()) for who, order, at, _ in orders}
        return {
            "open_rate": len(opened) / len(sent),
            "click_rate": len(clicked) / len(sent),
            "conversion": len(followed) / len(sent),
            "revenue_per_client": (revenue - sum(one[2] for one in now(self.returns, 1))) / PEOPLE,
            "cart_abandonment": len(left) / len(carts),
            "keep_rate": sum(one[2] for one in pieces) / len(pieces),
            "average_order_value": revenue / len(baskets),
            "days_to_first_order": sum(waits) / len(waits) if waits else None,
            "mails_sent": len(sent),
            "bounce_rate": sum(mail[3] is OutreachState.BOUNCED for mail in sent) / len(sent),
        }


def load(engine: Engine, days: int, now: datetime = NOW) -> dict[str, Kpi]:
    return {kpi.key: kpi for kpi in load_report(engine, now, days, "USD").kpis}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_are_those_of_a_plain_recount(engine: Engine, seed: int) -> None:
    story = Story(seed)
    story.save(engine)
    count_days(engine, NOW)
    for days in (7, 28):
        found = load(engine, days)
        for key, value in story.recount(days).items():
            assert found[key].value == pytest.approx(value, abs=1e-5), f"{key} over {days} days"


def test_a_second_pass_counts_the_last_days_alone_and_takes_what_came_late(engine: Engine) -> None:
    Story(3).save(engine)
    count_days(engine, NOW)
    before = load(engine, 28)["average_order_value"].value
    late = {"event_id": "late", "client_id": "c1", "type": "order_placed", "occurred_at": NOW - timedelta(days=3)}
    with write_transaction(engine) as connection:
        connection.execute(insert(t.events).values(**late, value_cents=900_000))
    assert load(engine, 28)["average_order_value"].value == before, "kept days are not counted by reading"
    assert count_days(engine, NOW) == AGAIN + 1
    after = load(engine, 28)["average_order_value"].value
    assert after is not None
    assert before is not None
    assert after > before


def test_days_are_counted_once_each_has_ended(engine: Engine) -> None:
    Story(5).save(engine)
    earlier = NOW - timedelta(days=4)
    assert count_due_days(engine, earlier) > AGAIN
    assert count_due_days(engine, earlier) == 0, "no day has ended since"
    live = {key: kpi.value for key, kpi in load(engine, 7).items() if key != "revenue_per_client"}
    assert count_due_days(engine, NOW) == AGAIN + 1 + 4
    kept = {key: kpi.value for key, kpi in load(engine, 7).items() if key != "revenue_per_client"}
    assert live == kept, "days that ended since the last pass are counted by reading"


def test_without_anything_there_is_no_figure_and_no_fault(engine: Engine) -> None:
    assert {kpi.value for kpi in load(engine, 7).values()} <= {None, 0.0}
    count_days(engine, NOW)
    report = load_report(engine, NOW, 7, "USD")
    assert report.counted_until == date(2026, 5, 31)
    assert format_report(report).splitlines()[0] == "figure,day,value,unit"


def test_days_are_kept_as_numbers_without_anybody_in_them(engine: Engine) -> None:
    Story(4).save(engine)
    count_days(engine, NOW)
    with write_transaction(engine) as connection:
        rows = connection.execute(select(t.day_tallies.c.day, t.day_tallies.c.amount)).all()
    assert all(len(day) == 10 and isinstance(amount, int) for day, amount in rows)


def test_each_phase_is_counted_each_night_and_a_figure_that_is_new_says_nothing_of_older_days(engine: Engine) -> None:
    Story(6).save(engine)
    with write_transaction(engine) as connection:
        for n, phase in enumerate(("active", "active", "at_risk", "dormant", "onboarding")):
            seed_standing(connection, f"c{n}", Phase(phase))
    count_days(engine, NOW)
    found = load(engine, 7)
    wanted = {"active": 2.0, "cooling": 0.0, "at_risk": 1.0, "lapsed": 0.0, "dormant": 1.0}
    assert {name: found[f"clients_{name}"].value for name in wanted} == wanted
    assert found["clients_active"].before is None
    old = [point.value for point in found["clients_active"].series[:-2]]
    assert old == [None] * 5, "what was counted of no day is no nought"


def test_the_largest_stakes_are_what_was_spent_times_the_chance_of_having_left(engine: Engine) -> None:
    Story(7).save(engine)
    with write_transaction(engine) as connection:
        for n, risk in enumerate((0.5, 0.9, None, 0.1)):
            seed_standing(connection, f"c{n}", Phase.AT_RISK)
            spent = {"orders_value_cents": 10_000 * (4 - n), "orders": 2}
            connection.execute(update(t.engagement).where(t.engagement.c.client_id == f"c{n}").values(**spent))
            connection.execute(update(t.standings).where(t.standings.c.client_id == f"c{n}").values(risk=risk))
        stakes = count_largest_stakes(connection)
    assert stakes == {"c1": 27_000, "c0": 20_000, "c3": 1_000}
    assert [(row.client.client_id, row.stake_cents) for row in list_at_risk(engine, stakes)] == list(stakes.items())


def test_a_count_of_a_moment_ago_says_nothing_of_a_day_that_was_kept_since(engine: Engine) -> None:
    Story(8).save(engine)
    with read_transaction(engine) as connection:
        before = count_unsettled(connection, NOW - timedelta(days=1))
    count_days(engine, NOW)
    assert any(name.startswith(f"{NOW.date() - timedelta(days=1)}") for name in before)
    stale = load_report(engine, NOW, 7, "USD", dict.fromkeys(before, 10**6))
    exact = load_report(engine, NOW, 7, "USD", {})
    assert stale.kpis == exact.kpis


def test_what_may_be_lost_grows_with_the_chance_and_is_nothing_where_nobody_has_left() -> None:
    assert compute_value_at_risk(1.0, 10_000) == 0
    assert compute_value_at_risk(0.5, 5_000) == pytest.approx(5_000)
    assert compute_value_at_risk(0.25, 2_500) == pytest.approx(7_500)
    assert compute_value_at_risk(0.0, 100) == 0


def test_a_cart_is_left_when_a_day_has_passed_without_an_order(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        people = [
            {"client_id": who, "email": f"{who}@x.example", "signed_up_at": NOW - WEEK, "time_zone": "UTC"}
            for who in ("ann", "ben", "cleo")
        ]
        connection.execute(insert(t.clients), people)
    assert "cart_abandonment" not in load(engine, 7)
    assert load_report(engine, NOW, 7, "USD").absent[0].startswith("Cart abandonment: the shop's systems send no carts")
    with write_transaction(engine) as connection:
        connection.execute(insert(t.events), [build_event("a", "ann", "added_to_cart", NOW - DAY - WEEK / 100)])
        connection.execute(insert(t.events), [build_event("b", "ben", "added_to_cart", NOW - DAY - WEEK / 100)])
        connection.execute(insert(t.events), [build_event("o", "ben", "order_placed", NOW - DAY, None, 100)])
        connection.execute(insert(t.events), [build_event("c", "cleo", "added_to_cart", NOW - DAY / 2)])
    figure = load(engine, 7)["cart_abandonment"]
    assert (figure.value, figure.of) == (0.5, 2), "nobody knows yet of Cleo's"
    assert load_report(engine, NOW, 7, "USD").absent == ()


def test_what_stands_stands_until_it_is_counted_anew(engine: Engine) -> None:
    Story(4).save(engine)
    with write_transaction(engine) as connection:
        save_tallies(connection, NOW.date() - timedelta(days=9), {Tally.IN_AT_RISK: 7})
    figure = load(engine, 7)["clients_at_risk"]
    assert (figure.value, figure.before) == (7, 7)
