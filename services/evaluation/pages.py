"""Algorithms of the slot `session` on what is on record: asked again what they were, or might have been, asked, and
judged by what came of the pages that another drew by chance and showed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final, cast

import numpy as np
from sqlalchemy import Connection, Engine

from algorithms.sessions import posterior as house
from algorithms.sessions.features import features
from algorithms.sessions.posterior import Beliefs
from algorithms.sessions.training_examples import taught
from algorithms.slots.batches import batch_seconds, chunks
from algorithms.slots.guard import Member, decide_many
from algorithms.slots.registry import Registry
from algorithms.slots.slot_table import SLOTS
from domain.arrays import Floats
from domain.comparison.foretold import LEAST
from domain.sessions import WITHIN, Shown, by_machine, rewards
from domain.statistics.off_policy import ips, snips
from errors import BadInput
from models.slots import SessionAnswer, SessionQuestion
from services.evaluation.trial_algorithms import members
from services.training.session import BATCH, credit_of
from settings import Settings
from store.database import read_transaction
from store.learning import session_answers
from store.learning.posteriors import EARLIEST
from store.learning.session_answers import SLOT

FEWEST: Final = 2
MOST: Final = 20_000
"""Pages that are judged, the first ones since the cut: a question is some KB, and so many tell enough."""
AS_IT_CAME: Final = "as-it-came"
BY_LOT: Final = "by-lot"


@dataclass
class Log:
    """Pages drawn by chance, n of them. `logged`: how likely what stood first was to stand there; `reward`: whether it
    was taken up."""

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
    """The champion and those named, the house as it would have learnt from the time before `cut`, the order that the
    items came in, and chance: how often what each puts first would have been taken up from `cut` to `until` (business
    time), by IPS and SNIPS.

    Raises BadInput when too little was drawn by chance, or an algorithm is for another slot; NotFound when it is not
    there.
    """
    with ExitStack() as stack:
        registry = Registry.from_settings(settings, serving=False)
        asked_too = members(stack, registry, names, SLOT)
        progress("reading the record")
        with read_transaction(engine) as connection:
            log = _log(connection, cut, until - WITHIN)
            if len(log.firsts) < FEWEST:
                raise BadInput(f"fewer than {FEWEST} pages since {cut:%Y-%m-%d} were drawn by chance", "since")
            known = _learnt(connection, cut)
        progress(f"asking about {len(log.firsts):,} pages")
        found = {
            AS_IT_CAME: _judged(log, [_is(each.items[0].item_id, first) for each, first in _asked(log)]),
            BY_LOT: _judged(log, [1 / len(question.items) for question in log.questions]),
            house.NAME: _judged(log, [_chance(known, each, first) for each, first in _asked(log)]),
        } | {each.name: _of(each, log, registry.seconds(SLOT), more) for each in asked_too}
    span = {"cut": cut.isoformat(), "until": until.isoformat()}
    shown = {"pages": len(log.firsts), "shown": float(np.mean(log.reward))}
    return {"slot": SLOT, **span, **shown, "found": found}


def _log(connection: Connection, cut: datetime, until: datetime) -> Log:
    log = Log()
    for answers in _pages(connection, cut, until):
        credit = credit_of(connection, answers)
        for answer in answers:
            touches = credit.get(answer.id, [])
            if answer.question is None or not answer.items or answer.chance < LEAST or by_machine(touches):
                continue
            log.questions.append(answer.question)
            log.firsts.append(answer.items[0])
            log.logged.append(answer.chance)
            log.reward.append(float(answer.items[0] in rewards(answer, touches)))
        if len(log.firsts) >= MOST:
            break
    return log


def _learnt(connection: Connection, until: datetime) -> Beliefs:
    """What the house would have believed at `until`, as far as questions are still kept."""
    known = Beliefs.first()
    for answers in _pages(connection, EARLIEST, until - WITHIN):
        known = known.learnt(*taught(answers, credit_of(connection, answers)))
    return known


def _pages(connection: Connection, after: datetime, until: datetime) -> Iterator[list[Shown]]:
    place = after, ""
    while answers := session_answers.shown(connection, place, until, BATCH):
        yield answers
        place = answers[-1].at, answers[-1].id


def _asked(log: Log) -> Iterator[tuple[SessionQuestion, str]]:
    return zip(log.questions, log.firsts, strict=True)


def _is(item: str, first: str) -> float:
    return float(item == first)


def _chance(known: Beliefs, question: SessionQuestion, first: str) -> float:
    chances = known.bandit.chances(features(question), np.random.default_rng(question.seed))
    return float(chances[[item.item_id for item in question.items].index(first)])


def _of(its: Member, log: Log, seconds: float, more: Callable[[int], None]) -> dict[str, Any]:
    """An algorithm that draws by chance is judged by one draw of its own for each page, which is right on average. One
    that fails is judged by the items as they came."""
    target, faults = list[float](), Counter[str]()
    for places in chunks(range(len(log.questions))):
        questions = [log.questions[place] for place in places]
        decisions = decide_many(SLOTS[SLOT], [its], questions, batch_seconds(seconds, len(questions)))
        faults.update(fault.code for decision in decisions for fault in decision.faults)
        answers = [cast(SessionAnswer, decision.answer).items[0] for decision in decisions]
        target += [_is(item, log.firsts[place]) for item, place in zip(answers, places, strict=True)]
        more(len(questions))
    return _judged(log, target) | {"faults": dict(faults)}


def _judged(log: Log, target: list[float]) -> dict[str, Any]:
    columns: list[Floats] = [np.array(each, np.float64) for each in (log.reward, log.logged, target)]
    return {
        name: asdict(found) | {"enough": found.enough}
        for name, found in (("ips", ips(*columns)), ("snips", snips(*columns)))
    }
