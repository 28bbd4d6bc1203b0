"""Judge a challenger by its trial against the champion."""

from __future__ import annotations

from typing import Any

from domain.promotion import judge_challenger
from services.training.trials import ChampionTrial
from store.learning.artefacts import Artefact


def judge_trial(trial: ChampionTrial, champion: Artefact | None) -> dict[str, Any]:
    """Judge a trial: the verdict with its figures, as the fields of a `SlotOutcome`."""
    verdict, interval = judge_challenger(trial.tried - trial.served, first=champion is None)
    about: dict[str, Any] = {"verdict": verdict, "measure": trial.measure, "clients": len(trial.tried)}
    if interval is None:
        return about
    means = {"served": float(trial.served.mean()), "tried": float(trial.tried.mean()), "difference": interval.value}
    return about | {
        name: round(value, 6) for name, value in (means | {"low": interval.low, "high": interval.high}).items()
    }
