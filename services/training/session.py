"""Update the built-in page order's posterior with what visitors did on ordered pages, whichever algorithm ordered them.

Each decision counts once, when the time in which interactions are credited to it is over. No lock is held during the
computation: whoever saves an update first wins, and the others load again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from algorithms.sessions.posterior import SessionPosterior
from algorithms.sessions.training_examples import build_training_examples
from domain.sessions import CREDIT_WINDOW, SessionAction, SessionImpression, credit_actions
from store.database import read_transaction, write_transaction
from store.learning import posteriors, session_answers
from store.learning.posteriors import EARLIEST, StoredPosterior
from store.learning.session_answers import SLOT

BATCH: Final = 200
"""Answers of one update."""


def load_posterior(connection: Connection) -> tuple[StoredPosterior, SessionPosterior]:
    """Load the saved row and its posterior; a fresh one, to be fitted to all answers on record, where a release has
    changed the features."""
    saved = posteriors.load_posterior(connection, SLOT)
    posterior = None if saved.state is None else SessionPosterior.from_state(saved.state, saved.version)
    if posterior is None and saved.state is not None:
        saved = saved.model_copy(update={"at": EARLIEST, "decision": "", "lessons": 0})
    return saved, posterior or SessionPosterior.build_prior()


def update_posterior(
    engine: Engine, now: datetime, most: int = BATCH, more: Callable[[int], None] = lambda _: None
) -> int:
    """Update with all answers whose time is over at business `now`; return how many this call used."""
    done = 0
    while True:
        with read_transaction(engine) as connection:
            saved, posterior = load_posterior(connection)
            answers = session_answers.load_answers(connection, (saved.at, saved.decision), now - CREDIT_WINDOW, most)
            rows = build_training_examples(answers, credit_answers(connection, answers))
        if not answers or not _save_posterior(engine, saved, posterior.update(*rows).to_state(), answers):
            return done
        done += len(answers)
        more(len(answers))


def credit_answers(connection: Connection, answers: list[SessionImpression]) -> dict[str, list[SessionAction]]:
    """Credit interactions to each of these answers, which follow each other in time."""
    if not answers:
        return {}
    clients = {answer.client_id for answer in answers}
    begin, end = answers[0].at, answers[-1].at + CREDIT_WINDOW
    later = {client.id: client for client in session_answers.load_client_answers(connection, clients, begin, end)}
    both = later | {answer.id: answer for answer in answers}
    return credit_actions(both.values(), session_answers.load_responses(connection, clients, begin, end))


def _save_posterior(
    engine: Engine, saved: StoredPosterior, state: dict[str, Any], answers: list[SessionImpression]
) -> bool:
    last = answers[-1]
    with write_transaction(engine) as connection:
        return posteriors.replace_posterior(
            connection, SLOT, saved, state, last.at, last.id, saved.lessons + len(answers)
        )
