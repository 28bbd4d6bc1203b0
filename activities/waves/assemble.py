"""Assemble all boxes of a wave together, by turns: parts answer at given prices, then it is put together."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

import numpy as np
from sqlalchemy import Connection
from temporalio import activity

from activities.heartbeat import beating
from algorithms.assembly import checks, parts
from algorithms.assembly.model import Wave
from algorithms.assembly.wave import Assembled, Part, WaveProgress, answered, opened, settled
from errors import NotFound
from models.waves import WaveState, WaveStep, WaveTurn
from services.context import ServiceContext
from store.catalogue import availability
from store.database import read_transaction, write_transaction
from store.fixes import stock_prices, waves


class AssembleWave:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def open_wave(self, step: WaveStep) -> WaveTurn:
        """Take the stock as it is now, for all parts and to the end; and price it."""
        with beating():
            with write_transaction(self._context.engine) as connection:
                _, now = self._context.business_time(connection, step.at)
                _take_shelf(connection, step.wave, now)
            every = self._parts(step.wave)
            return self._stands(step, every, opened(parts.whole(every)))

    @activity.defn
    def answer_wave_part(self, step: WaveStep) -> WaveTurn:
        """What one part answers in this turn."""
        with beating():
            with read_transaction(self._context.engine) as connection:
                _, now = self._context.business_time(connection, step.at)
                shelf = waves.take(connection, step.wave, "shelf")
                asked = waves.take(connection, step.wave, f"problem/{step.part}")
                standing = parts.standing_of(waves.take(connection, step.wave, f"turn/{step.turn}"))
            made = answered(parts.part_of(asked, shelf, step.part), standing, int(shelf["clients"][-1]))
            with write_transaction(self._context.engine) as connection:
                name = f"answer/{step.turn}/{step.part}"
                waves.put(connection, step.wave, name, parts.answer_arrays(made), now)
        return WaveTurn(parts=1, turn=step.turn)

    @activity.defn
    def settle_wave(self, step: WaveStep) -> WaveTurn:
        """Put the answers of this turn together. At the end the prices are kept and the boxes stand."""
        with beating():
            every = self._parts(step.wave)
            with read_transaction(self._context.engine) as connection:
                standing = parts.standing_of(waves.take(connection, step.wave, f"turn/{step.turn}"))
                names = [f"answer/{step.turn}/{each}" for each in range(len(every))]
                answers = [parts.answer_of(waves.take(connection, step.wave, name)) for name in names]
            return self._stands(step, every, settled(parts.whole(every), standing, answers))

    def _parts(self, wave: str) -> list[Part]:
        with read_transaction(self._context.engine) as connection:
            shelf = waves.take(connection, wave, "shelf")
            return [parts.part_of(asked, shelf, place) for place, asked in enumerate(_asked(connection, wave))]

    def _stands(self, step: WaveStep, every: list[Part], standing: WaveProgress) -> WaveTurn:
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            waves.put(connection, step.wave, f"turn/{standing.turn}", parts.standing_arrays(standing), now)
            if standing.done:
                _keep(connection, step.wave, every, standing, now)
            else:
                told = waves.report_of(waves.get(connection, step.wave))
                waves.keep(connection, step.wave, WaveState.ASSEMBLING, told)
        return WaveTurn(parts=len(every), turn=standing.turn, asked=not standing.done)


def _take_shelf(connection: Connection, wave: str, now: datetime) -> None:
    """The first look at the stock stands: an attempt that died may have told others of it."""
    with suppress(NotFound):
        waves.take(connection, wave, "shelf")
        return
    asked = _asked(connection, wave)
    skus = np.unique(np.concatenate([each["skus"] for each in asked]))
    free = availability.free(connection, skus.tolist())
    on_hand = np.array([max(0, free.get(sku, 0)) for sku in skus.tolist()], np.int64)
    waves.put(connection, wave, "shelf", {"skus": skus, "on_hand": on_hand} | parts.layout(asked), now)


def _asked(connection: Connection, wave: str) -> list[parts.Arrays]:
    count = len(waves.get(connection, wave).plan["parts"])
    return [waves.take(connection, wave, f"problem/{each}") for each in range(count)]


def _keep(connection: Connection, wave: str, every: list[Part], standing: WaveProgress, now: datetime) -> None:
    """The boxes by part, the prices for single requests, and what is known of the wave so far."""
    best, one = standing.best, parts.whole(every)
    for place, part in enumerate(every):
        waves.put(connection, wave, f"box/{place}", {"chosen": parts.mine(part, best.chosen)}, now)
    _keep_prices(connection, wave, one, best, now)
    told = waves.report_of(waves.get(connection, wave)).model_copy(update=_figures(one, standing))
    waves.keep(connection, wave, WaveState.PROPOSING, told)


def _keep_prices(connection: Connection, wave: str, one: Wave, best: Assembled, now: datetime) -> None:
    skus = waves.take(connection, wave, "shelf")["skus"].tolist()
    left = one.on_hand - np.bincount(one.sku[best.chosen], minlength=len(skus))
    usual = float(one.score.mean()) if len(one.score) else 0.0
    prices, free = (dict(zip(skus, each.tolist(), strict=True)) for each in (best.prices, left))
    stock_prices.put(connection, wave, prices, free, usual, now)


def _figures(one: Wave, standing: WaveProgress) -> dict[str, float]:
    best = standing.best
    filled, unfilled = checks.filled(one, best.chosen)
    return {
        "assembled": len(np.unique(one.client[best.chosen])),
        "lacking": len(checks.lacking(one, best.chosen)),
        "objective": best.objective,
        "bound": best.bound,
        "gap": best.gap,
        "filled": filled,
        "unfilled": unfilled,
    }
