"""Score every client as of a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Engine

from algorithms.engagement import ALGORITHM, ClientAssessments, apply_risk_model, assess_all, fit_population
from algorithms.risk.risk_model import RiskModel
from domain.engagement import EngagementRules
from domain.histories import Histories
from errors import BadInput
from services.assessment.engagement import EngagementService
from services.assessment.engagement_batch import apply_algorithm
from services.assessment.scoring import RISK_SLOT, load_model
from services.decisions.decider import Decider
from store.clients import histories
from store.database import read_transaction
from store.learning import artefacts

Advance = Callable[[int], None]


class ClientScores(NamedTuple):
    """The scores of `ids`, in the same order, and what they were computed from and by."""

    ids: list[str]
    scores: ClientAssessments
    source: str
    algorithm: str


def score_clients(
    engine: Engine,
    home: Path,
    at: datetime,
    horizon: float,
    begin_step: Callable[[str, str], None] = lambda *_: None,
    advance: Advance = lambda _: None,
    decider: Decider | None = None,
) -> ClientScores:
    """Score everybody as of `at`, with orders expected over `horizon` days.

    An algorithm of the slot `engagement` is asked in batches; nothing is recorded, since nobody's life follows from it.
    The risk model that serves is used when it was learnt from nothing later than `at`.
    Raises: BadInput when nobody was a client by then.
    """
    rules = EngagementRules()
    ids, known, source = _load_histories(engine, rules, at, begin_step, advance)
    if not ids:
        raise BadInput(f"nobody was a client by {at:%Y-%m-%d %H:%M} UTC; see selvedge import clients", "as_of")
    begin_step("assessing", "clients")
    population = fit_population(known, at.timestamp())
    scores = assess_all(rules, known, at.timestamp(), population, horizon)
    service, algorithm = EngagementService(rules, decider), ALGORITHM
    if service.has_algorithm():
        begin_step("asking", "clients")
        scores, names = apply_algorithm(engine, service, rules, ids, known, scores, at, advance)
        algorithm = "+".join([*sorted(names), ALGORITHM])
    model, version = _load_risk_model(engine, home, at)
    if model is not None:
        scores = apply_risk_model(rules, known, at.timestamp(), model, horizon, scores)
    return ClientScores(ids, scores, source, f"{algorithm}+{version}" if model else algorithm)


def _load_risk_model(engine: Engine, home: Path, at: datetime) -> tuple[RiskModel | None, str]:
    with read_transaction(engine) as connection:
        live = artefacts.find_live(connection, RISK_SLOT)
    if live is None or live.window_until is None or live.window_until > at:
        return None, ""
    return load_model(home, live), live.id


def _load_histories(
    engine: Engine, rules: EngagementRules, at: datetime, begin_step: Callable[[str, str], None], advance: Advance
) -> tuple[list[str], Histories, str]:
    """Load everybody's statistics as of `at`: the stored ones when nothing happened since, else from the events."""
    with read_transaction(engine) as connection:
        latest = histories.find_latest_event(connection)
        if latest is None or latest <= at:
            begin_step("reading statistics", "clients")
            return *histories.load_histories(connection, at, advance), "statistics"
        begin_step(f"reading events up to {at:%Y-%m-%d %H:%M}", "events")
        return *histories.replay_histories(connection, rules, at, advance), "events"
