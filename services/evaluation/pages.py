"""Off-policy evaluation of the slot `session`: algorithms are asked recorded questions again, and valued by what came
of pages whose order was randomised."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, cast

import numpy as np
from sqlalchemy import Connection, Engine

from algorithms.sessions import posterior as built_in
from algorithms.sessions.features import build_features
from algorithms.sessions.posterior import SessionPosterior
from algorithms.sessions.training_examples import build_training_examples
from algorithms.slots.batches import compute_batch_seconds, split_into_chunks
from algorithms.slots.guard import Member, decide_many
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import SLOTS
from domain.arrays import Floats
from domain.comparison.counterfactual import MIN_PROPENSITY
from domain.sessions import CREDIT_WINDOW, SessionImpression, compute_rewards, is_machine
from domain.statistics.off_policy import ips, snips
from errors import BadInput
from models.slots import SessionAnswer, SessionQuestion
from services.evaluation.trial_algorithms import open_members
from services.training.session import BATCH, credit_answers
from settings import Settings
from store.database import read_transaction
from store.learning import session_answers
from store.learning.posteriors import EARLIEST
from store.learning.session_answers import SLOT

FEWEST: Final = 2
MOST: Final = 20_000
"""Pages that are used, the first ones since the cut: a question is some KB, and so many are enough."""
AS_IT_CAME: Final = "as-it-came"
RANDOM: Final = "by-lot"


@dataclass
class RandomisedPages:
    """n pages whose order was randomised. `logged`: the propensity of the first item; `reward`: whether it was taken
    up."""

    questions: list[SessionQuestion] = field(default_factory=list)
    firsts: list[str] = field(default_factory=list)
    logged: list[float] = field(default_factory=list)
    reward: list[float] = field(default_factory=list)


def evaluate(
    engine: Engine,
    settings: Settings,
    names: Sequence[str],
    cut: datetime,
    until: datetime,
    *,
    progress: Callable[[str], None] = lambda _: None,
    more: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Estimate by IPS and SNIPS how often the first item of each algorithm would have been taken up from `cut` to
    `until` (business time): the champion, the named ones, the built-in learnt from the time before `cut`, the order
    that the items came in, and a random order.

    Raises BadInput when too few pages were randomised, or an algorithm is for another slot; NotFound when it does not
    exist.
    """
    with ExitStack() as stack:
        registry = Registry.from_settings(settings, serving=False)
        trial_members = open_members(stack, registry, names, SLOT)
        progress("reading the record")
        with read_transaction(engine) as connection:
            pages = _load_pages(connection, cut, until - CREDIT_WINDOW)
            if len(pages.firsts) < FEWEST:
                raise BadInput(f"fewer than {FEWEST} pages since {cut:%Y-%m-%d} were drawn by chance", "since")
            posterior = _fit_posterior(connection, cut)
        progress(f"asking about {len(pages.firsts):,} pages")
        estimates = {
            AS_IT_CAME: _estimate_value(
                pages, [_match(question.items[0].item_id, first) for question, first in _pair_questions(pages)]
            ),
            RANDOM: _estimate_value(pages, [1 / len(question.items) for question in pages.questions]),
            built_in.NAME: _estimate_value(
                pages, [_compute_propensity(posterior, question, first) for question, first in _pair_questions(pages)]
            ),
        } | {
            member.name: _evaluate_member(member, pages, registry.find_deadline(SLOT), more) for member in trial_members
        }
    period = {"cut": cut.isoformat(), "until": until.isoformat()}
    shown = {"pages": len(pages.firsts), "shown": float(np.mean(pages.reward))}
    return {"slot": SLOT, **period, **shown, "found": estimates}


def _load_pages(connection: Connection, cut: datetime, until: datetime) -> RandomisedPages:
    pages = RandomisedPages()
    for answers in _iterate_batches(connection, cut, until):
        credit = credit_answers(connection, answers)
        for answer in answers:
            touches = credit.get(answer.id, [])
            if answer.question is None or not answer.items or answer.chance < MIN_PROPENSITY or is_machine(touches):
                continue
            pages.questions.append(answer.question)
            pages.firsts.append(answer.items[0])
            pages.logged.append(answer.chance)
            pages.reward.append(float(answer.items[0] in compute_rewards(answer, touches)))
        if len(pages.firsts) >= MOST:
            break
    return pages


def _fit_posterior(connection: Connection, until: datetime) -> SessionPosterior:
    """Fit the built-in's posterior as of `until`, from the questions that are still stored."""
    posterior = SessionPosterior.build_prior()
    for answers in _iterate_batches(connection, EARLIEST, until - CREDIT_WINDOW):
        posterior = posterior.update(*build_training_examples(answers, credit_answers(connection, answers)))
    return posterior


def _iterate_batches(connection: Connection, after: datetime, until: datetime) -> Iterator[list[SessionImpression]]:
    position = after, ""
    while answers := session_answers.load_answers(connection, position, until, BATCH):
        yield answers
        position = answers[-1].at, answers[-1].id


def _pair_questions(pages: RandomisedPages) -> Iterator[tuple[SessionQuestion, str]]:
    return zip(pages.questions, pages.firsts, strict=True)


def _match(item: str, first: str) -> float:
    return float(item == first)


def _compute_propensity(posterior: SessionPosterior, question: SessionQuestion, first: str) -> float:
    chances = posterior.bandit.estimate_propensities(build_features(question), np.random.default_rng(question.seed))
    return float(chances[[item.item_id for item in question.items].index(first)])


def _evaluate_member(
    member: Member, pages: RandomisedPages, seconds: float, more: Callable[[int], None]
) -> dict[str, Any]:
    """Evaluate an algorithm by one answer for each page; one that randomises is valued by its own draw, which is right
    on average. One that fails is valued by the items as they came."""
    target, faults = list[float](), Counter[str]()
    for indices in split_into_chunks(range(len(pages.questions))):
        questions = [pages.questions[index] for index in indices]
        decisions = decide_many(SLOTS[SLOT], [member], questions, compute_batch_seconds(seconds, len(questions)))
        faults.update(fault.code for decision in decisions for fault in decision.faults)
        answers = [cast(SessionAnswer, decision.answer).items[0] for decision in decisions]
        target += [_match(item, pages.firsts[index]) for item, index in zip(answers, indices, strict=True)]
        more(len(questions))
    return _estimate_value(pages, target) | {"faults": dict(faults)}


def _estimate_value(pages: RandomisedPages, target: list[float]) -> dict[str, Any]:
    columns: list[Floats] = [np.array(values, np.float64) for values in (pages.reward, pages.logged, target)]
    return {
        name: asdict(estimate) | {"enough": estimate.enough}
        for name, estimate in (("ips", ips(*columns)), ("snips", snips(*columns)))
    }
