"""How often a campaign's told lift is right when it is looked at every day: `python -m bench.holdouts`.

Worlds of 3,000 clients, enrolled over 30 days, a fifth held out, windows of 14 days; one in five orders. Beside what is
told, the same days by the interval for one planned look, which a page that is read daily must not show.
"""

from __future__ import annotations

import argparse
import json
from datetime import timedelta

import numpy as np

from domain.campaign_lift import DAY_S, Enrolled, Terms, measured
from domain.statistics import lift
from models.base import utc
from models.lift import LiftPoint

START = utc(2026, 3)
TERMS = Terms("bench", 0.2, 14)
CLIENTS, BASE, DAYS = 3_000, 0.2, 30.0


def world(rng: np.random.Generator, gain: float) -> Enrolled:
    """Clients of whom the treated order `gain` (a share of all) more often; what they spend follows what they spent."""
    control = rng.random(CLIENTS) < TERMS.control_share
    ordered = rng.random(CLIENTS) < np.where(control, BASE, BASE + gain)
    before = rng.gamma(1.0, 8_000.0, CLIENTS)
    cents = np.round(ordered * (before + rng.gamma(4.0, 1_000.0, CLIENTS)))
    at = START.timestamp() + np.sort(rng.random(CLIENTS)) * DAYS * DAY_S
    return Enrolled(control, at, ordered.astype(np.float64), cents, before, rng.random(CLIENTS) < BASE)


def plain_misses(clients: Enrolled, told: tuple[LiftPoint, ...], gain: float) -> bool:
    """Whether the interval for one look misses `gain` on any of the days."""
    ends, ordered = clients.at + TERMS.window_days * DAY_S, clients.orders > 0
    for point in told:
        over = ends <= point.at.timestamp() + 1e-3
        held, rest = over & clients.control, over & ~clients.control
        counts = (int((ordered & rest).sum()), int(rest.sum()), int((ordered & held).sum()), int(held.sum()))
        found = lift.of_shares(*counts).difference
        if not found.low <= gain <= found.high:
            return True
    return False


def played(worlds: int, gain: float, seed: int) -> dict[str, float]:
    """Shares of worlds in which the truth was missed on any day, and in which the last day told it beyond chance."""
    rng, missed, plain, seen = np.random.default_rng(seed), 0, 0, 0
    for _ in range(worlds):
        clients = world(rng, gain)
        found = measured(clients, TERMS, START + timedelta(days=DAYS + TERMS.window_days + 1))
        missed += any(not point.low <= gain <= point.high for point in found.series)
        plain += plain_misses(clients, found.series, gain)
        seen += found.series[-1].low > 0
    return {"gain": gain, "missed": missed / worlds, "missed_plain": plain / worlds, "told": seen / worlds}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--worlds", type=int, default=1_000)
    asked.add_argument("--seed", type=int, default=1)
    given = asked.parse_args()
    for gain in (0.0, 0.05, 0.1):
        print(json.dumps(played(given.worlds, gain, given.seed)))
