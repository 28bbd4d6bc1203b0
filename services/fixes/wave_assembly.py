"""Assemble all boxes of a wave together: load its parts, save its turns, its boxes and its prices."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, Engine

from algorithms.assembly import checks, parts
from algorithms.assembly.model import Wave
from algorithms.assembly.wave import AssemblyResult, WavePart, WaveProgress
from errors import NotFound
from models.waves import WaveState, WaveStep, WaveTurn
from services.context import ServiceContext
from store.catalogue import availability
from store.database import read_transaction, write_transaction
from store.fixes import stock_prices, waves


def save_stock(connection: Connection, wave: str, now: datetime) -> None:
    """Save the stock as it is now. The first look stands: other parts may have used it since."""
    with suppress(NotFound):
        waves.load_arrays(connection, wave, "shelf")
        return
    problems = _load_problems(connection, wave)
    skus = np.unique(np.concatenate([problem["skus"] for problem in problems]))
    free = availability.count_free(connection, skus.tolist())
    on_hand = np.array([max(0, free.get(sku, 0)) for sku in skus.tolist()], np.int64)
    waves.save_arrays(connection, wave, "shelf", {"skus": skus, "on_hand": on_hand} | parts.build_layout(problems), now)


def _load_problems(connection: Connection, wave: str) -> list[parts.Arrays]:
    count = len(waves.load_wave(connection, wave).plan["parts"])
    return [waves.load_arrays(connection, wave, f"problem/{index}") for index in range(count)]


def _save_boxes(
    connection: Connection, wave: str, all_parts: list[WavePart], progress: WaveProgress, now: datetime
) -> None:
    """Save the boxes by part, the prices for single requests, and the figures of the wave so far."""
    best, whole = progress.best, parts.join_parts(all_parts)
    for index, part in enumerate(all_parts):
        waves.save_arrays(connection, wave, f"box/{index}", {"chosen": parts.select_own(part, best.chosen)}, now)
    _save_prices(connection, wave, whole, best, now)
    report = waves.parse_report(waves.load_wave(connection, wave)).model_copy(update=_compute_figures(whole, progress))
    waves.save_report(connection, wave, WaveState.PROPOSING, report)


def _save_prices(connection: Connection, wave: str, whole: Wave, best: AssemblyResult, now: datetime) -> None:
    skus = waves.load_arrays(connection, wave, "shelf")["skus"].tolist()
    left_over = whole.on_hand - np.bincount(whole.sku[best.chosen], minlength=len(skus))
    usual = float(whole.score.mean()) if len(whole.score) else 0.0
    prices, free = (dict(zip(skus, values.tolist(), strict=True)) for values in (best.prices, left_over))
    stock_prices.replace_prices(connection, wave, prices, free, usual, now)


def _compute_figures(wave: Wave, progress: WaveProgress) -> dict[str, float]:
    best = progress.best
    filled, unfilled = checks.count_slots(wave, best.chosen)
    return {
        "assembled": len(np.unique(wave.client[best.chosen])),
        "lacking": len(checks.find_lacking_clients(wave, best.chosen)),
        "objective": best.objective,
        "bound": best.bound,
        "gap": best.gap,
        "filled": filled,
        "unfilled": unfilled,
    }


def load_parts(engine: Engine, wave: str) -> list[WavePart]:
    """Load the parts of a wave, each with its share of the stock."""
    with read_transaction(engine) as connection:
        stock = waves.load_arrays(connection, wave, "shelf")
        return [
            parts.build_part(problem, stock, index) for index, problem in enumerate(_load_problems(connection, wave))
        ]


def save_progress(
    context: ServiceContext, step: WaveStep, all_parts: list[WavePart], progress: WaveProgress
) -> WaveTurn:
    """Save how far the assembly is, and the boxes once it is done."""
    with write_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, step.at)
        waves.save_arrays(connection, step.wave, f"turn/{progress.turn}", parts.dump_progress(progress), now)
        if progress.done:
            _save_boxes(connection, step.wave, all_parts, progress, now)
        else:
            report = waves.parse_report(waves.load_wave(connection, step.wave))
            waves.save_report(connection, step.wave, WaveState.ASSEMBLING, report)
    return WaveTurn(parts=len(all_parts), turn=progress.turn, asked=not progress.done)
