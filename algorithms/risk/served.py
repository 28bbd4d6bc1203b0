"""The risk model that serves: `cadence` learnt once, then asked of what the store keeps, one client or a million.

    P(order within h) = expit(log odds of both forms of BG/NBD + what the client's rhythm moves them + a level)
    expected orders   = P(order) (1 + (R - 1) m)            R = ((1 - (1 + p u)^-k) / p) / (1 - (1 + u)^-k)

with k = r + x, u = h / (alpha + T) and p = a / (a + b + x), the mean chance of leaving at an order: R is the number of
orders of those who order at all (`bgnbd.expected_orders` integrates it over the law of p), m what windows say of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
import orjson
from scipy.special import expit, logit

from algorithms.risk import bgnbd, cadence, gammagamma, kept
from algorithms.risk.bgnbd import LEAST, BgNbd
from algorithms.risk.calibration import moved_to
from algorithms.risk.features import usual_gap
from algorithms.risk.gammagamma import GammaGamma
from algorithms.risk.kept import Kept
from algorithms.risk.learning import learnt
from algorithms.risk.next_order import days_until_order
from algorithms.risk.orders import WEEK, Orders, Rhythm
from algorithms.risk.recency_rate import Population
from algorithms.risk.ridge import Ridge
from algorithms.risk.windows import Standing, Window, standing, windows
from domain.arrays import Floats

ALGORITHM: Final = "cadence"
FILE: Final = "risk.json"
SHARES: Final = (0.1, 0.5, 0.9)
"""Of the distribution of the next order's day: an interval around the median."""
SHORTEST: Final = 0.25
LONGEST: Final = 3_650.0
"""Days of silence between which a crossing is searched."""


class Search(NamedTuple):
    """Moments looked at in one round of the search for a crossing, and rounds: (points + 1)^rounds parts of the
    logarithm of the silence, each a few minutes in a year."""

    points: int
    rounds: int


FEW: Final = Search(63, 4)
"""For few clients, of whom each round costs the same however many moments are looked at."""
MANY: Final = Search(1, 21)
"""For many, of whom each moment costs."""


@dataclass(frozen=True, slots=True)
class Told:
    """Of n clients, each of shape (n,); orders and value over the horizon, `p_order` of at least one."""

    p_alive: Floats
    p_order: Floats
    expected_orders: Floats
    expected_value: Floats


@dataclass(frozen=True, slots=True)
class RiskModel:
    """All that was learnt. `horizon` and `usual` (between orders of anybody) in days; `level` in log odds; `more`: m
    above; `value` of the next order; `never`: of those who never ordered; `learnt_from`: windows."""

    horizon: int
    leaving: BgNbd
    modified: BgNbd
    usual: float
    rhythm: Ridge
    level: float
    more: float
    value: GammaGamma
    never: Population
    learnt_from: int

    def p_order(self, some: Kept, day: Floats | float) -> Floats:
        """The chance of an order within the horizon from `day` on, were the client silent until then; shape (n,)."""
        return self._p_order(some.rhythm(day), some.value)

    def told(self, some: Kept, day: float) -> Told:
        """What to expect of each client from `day` on."""
        clients = some.rhythm(day)
        p_order = self._p_order(clients, some.value)
        p_alive = np.maximum(bgnbd.p_alive(self.modified, clients), p_order)  # who will order is a client
        expected = np.maximum(p_order * (1 + (self._repeats(clients) - 1) * self.more), p_order)
        count = clients.x + 1
        worth = self.value.mean_value(count, np.maximum(some.value, 0.0) / count)
        return Told(p_alive, p_order, expected, np.asarray(expected * worth))

    def expected_orders(self, some: Kept, day: float, days: float) -> Floats:
        """Orders expected within so many `days`: those of the horizon, drawn out as BG/NBD draws them, shape (n,)."""
        clients = some.rhythm(day)
        within, whole = (self._while_here(clients, each) for each in (days, self.horizon))
        return np.asarray(self.told(some, day).expected_orders * within / whole)

    def next_order(self, some: Kept, day: float) -> Floats:
        """Days from `day` by which the next order has come with chances SHARES, shape (n, 3); infinity: never.

        BG/NBD's distribution, bent so that it agrees with `p_order` at the horizon.
        """
        clients = some.rhythm(day)
        base = np.clip(bgnbd.p_order(self.leaving, clients, self.horizon / WEEK), LEAST, 1 - LEAST)
        bent = np.log1p(-np.minimum(self._p_order(clients, some.value), 1 - LEAST)) / np.log1p(-base)
        shares = [-np.expm1(np.log1p(-share) / bent) for share in SHARES]
        return np.stack([days_until_order(self.leaving, clients, share) for share in shares], axis=1)

    def falls(self, some: Kept, shares: Sequence[float], search: Search = FEW) -> Floats:
        """The days on which silence alone will have taken `p_order` under each of `shares` of that at the last order.

        Shape (n, len(shares)), NaN where ten years do not. They hang on the orders alone, so whoever asks, whenever,
        is told the same moment, and a timer set for it finds it come.
        """
        n, k, (points, rounds) = len(some), len(shares), search
        many = some.part(np.repeat(np.arange(n), k))
        level = np.repeat(self.p_order(some, some.last), k) * np.tile(shares, n)
        never = np.repeat(self.p_order(some, some.last + LONGEST), k) >= level
        low, high = np.full(n * k, np.log(SHORTEST)), np.full(n * k, np.log(LONGEST))
        steps, rows, looked = (
            np.arange(points + 2) / (points + 1),
            np.arange(n * k),
            np.repeat(np.arange(n * k), points),
        )
        points_of = many.part(looked)
        for _ in range(rounds):
            edges = low[:, None] + (high - low)[:, None] * steps
            chance = self.p_order(points_of, points_of.last + np.exp(edges[:, 1:-1]).ravel()).reshape(n * k, points)
            under = np.column_stack([chance < level[:, None], np.ones(n * k, np.bool_)])
            first = under.argmax(axis=1)
            low, high = edges[rows, first], edges[rows, first + 1]
        return np.where(never, np.nan, many.last + np.exp(high)).reshape(n, k)

    def save(self, folder: Path) -> None:
        """Write it into an existing folder."""
        about = asdict(self) | {"rhythm": {name: array.tolist() for name, array in asdict(self.rhythm).items()}}
        (folder / FILE).write_bytes(orjson.dumps(about, option=orjson.OPT_INDENT_2))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote. Raises OSError for anything else."""
        try:
            said: dict[str, Any] = orjson.loads((folder / FILE).read_bytes())
            rhythm = Ridge(**{name: np.array(array, np.float64) for name, array in said.pop("rhythm").items()})
            leaving, modified = BgNbd(**said.pop("leaving")), BgNbd(**said.pop("modified"))
            value, never = GammaGamma(**said.pop("value")), Population(**said.pop("never"))
            return cls(leaving=leaving, modified=modified, rhythm=rhythm, value=value, never=never, **said)
        except (AttributeError, KeyError, TypeError, ValueError) as broken:  # cut short, or of another form
            raise OSError(f"the model is broken: {type(broken).__name__}") from broken

    def _p_order(self, clients: Rhythm, value: Floats) -> Floats:
        log_odds = bgnbd.log_odds((self.leaving, self.modified), clients, self.horizon / WEEK)
        about = kept.features(clients, value, self.horizon, log_odds, self.usual)
        return np.asarray(expit(log_odds + self.rhythm.moves(about) + self.level))

    def _repeats(self, clients: Rhythm) -> Floats:
        silent = (self.leaving.r + clients.x) * np.log1p(self.horizon / WEEK / (self.leaving.alpha + clients.age))
        return np.asarray(self._while_here(clients, self.horizon) / -np.expm1(-silent))

    def _while_here(self, clients: Rhythm, days: float) -> Floats:
        """Orders within so many days of those who are still clients."""
        of = self.leaving
        leave = of.a / (of.a + of.b + clients.x)
        reach = days / WEEK / (of.alpha + clients.age)
        return np.asarray(-np.expm1(-(of.r + clients.x) * np.log1p(leave * reach)) / leave)


def learn(orders: Orders, day: int, horizon: int, never: Population) -> RiskModel:
    """From what had happened by the end of `day`. A shop too young for windows gets BG/NBD, not moved."""
    past = orders.until(day)
    now = standing(past, day, horizon)
    known = windows(past, day, now)
    usual = usual_gap(now.clients, horizon)
    rhythm, level = _rhythm(now, known)
    count = now.clients.x + 1
    return RiskModel(
        horizon=horizon,
        leaving=now.forms[0],
        modified=now.forms[1],
        usual=usual,
        rhythm=rhythm,
        level=level,
        more=cadence.more_orders(known),
        value=gammagamma.fit(count, now.value / count),
        never=never,
        learnt_from=len(known),
    )


def _rhythm(now: Standing, known: list[Window]) -> tuple[Ridge, float]:
    """What the client's rhythm moves, and the level that puts the mean where it usually is."""
    about = _features(now)
    if not known:
        nothing = np.zeros(about.shape[1])
        return Ridge(nothing, nothing + 1, nothing), 0.0
    found = learnt(known, [_features(each.at) for each in known])
    log_odds = now.log_odds + found.moves(about)
    moved = moved_to(log_odds, cadence.usual_mean(now))
    return found, float(logit(moved[0]) - log_odds[0])


def _features(at: Standing) -> Floats:
    return kept.features(at.clients, at.value, at.horizon, at.log_odds, usual_gap(at.clients, at.horizon))
