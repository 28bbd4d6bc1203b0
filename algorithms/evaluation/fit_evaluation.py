"""The evaluation of the fit model: trained on feedback until a day, judged on the feedback after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from algorithms.evaluation.fit_boosting import predict_by_boosting
from algorithms.fit.comparison import compute_log_loss, predict_by_item_rate, round_known
from algorithms.fit.model import FitModel
from algorithms.fit.names import Names
from algorithms.fit.rows import FIT, Feedback
from algorithms.risk.calibration import auc, calibration_error, reliability
from domain.arrays import Flags, Floats, Ints
from errors import BadInput

MODEL: Final = "fit"
BOOSTING: Final = "gradient_boosting"
ITEM_RATE: Final = "item_rate"
DRAWS: Final = 200

Progress = Callable[[str], None]


def evaluate(feedback: Feedback, day: int, seed: int = 42, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Evaluate the model beside the item's share of misfits and gradient boosting, on the same rows.

    `auc` is of misfit (small or large); intervals are the middle 95 % over clients drawn with replacement, the same
    draws for all. `log_loss` is of the three outcomes. `progress` is called with a sentence before each step. Raises
    BadInput when there is nothing to judge.
    """
    if feedback.day is None:
        raise BadInput("days are needed to hold some out", "occurred_at")
    past, later = feedback.select(feedback.day <= day), feedback.select(feedback.day > day)
    for part, what in ((past, "of that day or earlier: nothing can be learnt"), (later, "later: nothing is held out")):
        if not len(part):
            raise BadInput(f"no feedback is {what}", "until")
    chances = _predict_chances(past, later, seed, progress)
    progress("drawing clients again")
    wrong, draws = later.fit != FIT, _draw_clients(later.rows.client.code, seed)
    aucs = {name: np.array(list(_compute_aucs(wrong, 1 - three[:, FIT], draws))) for name, three in chances.items()}
    return {
        "learnt_from": len(past),
        "held_out": len(later),
        "share_misfit": round(float(wrong.mean()), 4),
        "seed": seed,
        "algorithms": {name: _build_figures(later.fit, three, aucs[name]) for name, three in chances.items()},
        "gain_over_boosting": _compute_interval(aucs[MODEL] - aucs[BOOSTING]),
        "cold": _evaluate_cold(past, later, chances),
    }


def _predict_chances(past: Feedback, later: Feedback, seed: int, progress: Progress) -> dict[str, Floats]:
    progress(f"learning from {len(past):,} rows")
    result = {MODEL: FitModel.train(past).predict_rows(later.rows), ITEM_RATE: predict_by_item_rate(past, later.rows)}
    progress("learning gradient boosting, to compare with")
    return result | {BOOSTING: predict_by_boosting(past, later.rows, seed)}


def _build_figures(outcome: Ints, three: Floats, samples: Floats) -> dict[str, Any]:
    wrong, chance = outcome != FIT, 1 - three[:, FIT]
    return {
        "auc": round_known(auc(wrong, chance)),
        "auc_interval": _compute_interval(samples),
        "log_loss": compute_log_loss(outcome, three),
        "calibration_error": round_known(calibration_error(wrong, chance)),
        "foretold": round_known(float(chance.mean())),
        "reliability": [
            [bin_.clients, round(bin_.predicted, 4), round(bin_.observed, 4)] for bin_ in reliability(wrong, chance)
        ],
    }


def _evaluate_cold(past: Feedback, later: Feedback, chances: dict[str, Floats]) -> dict[str, Any]:
    """Evaluate the rows of new clients and of new items: how many there are, and the AUC there."""
    names = Names.build(past.rows)
    at, wrong = names.find_indices(later.rows), later.fit != FIT
    slices = {"clients": at.client < 0, "items": at.item < 0}
    return {name: _evaluate_slice(rows, wrong, chances) for name, rows in slices.items()}


def _evaluate_slice(rows: Flags, wrong: Flags, chances: dict[str, Floats]) -> dict[str, Any]:
    result = {name: round_known(auc(wrong[rows], 1 - three[rows, FIT])) for name, three in chances.items()}
    return {"rows": int(rows.sum()), "auc": result}


def _draw_clients(client: Ints, seed: int) -> list[Ints]:
    """Draw clients with replacement; each draw says how often each row is in it."""
    rng, (known, index) = np.random.default_rng(seed), np.unique(client, return_inverse=True)
    times = [np.bincount(rng.integers(0, len(known), len(known)), minlength=len(known)) for _ in range(DRAWS)]
    return [time[index] for time in times]


def _compute_aucs(wrong: Flags, score: Floats, draws: list[Ints]) -> Iterator[float]:
    """Compute the AUC with each row as often as a draw has it."""
    levels, index = np.unique(score, return_inverse=True)
    for times in draws:
        yes, no = (np.bincount(index, times * outcome, len(levels)) for outcome in (wrong, ~wrong))
        total = yes.sum() * no.sum()
        yield float(yes @ (no.cumsum() - no / 2)) / total if total else float("nan")


def _compute_interval(samples: Floats) -> list[float] | None:
    return (
        None
        if np.isnan(samples).all()
        else [round(value, 4) for value in np.nanpercentile(samples, [2.5, 97.5]).tolist()]
    )
