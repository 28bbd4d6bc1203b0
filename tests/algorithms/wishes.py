"""Small waves with colours and must-haves, and their best boxes by a general solver."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from algorithms.assembly.model import NO_LIMIT, BoxWishes, Wave
from algorithms.assembly.variety import count_needs
from tests.algorithms.waves import draw_wave

COLOURS = 3
MUST = (0, 1)
"""The categories that every client must have, where the draw says so."""


def draw_wave_with_wishes(seed: int, clients: int, *, units: int = 50) -> Wave:
    """A wave with plenty of stock unless told otherwise, at most one or two of a colour, and must-haves."""
    rng, wave = np.random.default_rng(seed + 1_000), draw_wave(seed, clients, 10, 24)
    must = np.isin(wave.category, MUST) & (rng.random(clients) < 0.6)[wave.client]
    colour_cap = np.where(rng.random(clients) < 0.2, NO_LIMIT, rng.integers(1, 3, clients))
    colour = rng.integers(-1, COLOURS, len(wave.on_hand))[wave.sku]
    wishes = BoxWishes(colour, colour_cap, must, np.zeros(clients, np.int64))
    return count_needs(replace(wave, wishes=wishes, on_hand=np.full(len(wave.on_hand), units)))


def find_best_with_wishes(wave: Wave) -> float:
    """The best summed score of a wave with wishes, by HiGHS to the end, rule by rule."""
    assert wave.wishes is not None
    count, rows, low, high = len(wave.score), [], list[float](), list[float]()
    kinds = [(client, kind) for client in range(len(wave.slots)) for kind in MUST]

    def rule(members, weight, most, least=-np.inf):
        rows.append(np.r_[np.where(members, weight, 0), np.zeros(len(kinds))].astype(float))
        low.append(least)
        high.append(float(most) if most < NO_LIMIT else np.inf)

    for client in range(len(wave.slots)):
        own = wave.client == client
        rule(own, 1, wave.slots[client])
        rule(own, wave.price, wave.budget[client])
        rule(own & (wave.price > wave.item_cap[client]), 1, 0)
        for kind in np.unique(wave.category):
            rule(own & (wave.category == kind), 1, wave.category_cap[client])
        for colour in range(COLOURS):
            rule(own & (wave.wishes.colour == colour), 1, wave.wishes.colour_cap[client])
        shown = np.r_[np.zeros(count), [float(of == client) for of, _ in kinds]]
        rows.append(shown)
        low.append(float(wave.wishes.need[client]))
        high.append(np.inf)
    for index, (client, kind) in enumerate(kinds):  # a kind is shown only by an item of it
        rule((wave.client == client) & wave.wishes.must & (wave.category == kind), 1, np.inf, 0.0)
        rows[-1][count + index] = -1.0
    for sku, units in enumerate(wave.on_hand):
        rule(wave.sku == sku, 1, units)
    solved = milp(
        -np.r_[wave.score, np.zeros(len(kinds))],
        constraints=LinearConstraint(np.array(rows), np.array(low), np.array(high)),
        integrality=np.ones(count + len(kinds)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    assert solved.fun is not None
    return float(-solved.fun)
