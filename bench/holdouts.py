"""How often a campaign's stated lift is right when it is looked at every day: `python -m bench.holdouts`.

Worlds of 3,000 clients, enrolled over 30 days, a fifth held out, windows of 14 days; one in five orders. Beside what is
stated, the same days by the interval for one planned look, which a page that is read daily must not show.
"""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

import numpy as np

from domain.campaign_lift import DAY_S, EnrolmentOutcomes, HoldoutPolicy, measure_lift
from domain.statistics import lift
from models.base import utc
from models.lift import LiftPoint

START = utc(2026, 3)
TERMS = HoldoutPolicy("bench", 0.2, 14)
CLIENTS, BASE, DAYS = 3_000, 0.2, 30.0


def simulate_clients(rng: np.random.Generator, gain: float) -> EnrolmentOutcomes:
    """Simulate clients of whom the treated order `gain` (a share of all) more often.

    What they spend follows what they spent.
    """
    control = rng.random(CLIENTS) < TERMS.control_share
    ordered = rng.random(CLIENTS) < np.where(control, BASE, BASE + gain)
    before = rng.gamma(1.0, 8_000.0, CLIENTS)
    cents = np.round(ordered * (before + rng.gamma(4.0, 1_000.0, CLIENTS)))
    at = START.timestamp() + np.sort(rng.random(CLIENTS)) * DAYS * DAY_S
    return EnrolmentOutcomes(control, at, ordered.astype(np.float64), cents, before, rng.random(CLIENTS) < BASE)


def is_missed_by_one_look(clients: EnrolmentOutcomes, points: tuple[LiftPoint, ...], gain: float) -> bool:
    """Return whether the interval for one look misses `gain` on any of the days."""
    ends, ordered = clients.at + TERMS.window_days * DAY_S, clients.orders > 0
    for point in points:
        over = ends <= point.at.timestamp() + 1e-3
        held, rest = over & clients.control, over & ~clients.control
        counts = (int((ordered & rest).sum()), int(rest.sum()), int((ordered & held).sum()), int(held.sum()))
        interval = lift.compare_shares(*counts).difference
        if not interval.low <= gain <= interval.high:
            return True
    return False


def simulate_worlds(worlds: int, gain: float, seed: int) -> dict[str, float]:
    """Measure in which share of worlds the truth was missed on any day, and in which the last day shows a lift."""
    rng, missed, plain, shown = np.random.default_rng(seed), 0, 0, 0
    for _ in range(worlds):
        clients = simulate_clients(rng, gain)
        result = measure_lift(clients, TERMS, START + timedelta(days=DAYS + TERMS.window_days + 1))
        missed += any(not point.low <= gain <= point.high for point in result.series)
        plain += is_missed_by_one_look(clients, result.series, gain)
        shown += result.series[-1].low > 0
    return {"gain": gain, "missed": missed / worlds, "missed_plain": plain / worlds, "told": shown / worlds}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for gain in (0.0, 0.05, 0.1):
        print(json.dumps(simulate_worlds(arguments.worlds, gain, arguments.seed)))
