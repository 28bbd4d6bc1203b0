"""MBG/CNBD-k: its slopes, its chances, and whether it finds how regular clients are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from algorithms.risk import condensed
from algorithms.risk.condensed import Condensed
from algorithms.risk.orders import Orders, PurchaseSummary, merge_orders, summarise_purchases

MODELS = st.builds(
    Condensed,
    k=st.sampled_from([1, 2, 8, 32]),
    r=st.floats(0.1, 50),
    alpha=st.floats(0.5, 50),
    a=st.floats(0.1, 5),
    b=st.floats(0.2, 20),
)


def simulate_shop(shape: int, clients: int = 400, days: int = 300) -> Orders:
    """Clients who order every 30 days on average, by an Erlang law of this shape, and leave at one order in ten."""
    rng = np.random.default_rng(3)
    ids: list[str] = []
    when: list[int] = []
    for client in range(clients):
        at = rng.uniform(0, days / 2)
        while at < days:
            ids.append(f"c{client:04}")
            when.append(10_000 + int(at))
            if rng.random() < 0.1:
                break
            at += rng.gamma(shape, 30 / shape)
    return merge_orders(ids, np.array(when, np.int64), None)


def fit_shop(shape: int) -> tuple[Condensed, PurchaseSummary]:
    past = simulate_shop(shape)
    clients = summarise_purchases(past, 10_300)
    return condensed.fit(clients, condensed.sum_log_gaps(past)), clients


@pytest.mark.parametrize("k", [1, 2, 8])
def test_slopes_are_those_of_the_likelihood(k: int) -> None:
    summaries = summarise_purchases(simulate_shop(2, 60), 10_300)
    share = np.full(len(summaries.x), 1 / len(summaries.x))
    point = np.array([0.9, 3.0, 0.7, 2.2])

    def evaluate(at):
        return condensed.log_likelihood(Condensed(k, *at), summaries, share)

    assert evaluate(point)[1] == pytest.approx(approx_fprime(point, lambda at: evaluate(at)[0]), abs=1e-5)


@given(MODELS, st.integers(0, 60), st.floats(1, 300), st.floats(0.01, 1), st.floats(0.5, 200))
def test_chances_hold_together(model: Condensed, x: int, age: float, share: float, weeks: float) -> None:
    client = PurchaseSummary(np.array([float(x)]), np.array([age * share if x else 0.0]), np.array([age]))
    alive, order = condensed.p_alive(model, client)[0], condensed.p_order(model, client, weeks)[0]
    assert 0 <= order <= alive <= 1
    assert order <= condensed.p_order(model, client, weeks * 2)[0] + 1e-12


@pytest.mark.parametrize(("shape", "least", "most"), [(1, 1, 1), (4, 2, 8), (30, 16, 64)])
def test_it_finds_how_regular_clients_are(shape: int, least: int, most: int) -> None:
    assert least <= fit_shop(shape)[0].k <= most


def test_of_the_regular_it_knows_who_is_late() -> None:
    model, _ = fit_shop(30)
    silence = np.array([1.0, 3.5, 8.0])
    clients = PurchaseSummary(np.full(3, 6.0), np.full(3, 26.0), 26.0 + silence)
    chance = condensed.p_order(model, clients, 2.0)
    assert chance[1] > chance[0]  # due now, against just served
    assert chance[1] > 10 * chance[2]  # two gaps late
