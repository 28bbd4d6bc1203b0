"""What wave families are measured beside: boxes filled by prices, one whole programme, the linear relaxation."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from algorithms.assembly.model import Floats, Ints, Wave

Programme = tuple[Ints, sparse.csr_matrix, Floats]


def build_programme(wave: Wave) -> Programme:
    """Build the wave as one programme without must-haves: the candidates, the table and the limits of its rows."""
    rows = wave.find_eligible()
    client, place, ones = wave.client[rows], np.arange(len(rows)), np.ones(len(rows))
    rules = [
        (client, ones, wave.slots),
        (client, wave.price[rows] / 100, wave.budget / 100),
        (wave.sku[rows], ones, wave.on_hand),
        _pair(client, wave.category[rows], wave.category_cap),
    ]
    if wave.wishes is not None:
        rules.append(_pair(client, wave.wishes.colour[rows], wave.wishes.colour_cap))
    tables, limits = [], []
    for row, weight, limit in rules:
        columns = np.flatnonzero(row >= 0)
        shape = (len(limit), len(rows))
        tables.append(sparse.csr_matrix((np.asarray(weight)[columns], (row[columns], place[columns])), shape=shape))
        limits.append(np.asarray(limit, np.float64))
    return rows, sparse.vstack(tables, format="csr"), np.concatenate(limits)


def _pair(client: Ints, code: Ints, cap: Ints) -> tuple[Ints, Floats, Ints]:
    """Number the pairs of client and code (below 0 is none)."""
    most = int(code.max(initial=0)) + 1
    keys, index = np.unique(np.where(code >= 0, client * most + code, -1), return_inverse=True)
    none = int((keys < 0).any())
    return index.reshape(-1) - none, np.ones(len(client)), cap[keys[none:] // most]


def compute_linear_bound(wave: Wave) -> float:
    """Compute the optimum of the linear relaxation of the whole wave."""
    rows, table, limits = build_programme(wave)
    if not len(rows):
        return 0.0
    solved = linprog(-wave.score[rows], A_ub=table, b_ub=limits, bounds=(0, 1), method="highs-ds")
    return float(-solved.fun)


def solve_programme(wave: Wave, seconds: float) -> tuple[float, float]:
    """Solve the whole wave by HiGHS within so many seconds; return its best boxes' score and its bound."""
    rows, table, limits = build_programme(wave)
    solved = milp(
        -wave.score[rows],
        constraints=LinearConstraint(table, -np.inf, limits),
        integrality=np.ones(len(rows)),
        bounds=Bounds(0, 1),
        options={"time_limit": seconds, "mip_rel_gap": 1e-6},
    )
    return 0.0 if solved.x is None else float(-solved.fun), float(-solved.mip_dual_bound)


def fill_by_prices(wave: Wave, prices: Floats) -> Ints:
    """Fill boxes item by item: of all candidates the one worth most beyond its price first, as far as limits allow.

    Then the same with what is left, whatever its price.
    """
    rows, chosen = wave.find_eligible(), []
    state = _Limits(wave)
    for cost in (prices, np.zeros_like(prices)):
        worth = wave.score[rows] - cost[wave.sku[rows]]
        order = rows[np.argsort(-worth, kind="stable")][: int((worth > 0).sum())]
        chosen += [candidate for candidate in order.tolist() if state.admit(candidate)]
    return np.sort(np.array(chosen, np.int64))


class _Limits:
    """What every client and the stock leave room for."""

    def __init__(self, wave: Wave) -> None:
        self._wave, self._inside = wave, np.zeros(len(wave.sku), np.bool_)
        self._left, self._slots, self._money = wave.on_hand.copy(), wave.slots.copy(), wave.budget.copy()
        self._groups: dict[tuple[str, int, int], int] = {}

    def admit(self, candidate: int) -> bool:
        """Put a candidate into its client's box if every limit allows it."""
        wave, client = self._wave, int(self._wave.client[candidate])
        keys = [(("category", client, int(wave.category[candidate])), int(wave.category_cap[client]))]
        if wave.wishes is not None and wave.wishes.colour[candidate] >= 0:
            keys.append((("colour", client, int(wave.wishes.colour[candidate])), int(wave.wishes.colour_cap[client])))
        allowed = (
            not self._inside[candidate]
            and self._left[wave.sku[candidate]] > 0
            and self._slots[client] > 0
            and self._money[client] >= wave.price[candidate]
            and all(self._groups.get(key, 0) < cap for key, cap in keys)
        )
        if allowed:
            self._inside[candidate] = True
            self._left[wave.sku[candidate]] -= 1
            self._slots[client] -= 1
            self._money[client] -= wave.price[candidate]
            for key, _ in keys:
                self._groups[key] = self._groups.get(key, 0) + 1
        return bool(allowed)
