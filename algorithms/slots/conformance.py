"""The conformance suite: everything that an algorithm will meet in service, tried before it serves, and a report that
tells its author what to mend."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Final

from pydantic import create_model

from algorithms.slots.circuit import Circuit
from algorithms.slots.guard import Algorithm, Decision, Member, decide, decide_many
from algorithms.slots.samples import question
from algorithms.slots.slot_table import Slot
from models.base import Contract
from models.slots import Question

START_SECONDS: Final = 30.0
USUAL: Final = 100
MANY: Final = 500
"""As many as service asks about at most, in a ranking."""
HUGE: Final = 20_000
PATIENCE: Final = 10.0
"""Seconds for checks that are not about time."""
PATIENT: Final = 10**9
"""So many faults until the circuit opens: never, so that each check speaks for itself."""


class Check(Contract):
    """One check: passed or not, in words, and what to mend."""

    name: str
    passed: bool
    words: str
    mend: str = ""


class Report(Contract):
    """All checks of one algorithm."""

    algorithm: str
    slot: str
    version: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether it may serve."""
        return all(check.passed for check in self.checks)


MEND: Final = {
    "late": "Answer sooner: load models when the module is loaded, not in answer(); do less for each candidate.",
    "crashed": "The process ended. Look for os.exit, native code that crashes, or more memory than is granted.",
    "raised": "answer() raised; the words above name the place. Mend it for the question that the check describes.",
    "no_answer": "Give an answer to each question; null counts as none.",
    "schema": "Give what `selvedge algorithms schema SLOT` describes under `answer`, one for each question, in order.",
    "not_finite": "A number is NaN or infinite. Guard against division by nought, log(0) and empty means.",
    "unknown_id": "Give only ids from the question; take them from `candidates` as they are written.",
    "duplicate": "Give each id at most once.",
    "size": "Give exactly as many as asked for, or all candidates where they are fewer; none where there are none.",
    "limit": "Stay within the limits that the question states; the words above name the one that was broken.",
    "too_large": "Give the answer alone; leave out what nobody asked for.",
    "not_loaded": "The module could not be loaded; the words above say why.",
    "unreachable": "The host did not answer. Is it up, is the port right, is it listed in remotes.hosts?",
    "forbidden_address": "If it is meant to be private, list its network in remotes.networks (for a URL: --private).",
    "redirect": "State the last address; redirects are not followed.",
    "status": "Answer 200 to a signed order. 401 often means that the two sides hold different secrets.",
    "starting": "It takes too long to load.",
    "busy": "It does not keep up: each call holds a process or connection until it ends.",
}

OUT_OF_REACH: Final = frozenset({"unreachable", "forbidden_address", "redirect", "status"})
"""Faults of a remote that every further check would only repeat."""


@dataclass(frozen=True)
class _Subject:
    slot: Slot
    member: Member
    seconds: float

    def ask(self, asked: Question, seconds: float = PATIENCE) -> Decision:
        return decide(self.slot, [self.member], asked, seconds)

    def ask_all(self, asked: Sequence[Question], seconds: float = PATIENCE) -> list[Decision]:
        """One after the other; no further than the first fault, which is all that the report tells."""
        made: list[Decision] = []
        for each in asked:
            made.append(self.ask(each, seconds))
            if made[-1].faults:
                break
        return made


def conform(slot: Slot, name: str, algorithm: Algorithm, seconds: float | None = None) -> Report:
    """Try everything; `seconds`: the deadline it must keep, the slot's own where not given. Takes some seconds."""
    subject = _Subject(slot, Member(name, algorithm, Circuit(PATIENT)), seconds or slot.seconds)
    first = _loads(subject)
    checks = [first]
    if first.passed:
        checks += [_checked(subject, what, run) for what, run in _CHECKS]
    decision = subject.ask(question(slot.name, 1, USUAL)) if first.passed else None
    version = decision.version if decision and not decision.faults else ""
    return Report(algorithm=name, slot=slot.name, version=version, checks=tuple(checks))


def _loads(subject: _Subject) -> Check:
    started = time.monotonic()
    if subject.member.algorithm.ready(START_SECONDS):
        for fault in subject.ask(question(subject.slot.name, 1, USUAL)).faults:
            if fault.code in OUT_OF_REACH:
                words = f"{fault.words} [{fault.code}]"
                return Check(name="reached", passed=False, words=words, mend=MEND[fault.code])
        return Check(name="loads", passed=True, words=f"ready after {time.monotonic() - started:.1f} s")
    words = str(getattr(subject.member.algorithm, "fault", "")) or f"not ready after {START_SECONDS:.0f} s"
    return Check(name="loads", passed=False, words=words, mend=MEND["not_loaded"])


def _checked(subject: _Subject, what: str, run: Callable[[_Subject], tuple[Sequence[Decision], str]]) -> Check:
    if not subject.member.algorithm.ready(START_SECONDS):  # the check before may have cost it its process
        return Check(name=what, passed=False, words="it did not come back", mend=MEND["not_loaded"])
    decisions, words = run(subject)
    for decision in decisions:
        for fault in decision.faults:
            told = f"{fault.words} [{fault.code}]"
            return Check(name=what, passed=False, words=told, mend=MEND.get(fault.code, ""))
    passed = not words.startswith("! ")
    mend = "" if passed else "An answer may rest on the question and its `seed` alone; keep nothing between questions."
    return Check(name=what, passed=passed, words=words.removeprefix("! "), mend=mend)


def _valid(subject: _Subject) -> tuple[Sequence[Decision], str]:
    made = subject.ask_all([question(subject.slot.name, seed, USUAL) for seed in range(20)])
    return made, "20 usual questions, all rules kept"


def _same(subject: _Subject) -> tuple[Sequence[Decision], str]:
    asked = [question(subject.slot.name, seed, USUAL) for seed in range(5)]
    first, again = subject.ask_all(asked), subject.ask_all(asked)
    same = [one.answer for one in first] == [other.answer for other in again]
    words = "the same questions, the same answers" if same else "! other answers to the same questions"
    return [*first, *again], words


def _empty(subject: _Subject) -> tuple[Sequence[Decision], str]:
    return [subject.ask(question(subject.slot.name, seed, 0)) for seed in range(3)], "nothing to judge, taken well"


def _single(subject: _Subject) -> tuple[Sequence[Decision], str]:
    return [subject.ask(question(subject.slot.name, seed, 1)) for seed in range(5)], "one thing to judge, taken well"


def _huge(subject: _Subject) -> tuple[Sequence[Decision], str]:
    decision = subject.ask(question(subject.slot.name, 0, HUGE))
    took = f"{HUGE:,} things to judge in {decision.seconds * 1000:.0f} ms"
    return [decision], f"{took}; {PATIENCE:.0f} s would do, the deadline is tried with {MANY}"


def _in_time(subject: _Subject) -> tuple[Sequence[Decision], str]:
    made = subject.ask_all([question(subject.slot.name, seed, MANY) for seed in range(20)], subject.seconds)
    took = sorted(each.seconds * 1000 for each in made)
    return made, f"median {median(took):.0f} ms, longest {took[-1]:.0f} ms of {subject.seconds * 1000:.0f} ms"


def _batch(subject: _Subject) -> tuple[Sequence[Decision], str]:
    asked = [question(subject.slot.name, seed, seed) for seed in range(50)]
    return decide_many(subject.slot, [subject.member], asked, PATIENCE), "50 different questions in one call"


def _unknown_fields(subject: _Subject) -> tuple[Sequence[Decision], str]:
    """Questions gain fields as the product grows."""
    usual = question(subject.slot.name, 3, USUAL)
    return [
        subject.ask(_grown(type(usual)).model_validate(usual.model_dump()))
    ], "a question with a field that does not exist yet"


def _grown(kind: type[Question]) -> type[Question]:
    return create_model("Grown", __base__=kind, added_later=(str, "é"))


def _at_once(subject: _Subject) -> tuple[Sequence[Decision], str]:
    asked = [question(subject.slot.name, seed, USUAL) for seed in range(32)]
    alone = [subject.ask(each) for each in asked[:4]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(subject.ask, asked))
    mixed = [each.answer for each in alone] != [each.answer for each in together[:4]]
    words = "! asked by many at once it answers otherwise than alone" if mixed else "32 questions from 8 callers"
    return [*alone, *together], words


_CHECKS: Final = (
    ("schema and rules", _valid),
    ("the same seed", _same),
    ("empty input", _empty),
    ("single input", _single),
    ("huge input", _huge),
    ("deadline", _in_time),
    ("batch", _batch),
    ("fields to come", _unknown_fields),
    ("many at once", _at_once),
)
