"""The house learns from what visitors did with the pages that it ordered, whichever algorithm ordered them.

Each decision teaches once, when the while in which touches count for it is over. No lock is held while it is worked
out: whoever keeps a lesson first has taught it, and the others look again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from algorithms.sessions.posterior import Beliefs
from algorithms.sessions.training_examples import taught
from domain.sessions import WITHIN, Shown, Taken, credited
from store.database import read_transaction, write_transaction
from store.learning import posteriors, session_answers
from store.learning.posteriors import EARLIEST, Kept
from store.learning.session_answers import SLOT

BATCH: Final = 200
"""Answers of one lesson."""


def believed(connection: Connection) -> tuple[Kept, Beliefs]:
    """What is kept, and what it says; anew from all answers on record where a release has changed the features."""
    kept = posteriors.get(connection, SLOT)
    known = None if kept.state is None else Beliefs.restored(kept.state, kept.version)
    if known is None and kept.state is not None:
        kept = kept.model_copy(update={"at": EARLIEST, "decision": "", "lessons": 0})
    return kept, known or Beliefs.first()


def learn(engine: Engine, now: datetime, most: int = BATCH) -> int:
    """Learn from all answers whose while is over at business `now`; how many taught in this call."""
    done = 0
    while True:
        with read_transaction(engine) as connection:
            kept, known = believed(connection)
            answers = session_answers.shown(connection, (kept.at, kept.decision), now - WITHIN, most)
            rows = taught(answers, credit_of(connection, answers))
        if not answers or not _kept(engine, kept, known.learnt(*rows).state(), answers):
            return done
        done += len(answers)


def credit_of(connection: Connection, answers: list[Shown]) -> dict[str, list[Taken]]:
    """What counts for each of these answers, which follow each other in time."""
    if not answers:
        return {}
    clients = {answer.client_id for answer in answers}
    begin, end = answers[0].at, answers[-1].at + WITHIN
    later = {client.id: client for client in session_answers.of_clients(connection, clients, begin, end)}
    both = later | {answer.id: answer for answer in answers}
    return credited(both.values(), session_answers.taken(connection, clients, begin, end))


def _kept(engine: Engine, kept: Kept, state: dict[str, Any], answers: list[Shown]) -> bool:
    last = answers[-1]
    with write_transaction(engine) as connection:
        return posteriors.replace(connection, SLOT, kept, state, last.at, last.id, kept.lessons + len(answers))
