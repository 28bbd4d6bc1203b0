"""How well misfits are foretold: learnt until a day, asked about what was tried after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from algorithms.fit.boosting import boosted, item_rates
from algorithms.fit.names import Names
from algorithms.fit.rows import FIT, Feedback
from algorithms.fit.serving import FitModel
from algorithms.risk.calibration import auc, calibration_error, reliability
from domain.arrays import Flags, Floats, Ints
from errors import BadInput

MODEL: Final = "fit"
BOOSTING: Final = "gradient_boosting"
ITEM_RATE: Final = "item_rate"
DRAWS: Final = 200

Told = Callable[[str], None]


def evaluate(feedback: Feedback, day: int, seed: int = 42, told: Told = lambda _: None) -> dict[str, Any]:
    """The figures of the model beside the item's share of misfits and gradient boosting, on the same rows.

    `auc` is of misfit (small or large); intervals are the middle 95 % over clients drawn with replacement, the same
    draws for all. `log_loss` is of the three answers. `told` hears of each step. Raises BadInput when there is nothing
    to judge.
    """
    if feedback.day is None:
        raise BadInput("days are needed to hold some out", "occurred_at")
    past, later = feedback.part(feedback.day <= day), feedback.part(feedback.day > day)
    for some, what in ((past, "of that day or earlier: nothing can be learnt"), (later, "later: nothing is held out")):
        if not len(some):
            raise BadInput(f"no feedback is {what}", "until")
    chances = _chances(past, later, seed, told)
    told("drawing clients again")
    wrong, draws = later.fit != FIT, _draws(later.rows.client.code, seed)
    aucs = {name: np.array(list(_aucs(wrong, 1 - three[:, FIT], draws))) for name, three in chances.items()}
    return {
        "learnt_from": len(past),
        "held_out": len(later),
        "share_misfit": round(float(wrong.mean()), 4),
        "seed": seed,
        "algorithms": {name: _figures(later.fit, three, aucs[name]) for name, three in chances.items()},
        "gain_over_boosting": _interval(aucs[MODEL] - aucs[BOOSTING]),
        "cold": _cold(past, later, chances),
    }


def compared(past: Feedback, later: Feedback) -> dict[str, float | None]:
    """The model's figures on `later`, and the AUC of the item's share of misfits; trees are not asked."""
    wrong, three = later.fit != FIT, FitModel.learnt(past).chances(later.rows)
    return {
        "auc": _round(auc(wrong, 1 - three[:, FIT])),
        "auc_item_rate": _round(auc(wrong, 1 - item_rates(past, later.rows)[:, FIT])),
        "log_loss": _log_loss(later.fit, three),
        "calibration_error": _round(calibration_error(wrong, 1 - three[:, FIT])),
    }


def _chances(past: Feedback, later: Feedback, seed: int, told: Told) -> dict[str, Floats]:
    told(f"learning from {len(past):,} rows")
    found = {MODEL: FitModel.learnt(past).chances(later.rows), ITEM_RATE: item_rates(past, later.rows)}
    told("learning gradient boosting, to compare with")
    return found | {BOOSTING: boosted(past, later.rows, seed)}


def _figures(said: Ints, three: Floats, drawn: Floats) -> dict[str, Any]:
    wrong, chance = said != FIT, 1 - three[:, FIT]
    return {
        "auc": _round(auc(wrong, chance)),
        "auc_interval": _interval(drawn),
        "log_loss": _log_loss(said, three),
        "calibration_error": _round(calibration_error(wrong, chance)),
        "foretold": _round(float(chance.mean())),
        "reliability": [
            [each.clients, round(each.foretold, 4), round(each.came, 4)] for each in reliability(wrong, chance)
        ],
    }


def _log_loss(said: Ints, three: Floats) -> float | None:
    return _round(float(-np.log(np.clip(three[np.arange(len(said)), said], 1e-9, 1.0)).mean()))


def _cold(past: Feedback, later: Feedback, chances: dict[str, Floats]) -> dict[str, Any]:
    """Rows of clients and of items that were never seen before: how many, and the AUC there."""
    names = Names.learnt(past.rows)
    at, wrong = names.places(later.rows), later.fit != FIT
    slices = {"clients": at.client < 0, "items": at.item < 0}
    return {name: _slice(rows, wrong, chances) for name, rows in slices.items()}


def _slice(rows: Flags, wrong: Flags, chances: dict[str, Floats]) -> dict[str, Any]:
    found = {name: _round(auc(wrong[rows], 1 - three[rows, FIT])) for name, three in chances.items()}
    return {"rows": int(rows.sum()), "auc": found}


def _draws(client: Ints, seed: int) -> list[Ints]:
    """How often each row is there in each draw."""
    rng, (known, place) = np.random.default_rng(seed), np.unique(client, return_inverse=True)
    times = [np.bincount(rng.integers(0, len(known), len(known)), minlength=len(known)) for _ in range(DRAWS)]
    return [time[place] for time in times]


def _aucs(wrong: Flags, score: Floats, draws: list[Ints]) -> Iterator[float]:
    """The AUC with each row as often as a draw has it."""
    levels, place = np.unique(score, return_inverse=True)
    for times in draws:
        yes, no = (np.bincount(place, times * some, len(levels)) for some in (wrong, ~wrong))
        total = yes.sum() * no.sum()
        yield float(yes @ (no.cumsum() - no / 2)) / total if total else float("nan")


def _interval(drawn: Floats) -> list[float] | None:
    return None if np.isnan(drawn).all() else [round(each, 4) for each in np.nanpercentile(drawn, [2.5, 97.5]).tolist()]


def _round(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
