"""The conformance suite: tries everything that an algorithm will meet in service and reports what its author must
repair."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from statistics import median
from typing import Final

from pydantic import create_model

from algorithms.slots.circuit import Circuit
from algorithms.slots.guard import Member, SlotAlgorithm, decide, decide_many
from algorithms.slots.samples import build_sample_question
from algorithms.slots.slot_decisions import SlotDecision
from algorithms.slots.slot_table import Slot
from models.base import Contract
from models.slots import SlotQuestion

START_SECONDS: Final = 30.0
USUAL: Final = 100
MANY: Final = 500
"""The most that service asks about at once, in a ranking."""
HUGE: Final = 20_000
RELAXED_SECONDS: Final = 10.0
"""Seconds for checks that do not measure time."""
NEVER_OPEN: Final = 10**9
"""A number of faults that is never reached, so the circuit stays closed and each check stands alone."""


class Check(Contract):
    """One check: passed or not, in words, and what to mend."""

    name: str
    passed: bool
    words: str
    mend: str = ""


class ConformanceReport(Contract):
    """All checks of one algorithm."""

    algorithm: str
    slot: str
    version: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether it may serve."""
        return all(check.passed for check in self.checks)


REMEDIES: Final = {
    "late": "Answer sooner: load models when the module is loaded, not in answer(); do less for each candidate.",
    "crashed": "The process ended. Look for os.exit, native code that crashes, or more memory than is granted.",
    "raised": "answer() raised; the words above name the place. Repair it for the question that the check describes.",
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
class _CheckedAlgorithm:
    slot: Slot
    member: Member
    seconds: float

    def ask(self, question: SlotQuestion, seconds: float = RELAXED_SECONDS) -> SlotDecision:
        return decide(self.slot, [self.member], question, seconds)

    def ask_all(self, questions: Sequence[SlotQuestion], seconds: float = RELAXED_SECONDS) -> list[SlotDecision]:
        """Ask the questions one after the other, and stop at the first fault: the report names no more than one."""
        decisions: list[SlotDecision] = []
        for question in questions:
            decisions.append(self.ask(question, seconds))
            if decisions[-1].faults:
                break
        return decisions


def run_conformance_suite(
    slot: Slot, name: str, algorithm: SlotAlgorithm, seconds: float | None = None
) -> ConformanceReport:
    """Run every check on an algorithm and return the report; this takes some seconds.

    `seconds`: the deadline that it must keep; the slot's own where not given.
    """
    subject = _CheckedAlgorithm(slot, Member(name, algorithm, Circuit(NEVER_OPEN)), seconds or slot.seconds)
    first = _check_loading(subject)
    checks = [first]
    if first.passed:
        checks += [_run_check(subject, what, run) for what, run in _CHECKS]
    decision = subject.ask(build_sample_question(slot.name, 1, USUAL)) if first.passed else None
    version = decision.version if decision and not decision.faults else ""
    return ConformanceReport(algorithm=name, slot=slot.name, version=version, checks=tuple(checks))


def _check_loading(subject: _CheckedAlgorithm) -> Check:
    started = time.monotonic()
    if subject.member.algorithm.is_ready(START_SECONDS):
        for fault in subject.ask(build_sample_question(subject.slot.name, 1, USUAL)).faults:
            if fault.code in OUT_OF_REACH:
                words = f"{fault.words} [{fault.code}]"
                return Check(name="reached", passed=False, words=words, mend=REMEDIES[fault.code])
        return Check(name="loads", passed=True, words=f"ready after {time.monotonic() - started:.1f} s")
    words = str(getattr(subject.member.algorithm, "fault", "")) or f"not ready after {START_SECONDS:.0f} s"
    return Check(name="loads", passed=False, words=words, mend=REMEDIES["not_loaded"])


def _run_check(
    subject: _CheckedAlgorithm, what: str, run: Callable[[_CheckedAlgorithm], tuple[Sequence[SlotDecision], str]]
) -> Check:
    if not subject.member.algorithm.is_ready(START_SECONDS):  # the check before may have cost it its process
        return Check(name=what, passed=False, words="it did not come back", mend=REMEDIES["not_loaded"])
    decisions, words = run(subject)
    for decision in decisions:
        for fault in decision.faults:
            message = f"{fault.words} [{fault.code}]"
            return Check(name=what, passed=False, words=message, mend=REMEDIES.get(fault.code, ""))
    passed = not words.startswith("! ")
    mend = "" if passed else "An answer may rest on the question and its `seed` alone; keep nothing between questions."
    return Check(name=what, passed=passed, words=words.removeprefix("! "), mend=mend)


def _check_valid_answers(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    decisions = subject.ask_all([build_sample_question(subject.slot.name, seed, USUAL) for seed in range(20)])
    return decisions, "20 usual questions, all rules kept"


def _check_same_seed(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    questions = [build_sample_question(subject.slot.name, seed, USUAL) for seed in range(5)]
    first, again = subject.ask_all(questions), subject.ask_all(questions)
    same = [one.answer for one in first] == [other.answer for other in again]
    words = "the same questions, the same answers" if same else "! other answers to the same questions"
    return [*first, *again], words


def _check_empty_input(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    return [
        subject.ask(build_sample_question(subject.slot.name, seed, 0)) for seed in range(3)
    ], "nothing to judge, taken well"


def _check_single_input(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    return [
        subject.ask(build_sample_question(subject.slot.name, seed, 1)) for seed in range(5)
    ], "one thing to judge, taken well"


def _check_huge_input(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    decision = subject.ask(build_sample_question(subject.slot.name, 0, HUGE))
    took = f"{HUGE:,} things to judge in {decision.seconds * 1000:.0f} ms"
    return [decision], f"{took}; {RELAXED_SECONDS:.0f} s would do, the deadline is tried with {MANY}"


def _check_deadline(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    decisions = subject.ask_all(
        [build_sample_question(subject.slot.name, seed, MANY) for seed in range(20)], subject.seconds
    )
    durations = sorted(decision.seconds * 1000 for decision in decisions)
    return (
        decisions,
        f"median {median(durations):.0f} ms, longest {durations[-1]:.0f} ms of {subject.seconds * 1000:.0f} ms",
    )


def _check_batch(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    questions = [build_sample_question(subject.slot.name, seed, seed) for seed in range(50)]
    return decide_many(subject.slot, [subject.member], questions, RELAXED_SECONDS), "50 different questions in one call"


def _check_unknown_fields(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    """Check that a question with an unknown field is answered, because questions gain fields as the product grows."""
    usual = build_sample_question(subject.slot.name, 3, USUAL)
    return [
        subject.ask(_add_unknown_field(type(usual)).model_validate(usual.model_dump()))
    ], "a question with a field that does not exist yet"


def _add_unknown_field(kind: type[SlotQuestion]) -> type[SlotQuestion]:
    return create_model("Grown", __base__=kind, added_later=(str, "é"))


def _check_concurrent_callers(subject: _CheckedAlgorithm) -> tuple[Sequence[SlotDecision], str]:
    questions = [build_sample_question(subject.slot.name, seed, USUAL) for seed in range(32)]
    alone = [subject.ask(question) for question in questions[:4]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(subject.ask, questions))
    mixed = [decision.answer for decision in alone] != [decision.answer for decision in together[:4]]
    words = "! asked by many at once it answers otherwise than alone" if mixed else "32 questions from 8 callers"
    return [*alone, *together], words


_CHECKS: Final = (
    ("schema and rules", _check_valid_answers),
    ("the same seed", _check_same_seed),
    ("empty input", _check_empty_input),
    ("single input", _check_single_input),
    ("huge input", _check_huge_input),
    ("deadline", _check_deadline),
    ("batch", _check_batch),
    ("fields to come", _check_unknown_fields),
    ("many at once", _check_concurrent_callers),
)
