"""The style quiz on the client's own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Engine

from domain import permissions
from domain.consent import may_personalise
from domain.histories import Quiz
from domain.permissions import Action
from domain.quiz import LISTS, QuizQuestion, build_questions
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.catalogue import Item
from models.client_pages import QuizAnswers
from models.clients import Client
from models.consents import Purpose
from models.events import Event, QuizAnswered
from services.client_pages.access import open_client_page
from services.client_pages.consent import PurposeQuestion, build_consent_events, list_purposes
from services.ingestion.intake import accept_events
from store.activity import write_activity
from store.clients import clients
from store.clients.interactions import load_quiz
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy

SOURCE: Final = "quiz"


class QuizPage(NamedTuple):
    """What the page of the quiz shows."""

    questions: list[QuizQuestion]
    purposes: list[PurposeQuestion]


def load_quiz_page(
    engine: Engine, policy: ShopPolicy, client_id: ClientId, n: int, items: Sequence[Item], now: datetime
) -> QuizPage:
    """Load the quiz of a client, as a link of mail `n` opens it. Raises as `open_client_page`."""
    with read_transaction(engine) as connection:
        client = open_client_page(connection, policy.signing_key, client_id, n, now)
        before = load_quiz(connection, client_id)
    return QuizPage(build_questions(items, _add_sizes(before, client), policy.currency), list_purposes(client))


def _add_sizes(before: Quiz, client: Client) -> Quiz:
    return before if before.sizes else replace(before, sizes=client.sizes)


def save_quiz(
    engine: Engine,
    actor: Actor,
    policy: ShopPolicy,
    client_id: ClientId,
    n: int,
    answers: QuizAnswers,
    items: Sequence[Item],
    now: datetime,
    real_now: datetime,
) -> bool:
    """Save a client's answers; return whether they may choose what the client sees. What the page did not offer is left
    out, and answers that say nothing new change nothing.

    Raises NotAllowed, and as `open_client_page`.
    """
    permissions.require(actor, Action.ANSWER_QUIZ)
    with write_transaction(engine) as connection:
        client = open_client_page(connection, policy.signing_key, client_id, n, now)
        before = load_quiz(connection, client_id)
        offered = build_questions(items, _add_sizes(before, client), policy.currency)
        batch: list[Event] = []
        quiz = _keep_offered(answers, offered)
        if quiz != before:
            batch.append(_build_event(client_id, quiz, answers, before, now))
        wanted = {Purpose.PERSONALISATION: answers.personalisation, Purpose.MEASUREMENT: answers.measurement}
        batch += build_consent_events(client, wanted, SOURCE, now)
        if not batch:
            return may_personalise(client.purposes)
        accept_events(connection, batch, policy, now, real_now)
        data = {"answered": sorted(name for name in LISTS if getattr(quiz, name)), "events": len(batch)}
        subject = Subject(kind=SubjectKind.CLIENT, id=client_id)
        write_activity(connection, actor, Action.ANSWER_QUIZ, subject, now, real_now, data)
        return may_personalise(clients.require_client(connection, client_id).purposes)


def _keep_offered(answers: QuizAnswers, offered: Sequence[QuizQuestion]) -> Quiz:
    allowed = {question.name: {option.value for option in question.options} for question in offered}
    lists = {
        name: tuple(word for word in getattr(answers, name) if word in allowed.get(name, ()))[:20] for name in LISTS
    }
    return Quiz(**lists, budget_cents=answers.budget_cents)


def _build_event(client_id: ClientId, quiz: Quiz, answers: QuizAnswers, before: Quiz, now: datetime) -> QuizAnswered:
    key = sha256(f"{client_id} {quiz} {before} {now}".encode()).hexdigest()[:40]
    lists = {name: getattr(quiz, name) for name in LISTS}
    return QuizAnswered(event_id=f"quiz.{key}", client_id=client_id, occurred_at=now, **lists, budget=answers.budget)
