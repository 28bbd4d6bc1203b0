"""A season of boxes in the demo shop: what clients keep and what they pay, beside the rule before and greedy.

Each way of filling boxes has a store of its own. Month after month every client gets a box, says what they keep by a
stated response model (`bench/responses.py`) on their hidden taste, body and purse, and the shop learns from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from math import log
from random import Random
from typing import Any, Final, Self

import numpy as np
from scipy.optimize import minimize

from algorithms.assembly.exact import assemble_one
from bench.demo_boxes import START, open_demo_shop
from bench.responses import ROLES, SentPieces, compute_chances
from demo import catalogue
from demo.people import Person, build_person
from domain.arrays import Floats
from domain.fixes.candidates import to_cents
from models.catalogue import ItemRow
from models.fixes import FixItem, FixWish

MONTHS: Final = 4
CLIENTS: Final = 30
MODELS: Final = ("price", "fit")
Choose = Callable[["Memory", FixWish, Sequence[FixItem]], list[FixItem]]
"""Chooses a box from the candidates of a Fix."""


@dataclass
class Memory:
    """What a rule may learn from: pieces that were sent, and whether each was kept."""

    pieces: list[FixItem] = field(default_factory=list)
    kept: list[bool] = field(default_factory=list)


def measure() -> dict[str, float]:
    """Measure the keep rate and the order value of a season under each response model, by each rule."""
    figures: dict[str, float] = {}
    for model in MODELS:
        for name, choose in RULES.items():
            keep_rate, value = play_season(model, choose)
            figures[f"boxes_season_{model}_{name}_keep_rate"] = round(keep_rate, 4)
            figures[f"boxes_season_{model}_{name}_order_value"] = round(value, 2)
    return figures


def play_season(
    model: str, choose: Choose | None, months: int = MONTHS, clients: int = CLIENTS, **settings: Any
) -> tuple[float, float]:
    """Play a season; `choose` None: the product fills the boxes. Returns the share kept and the mean paid per box."""
    clock, memory, paid = [0.0], Memory(), []
    truth = {item.item_id: item for item in catalogue.build_items(START)}
    tastes = {number: _Taste.of(build_person(number, START), truth) for number in range(1, clients + 1)}
    with open_demo_shop(START, lambda: clock[0], **settings) as shop:
        for month in range(months):
            now = START + timedelta(days=30 * month + 1)
            for number in range(1, clients + 1):
                taste = tastes[number]
                fix_id, wish, candidates, box = shop.rank_box(taste.client_id, _draw_request(number, month), now)
                box = box if choose is None else choose(memory, wish, candidates)
                kept = _answer(model, taste, box, month)
                shop.send_box(fix_id, box, kept, now)
                memory.pieces += box
                memory.kept += kept
                paid.append(sum(item.price_cents for item, stays in zip(box, kept, strict=True) if stays) / 100)
            clock[0] += 1_000  # the keep model is learnt anew
    return float(np.mean(memory.kept)), float(np.mean(paid))


def _draw_request(number: int, month: int) -> dict[str, Any]:
    rng = Random(f"season {number} {month}")
    return {"budget": rng.choice(("250", "350", "500"))} if rng.random() < 0.4 else {}


@dataclass(frozen=True)
class _Taste:
    """What a client hides: a standardised liking of each item, by the log of how readily they take it, and the log of
    its price over what they are at ease with."""

    client_id: str
    liking: dict[str, float]
    ease: dict[str, float]

    @classmethod
    def of(cls, person: Person, truth: Mapping[str, ItemRow]) -> Self:
        readily = np.log([person.taste.compute_liking(row) for row in truth.values()])
        liking = np.clip((readily - readily.mean()) / readily.std(), -3, 3)
        ease = {item_id: log(float(row.price) / person.taste.price) for item_id, row in truth.items()}
        return cls(person.row.client_id, dict(zip(truth, liking.tolist(), strict=True)), ease)


def _answer(model: str, taste: _Taste, box: Sequence[FixItem], month: int) -> list[bool]:
    """Say what the client keeps."""
    sent = SentPieces(
        np.array([ROLES.index(item.role) for item in box], np.int64),
        np.array([taste.liking[item.item_id] for item in box]),
        np.array([Random(f"body {taste.client_id} {item.item_id}").gauss(0, 0.6) for item in box]),
        np.array([taste.ease[item.item_id] for item in box]),
        np.full(len(box), Random(taste.client_id).gauss(0, 1)),
    )
    chances = compute_chances(model, sent).tolist() if box else []
    draws = [Random(f"keeps {taste.client_id} {month} {item.item_id}").random() for item in box]
    return [draw < chance for draw, chance in zip(draws, chances, strict=True)]


def choose_as_before(memory: Memory, wish: FixWish, candidates: Sequence[FixItem]) -> list[FixItem]:
    """Choose by the rule before there were roles: p(like) by Platt scaling times p(fit), which is 1 without a size."""
    slope, intercept = _fit_platt(memory)
    p_fit = np.array([item.p_fit if item.size else 1.0 for item in candidates])
    liking = np.array([item.liking for item in candidates])
    return _fill(wish, candidates, p_fit / (1 + np.exp(-(slope * liking + intercept))))


def choose_greedily(_memory: Memory, wish: FixWish, candidates: Sequence[FixItem]) -> list[FixItem]:
    """Take what the ranking likes best, one after another, as long as two of a category, slots and budget allow."""
    box: list[FixItem] = []
    left = to_cents(wish.budget)
    for item in sorted(candidates, key=lambda item: -item.liking):
        alike = sum(taken.category == item.category for taken in box)
        if alike < wish.category_cap and len(box) < wish.slots and (left is None or item.price_cents <= left):
            box.append(item)
            left = None if left is None else left - item.price_cents
    return box


def _fill(wish: FixWish, candidates: Sequence[FixItem], score: Floats) -> list[FixItem]:
    kinds = {category: number for number, category in enumerate({item.category: 0 for item in candidates})}
    chosen = assemble_one(
        score,
        np.array([item.price_cents for item in candidates], np.int64),
        np.array([kinds[item.category] for item in candidates], np.int64),
        wish.slots,
        to_cents(wish.budget),
        to_cents(wish.item_cap),
        wish.category_cap,
    )
    return [candidates[index] for index in chosen.tolist()]


def _fit_platt(memory: Memory) -> tuple[float, float]:
    """Fit slope and intercept of p(like), with the prior of the time: .5 and 0, deviations .5 and 1."""
    if not memory.kept:
        return 0.5, 0.0
    liking = np.array([item.liking for item in memory.pieces])
    fits = np.clip([item.p_fit if item.size else 1.0 for item in memory.pieces], 1e-6, 1 - 1e-6)
    kept = np.array(memory.kept)

    def loss(at: Floats) -> float:
        p = fits / (1 + np.exp(-(at[0] * liking + at[1])))
        return float(-np.log(np.where(kept, p, 1 - p)).sum() + 2 * (at[0] - 0.5) ** 2 + at[1] ** 2 / 2)

    slope, intercept = minimize(loss, np.array([0.5, 0.0]), method="Nelder-Mead").x
    return float(slope), float(intercept)


RULES: Final[dict[str, Choose | None]] = {"ours": None, "before": choose_as_before, "greedy": choose_greedily}
