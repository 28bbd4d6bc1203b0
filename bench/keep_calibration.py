"""How well p(keep) is calibrated in each role, on feedback simulated by models that it does not read."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np

from algorithms.fit.model import FitModel
from algorithms.fit.rows import CATEGORY, FIT
from bench.fit import CUTS, RENTALS, read_rentals
from bench.responses import MODELS, ROLES, SIZED, SentPieces, compute_chances
from domain.arrays import Flags, Floats
from domain.fixes.keep_model import USUAL_FIT, KeepFacts, fit_keep_model
from domain.fixes.roles import find_role
from models.box_roles import BoxRole

LEARN: Final = 20_000
"""Outcomes to learn from, as many as the product takes."""
TEST: Final = 160_000
BINS: Final = 10
LEAST_IN_BIN: Final = 400
"""In a smaller bin chance alone moves the rate by more than what is measured."""
FEWEST: Final = 500
CATEGORIES: Final = 3
"""Categories of each role, each with a rate of its own."""


def measure() -> dict[str, float]:
    """Measure the calibration error of the worst role under each response model, and of today's rule beside it."""
    figures: dict[str, float] = {}
    for number, model in enumerate(MODELS):
        facts, kept = simulate_outcomes(model, LEARN + TEST, 11 + number)
        learnt = fit_keep_model(_select(facts, slice(None, LEARN)), kept[:LEARN])
        held_out = _select(facts, slice(LEARN, None))
        errors = compute_role_errors(held_out, learnt.predict(held_out), kept[LEARN:])
        figures[f"boxes_keep_{model}_calibration_error"] = round(max(errors.values()), 4)
        plain = np.where(held_out.p_fit == USUAL_FIT, 1.0, held_out.p_fit) / (1 + np.exp(-0.5 * held_out.liking))
        before = compute_role_errors(held_out, plain, kept[LEARN:])
        figures[f"boxes_keep_{model}_unlearnt_error"] = round(max(before.values()), 4)
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    if folder and (Path(folder) / RENTALS).exists():
        figures["boxes_fit_rentals_calibration_error"] = round(measure_rentals(Path(folder) / RENTALS), 4)
    return figures


def measure_rentals(path: Path) -> float:
    """Measure the largest calibration error of p(fit) in a role, on rentals held out after the first cut of
    `bench.fit`; roles with fewer than FEWEST rentals are left out."""
    feedback = read_rentals(path)
    assert feedback.day is not None
    cut = date.fromisoformat(CUTS[0]).toordinal() - date(1970, 1, 1).toordinal()
    later = feedback.day > cut
    held_out = feedback.select(later)
    p_fit = FitModel.train(feedback.select(~later)).predict_rows(held_out.rows)[:, FIT]
    column = held_out.rows.further[CATEGORY]
    names = [find_role(str(column.values[code])) if code >= 0 else BoxRole.OTHER for code in column.code.tolist()]
    roles, fits = np.array([str(name) for name in names]), (held_out.fit == FIT).astype(np.float64)
    large = [role for role in np.unique(roles).tolist() if (roles == role).sum() >= FEWEST]
    return max(_compute_error(p_fit, fits, roles == role) for role in large)


def simulate_outcomes(model: str, n: int, seed: int) -> tuple[KeepFacts, Floats]:
    """Simulate n pieces that were sent, as the shop sees them, and whether each was kept."""
    rng = np.random.default_rng(seed)
    role, leaning = rng.integers(0, len(ROLES), n), rng.normal(size=n)
    taste = rng.normal(0.6, 1.0, n)
    liking = np.clip(0.9 + 0.55 * (taste - 0.6) + 0.7 * rng.normal(size=n), -3, 3)
    off = rng.normal(0, 0.7, n)
    seen = np.abs(off + 0.35 * rng.normal(size=n))
    p_fit = np.where(SIZED[role], np.clip(0.95 - 0.45 * seen, 0.1, 0.95), USUAL_FIT)
    price, purse = rng.normal(0, 0.45, n), rng.normal(0, 0.35, n)
    reach = price - purse + 0.25 * rng.normal(size=n)
    kind = rng.integers(0, CATEGORIES, n)
    taste = taste + np.array([-0.4, 0.0, 0.5])[kind]
    chances = compute_chances(model, SentPieces(role, taste, off, price - purse, leaning))
    facts = KeepFacts(
        [ROLES[index] for index in role.tolist()],
        [f"{ROLES[index]} {own}" for index, own in zip(role.tolist(), kind.tolist(), strict=True)],
        liking, p_fit, price, reach, rng.integers(0, 2, n).astype(np.float64),
    )  # fmt: skip
    return facts, (rng.random(n) < chances).astype(np.float64)


def compute_role_errors(facts: KeepFacts, predicted: Floats, kept: Floats) -> dict[str, float]:
    """Compute the expected calibration error of each role, over BINS bins of equally many pieces."""
    roles = np.array([str(role) for role in facts.role])
    return {role: _compute_error(predicted, kept, roles == role) for role in np.unique(roles).tolist()}


def _compute_error(predicted: Floats, kept: Floats, rows: Flags) -> float:
    order = np.argsort(predicted[rows], kind="stable")
    bins = np.array_split(order, min(BINS, max(1, len(order) // LEAST_IN_BIN)))
    gaps = [abs(predicted[rows][part].mean() - kept[rows][part].mean()) * len(part) for part in bins if len(part)]
    return float(sum(gaps) / max(1, len(order)))


def _select(facts: KeepFacts, rows: slice) -> KeepFacts:
    return KeepFacts(*(column[rows] for column in facts))  # type: ignore[arg-type]
