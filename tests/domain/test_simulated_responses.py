"""What a client does in a simulation is drawn per client and day, at the rates that the model states."""

from __future__ import annotations

import pytest

from domain.simulation.responses import (
    MailReaction,
    choose_item,
    choose_rate,
    estimate_own_rate,
    find_count_bounds,
    list_own_acts,
    react_to_mail,
)
from models.simulation import ResponseModel, ResponseRate


def build(opens: float, clicks: float, orders: float, unsubscribes: float) -> ResponseModel:
    rates = {"opens": opens, "clicks": clicks, "orders": orders, "unsubscribes": unsubscribes}
    made = {name: ResponseRate(name=name, rate=rate, source="assumption", said="") for name, rate in rates.items()}
    return ResponseModel(**made)


def count(model: ResponseModel, field: str) -> int:
    reactions = [react_to_mail(model, 7, f"c{k}", k % 90, "campaign hello first") for k in range(20_000)]
    return sum(getattr(reaction, field) is not None for reaction in reactions)


def test_mail_is_answered_at_the_stated_rates() -> None:
    model = build(0.4, 0.25, 0.5, 0.1)
    assert count(model, "opened") == pytest.approx(8_000, rel=0.04)
    assert count(model, "left") == pytest.approx(800, rel=0.12)
    assert count(model, "clicked") == pytest.approx(8_000 * 0.9 * 0.25, rel=0.08)
    assert count(model, "ordered") == pytest.approx(8_000 * 0.9 * 0.125, rel=0.12)
    assert react_to_mail(build(0, 1, 1, 1), 7, "ann", 1, "k") == MailReaction()


def test_what_follows_comes_in_order() -> None:
    for k in range(200):
        reaction = react_to_mail(build(1, 1, 1, 0), 7, f"c{k}", 1, "k")
        assert reaction.left is None
        assert 0 < (reaction.opened or 0) < (reaction.clicked or 0) <= (reaction.ordered or 0)


def test_a_draw_belongs_to_one_seed_client_day_and_mail() -> None:
    model = build(1, 1, 0.5, 0.0)
    drawn = (1, "ann", 3, "first")
    same = react_to_mail(model, *drawn)
    assert react_to_mail(model, *drawn) == same
    others: tuple[tuple[int, str, int, str], ...] = (
        (2, "ann", 3, "first"),
        (1, "bea", 3, "first"),
        (1, "ann", 4, "first"),
        (1, "ann", 3, "second"),
    )
    assert all(react_to_mail(model, *other) != same for other in others)


def test_own_acts_come_at_the_clients_own_rate() -> None:
    days = [list(list_own_acts(1, "ann", day, {"order_placed": 0.2, "item_viewed": 0.0})) for day in range(4_000)]
    assert {act.type for acts in days for act in acts} == {"order_placed"}
    assert sum(map(len, days)) == pytest.approx(4_000 * 0.1813, rel=0.08)
    assert all(0 <= act.hours < 24 for acts in days for act in acts)
    assert estimate_own_rate(0, 300.0, 0.01) < 0.01 < estimate_own_rate(30, 300.0, 0.01) < 0.1


def test_the_shops_own_history_decides_once_it_is_long_enough() -> None:
    own, assumed = choose_rate("opens", 90, 200, 200), choose_rate("opens", 90, 199, 200)
    assert (own.source, own.rate) == ("history", 0.45)
    assert (assumed.source, assumed.rate) == ("assumption", 0.30)
    assert "199 of the 200" in assumed.said
    assert choose_rate("clicks", 300, 200, 200).rate == 1.0


def test_the_bounds_of_a_count_are_those_of_the_tables() -> None:
    for seen, low, high in ((0, 0.0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.39), (100, 81.36, 121.6)):
        found = find_count_bounds(seen)
        assert found == pytest.approx((low, high), rel=0.06, abs=0.02)


def test_an_item_is_chosen_by_a_share() -> None:
    assert [choose_item(("a", "b"), share) for share in (0.0, 0.49, 0.5, 0.99)] == ["a", "a", "b", "b"]
    assert choose_item((), 0.3) is None
