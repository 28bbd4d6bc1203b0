"""The risk model that serves: `cadence` learnt once, then applied to order totals of one client or a million.

    P(order within h) = expit(log odds of both forms of BG/NBD + the ridge's moves + a level)
    expected orders   = P(order) (1 + (R - 1) m)            R = ((1 - (1 + p u)^-k) / p) / (1 - (1 + u)^-k)

with k = r + x, u = h / (alpha + T) and p = a / (a + b + x), the mean chance of leaving at an order: R is the number of
orders of those who order at all (`bgnbd.predict_orders` integrates it over the law of p), m the factor from windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
import orjson
from scipy.special import expit, logit

from algorithms.risk import bgnbd, cadence, gammagamma, order_totals
from algorithms.risk.bgnbd import BgNbd
from algorithms.risk.calibration import shift_to_mean
from algorithms.risk.condensed import Condensed
from algorithms.risk.features import compute_usual_gap
from algorithms.risk.forms import LEAST, PurchaseForms, fit_forms
from algorithms.risk.gammagamma import GammaGamma
from algorithms.risk.next_order import predict_days_until_order
from algorithms.risk.order_totals import OrderTotals
from algorithms.risk.orders import WEEK, Orders, PurchaseSummary, summarise_purchases
from algorithms.risk.recency_rate import Population
from algorithms.risk.ridge import Ridge
from algorithms.risk.window_ridge import fit_windows
from algorithms.risk.windows import ClientSnapshot, TrainingWindow, build_windows, take_snapshot
from domain.arrays import Floats

ALGORITHM: Final = "cadence"
FILE: Final = "risk.json"
SHARES: Final = (0.1, 0.5, 0.9)
"""Quantiles of the next order's day: an interval around the median."""
SERVED_SHAPE: Final = 1
"""The most regular shape that serves. A client is at risk below a share of the chance on the day of their last order; a
regular client's next order is not due then, so their chance would rise first, and never fall below it."""
SHORTEST: Final = 0.25
LONGEST: Final = 3_650.0
"""The shortest and longest silence, in days, between which a crossing is searched."""


class Search(NamedTuple):
    """The search for a crossing: moments tried in one round, and rounds.

    They divide the logarithm of the silence into (points + 1)^rounds parts, each a few minutes in a year.
    """

    points: int
    rounds: int


FEW: Final = Search(63, 4)
"""For few clients, where a round costs the same however many moments it tries."""
MANY: Final = Search(1, 21)
"""For many clients, where each moment costs."""


@dataclass(frozen=True, slots=True)
class RiskForecast:
    """The forecast for n clients, each of shape (n,); orders and value over the horizon, `p_order` of at least one."""

    p_alive: Floats
    p_order: Floats
    expected_orders: Floats
    expected_value: Floats


@dataclass(frozen=True, slots=True)
class RiskModel:
    """The parameters of the risk model; its fields are the keys of the saved file.

    `horizon` and `usual` (the usual gap between orders) in days; `rhythm`: the ridge; `level` in log odds; `more`: m
    above; `value` of the next order; `never`: of those who never ordered; `learnt_from`: the number of windows.
    """

    horizon: int
    forms: PurchaseForms
    usual: float
    rhythm: Ridge
    level: float
    more: float
    value: GammaGamma
    never: Population
    learnt_from: int

    def p_order(self, totals: OrderTotals, day: Floats | float) -> Floats:
        """Predict the chance of an order within the horizon from `day` on, given silence until then; shape (n,)."""
        return self._p_order(totals.summarise(day), totals.value)

    def forecast(self, totals: OrderTotals, day: float) -> RiskForecast:
        """Forecast each client's horizon from `day` on."""
        clients = totals.summarise(day)
        p_order = self._p_order(clients, totals.value)
        p_alive = np.maximum(self.forms.p_alive(clients), p_order)  # who will order is a client
        expected = np.maximum(
            p_order * (1 + (bgnbd.predict_repeats(self.forms.leaving, clients, self.horizon / WEEK) - 1) * self.more),
            p_order,
        )
        count = clients.x + 1
        worth = self.value.predict_value(count, np.maximum(totals.value, 0.0) / count)
        return RiskForecast(p_alive, p_order, expected, np.asarray(expected * worth))

    def predict_orders(self, totals: OrderTotals, day: float, days: float) -> Floats:
        """Predict the orders within so many `days`, shape (n,): those of the horizon, stretched as BG/NBD does."""
        clients = totals.summarise(day)
        within, whole = (self._predict_orders_while_alive(clients, span) for span in (days, self.horizon))
        return np.asarray(self.forecast(totals, day).expected_orders * within / whole)

    def predict_next_order(self, totals: OrderTotals, day: float) -> Floats:
        """Predict the days from `day` by which the next order has come with chances SHARES, shape (n, 3).

        Infinity is never. It is BG/NBD's distribution, bent so that it agrees with `p_order` at the horizon.
        """
        clients = totals.summarise(day)
        base = np.clip(bgnbd.p_order(self.forms.leaving, clients, self.horizon / WEEK), LEAST, 1 - LEAST)
        bent = np.log1p(-np.minimum(self._p_order(clients, totals.value), 1 - LEAST)) / np.log1p(-base)
        shares = [-np.expm1(np.log1p(-share) / bent) for share in SHARES]
        return np.stack([predict_days_until_order(self.forms.leaving, clients, share) for share in shares], axis=1)

    def predict_falls(self, totals: OrderTotals, shares: Sequence[float], search: Search = FEW) -> Floats:
        """Predict the days on which silence alone takes `p_order` under each of `shares` of that at the last order.

        Shape (n, len(shares)), days since 1970, NaN where ten years are not enough. They depend on the orders alone, so
        the answer is the same whenever it is asked for, and a timer set for that moment fires after the crossing.
        """
        n, k, (points, rounds) = len(totals), len(shares), search
        many = totals.select(np.repeat(np.arange(n), k))
        level = np.repeat(self.p_order(totals, totals.last), k) * np.tile(shares, n)
        never = np.repeat(self.p_order(totals, totals.last + LONGEST), k) >= level
        low, high = np.full(n * k, np.log(SHORTEST)), np.full(n * k, np.log(LONGEST))
        steps, rows, looked = (
            np.arange(points + 2) / (points + 1),
            np.arange(n * k),
            np.repeat(np.arange(n * k), points),
        )
        points_of = many.select(looked)
        for _ in range(rounds):
            edges = low[:, None] + (high - low)[:, None] * steps
            chance = self.p_order(points_of, points_of.last + np.exp(edges[:, 1:-1]).ravel()).reshape(n * k, points)
            under = np.column_stack([chance < level[:, None], np.ones(n * k, np.bool_)])
            first = under.argmax(axis=1)
            low, high = edges[rows, first], edges[rows, first + 1]
        return np.where(never, np.nan, many.last + np.exp(high)).reshape(n, k)

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder."""
        state = asdict(self) | {"rhythm": {name: array.tolist() for name, array in asdict(self.rhythm).items()}}
        (folder / FILE).write_bytes(orjson.dumps(state, option=orjson.OPT_INDENT_2))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises OSError for anything else."""
        try:
            state: dict[str, Any] = orjson.loads((folder / FILE).read_bytes())
            rhythm = Ridge(**{name: np.array(array, np.float64) for name, array in state.pop("rhythm").items()})
            models = state.pop("forms")
            forms = PurchaseForms(BgNbd(**models["leaving"]), Condensed(**models["regular"]))
            value, never = GammaGamma(**state.pop("value")), Population(**state.pop("never"))
            return cls(forms=forms, rhythm=rhythm, value=value, never=never, **state)
        except (AttributeError, KeyError, TypeError, ValueError) as broken:  # cut short, or of another form
            raise OSError(f"the model is broken: {type(broken).__name__}") from broken

    def _p_order(self, clients: PurchaseSummary, value: Floats) -> Floats:
        log_odds = self.forms.log_odds(clients, self.horizon / WEEK)
        features = order_totals.build_total_features(clients, value, self.horizon, log_odds, self.usual)
        return np.asarray(expit(log_odds + self.rhythm.predict_moves(features) + self.level))

    def _predict_orders_while_alive(self, clients: PurchaseSummary, days: float) -> Floats:
        """Predict the orders within so many days of those who are still clients."""
        of = self.forms.leaving
        leave = of.a / (of.a + of.b + clients.x)
        reach = days / WEEK / (of.alpha + clients.age)
        return np.asarray(-np.expm1(-(of.r + clients.x) * np.log1p(leave * reach)) / leave)


def learn(orders: Orders, day: int, horizon: int, never: Population) -> RiskModel:
    """Learn the model from the orders until the end of `day`. A shop too young for windows gets BG/NBD unchanged."""
    past = orders.until(day)
    now = take_snapshot(past, day, horizon, fit_forms(past, summarise_purchases(past, day), SERVED_SHAPE))
    windows = build_windows(past, day, now)
    usual = compute_usual_gap(now.clients, horizon)
    misses = cadence.predict_misses(past, day, horizon, SERVED_SHAPE)
    rhythm, level = _fit_ridge(now, windows, cadence.compute_mean(now, misses))
    count = now.clients.x + 1
    return RiskModel(
        horizon=horizon,
        forms=now.forms,
        usual=usual,
        rhythm=rhythm,
        level=level,
        more=float(np.exp(misses.repeats)),
        value=gammagamma.fit(count, now.value / count),
        never=never,
        learnt_from=len(windows),
    )


def _fit_ridge(now: ClientSnapshot, windows: list[TrainingWindow], mean: float) -> tuple[Ridge, float]:
    """Fit the ridge over all windows, and the level that makes the mean chance `mean`."""
    features = _build_features(now)
    if windows:
        ridge = fit_windows(windows, [_build_features(window.snapshot) for window in windows])
    else:
        nothing = np.zeros(features.shape[1])
        ridge = Ridge(nothing, nothing + 1, nothing)
    log_odds = now.log_odds + ridge.predict_moves(features)
    return ridge, float(logit(shift_to_mean(log_odds, mean)[0]) - log_odds[0])


def _build_features(snapshot: ClientSnapshot) -> Floats:
    usual = compute_usual_gap(snapshot.clients, snapshot.horizon)
    return order_totals.build_total_features(
        snapshot.clients, snapshot.value, snapshot.horizon, snapshot.log_odds, usual
    )
