"""Faults of installed algorithms, as real processes: whatever they do, a valid answer comes in time."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from algorithms.slots.guard import Member, decide, decide_many
from algorithms.slots.processes import Helpers, Target
from algorithms.slots.slot_table import SLOTS
from domain import slot_rules as rules
from models.slots import RankingAnswer
from tests.algorithms.slots.questions import HERE, build_ranking_question, build_target

RANKING = SLOTS["ranking"]
DEADLINE = 0.2
SLACK = 0.05

Start = Callable[..., Helpers]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Helpers] = []

    def begin(name: str, size: int = 1, **more: object) -> Helpers:
        started.append(Helpers(build_target(name, **more), size))
        return started[-1]

    yield begin
    for helpers in started:
        helpers.close()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Hang", "late"), ("HoldLock", "late"), ("Stubborn", "late"), ("Slow", "late"), ("Crash", "crashed"),
        ("Leave", "crashed"), ("Raise", "raised"), ("NotFinite", "not_finite"), ("Infinite", "not_finite"),
        ("Unknown", "unknown_id"), ("Twice", "duplicate"), ("TooFew", "size"), ("Oversize", "too_large"),
        ("Unending", "schema"), ("Deep", "schema"), ("WrongSchema", "schema"), ("NotJson", "raised"),
    ],
)  # fmt: skip
def test_a_fault_costs_no_more_than_the_deadline(start: Start, name: str, code: str) -> None:
    helpers = start(name)
    question = build_ranking_question(candidates=500)
    took = []
    for _ in range(3):  # a busy machine may hold up one round, not all
        assert helpers.is_ready(20), helpers.fault
        started = time.monotonic()
        decision = decide(RANKING, [Member(name, helpers)], question, DEADLINE)
        took.append(time.monotonic() - started)
        assert decision.algorithm == "house"
        assert [fault.code for fault in decision.faults] == [code], decision.faults
        assert isinstance(decision.answer, RankingAnswer)
        assert rules.check_ranking(question, decision.answer) is None
    print(f"{name}: {max(took) * 1000:.0f} ms")
    assert min(took) < DEADLINE + SLACK


def test_a_good_answer_is_used_and_what_is_printed_does_no_harm(start: Start) -> None:
    helpers = start("Good")
    assert helpers.is_ready(20)
    for _ in range(3):
        decision = decide(RANKING, [Member("Good", helpers)], build_ranking_question(n=2), 2.0)
        assert (decision.algorithm, decision.version, decision.faults) == ("Good", "1.2", ())
        assert [item.item_id for item in decision.answer.items] == ["item-49", "item-48"]  # type: ignore[attr-defined]


def test_no_client_gets_the_answer_to_the_question_of_another(start: Start) -> None:
    helpers = start("Forked")
    assert helpers.is_ready(20)
    for candidates in (50, 60, 70, 80):
        decision = decide(RANKING, [Member("Forked", helpers)], build_ranking_question(n=1, candidates=candidates), 2.0)
        best = f"item-{candidates - 1}"
        assert decision.algorithm == "house" or decision.answer.items[0].item_id == best  # type: ignore[attr-defined]
        time.sleep(0.2)  # by now the second answer is there


@pytest.mark.parametrize("name", ["Good", "Batch"])
def test_a_batch_is_one_call(start: Start, name: str) -> None:
    helpers = start(name)
    assert helpers.is_ready(20)
    questions = [build_ranking_question(f"c{i}", n=1 + i % 3) for i in range(40)]
    decisions = decide_many(RANKING, [Member(name, helpers)], questions, 5.0)
    assert [decision.algorithm for decision in decisions] == [name] * 40
    assert [len(decision.answer.items) for decision in decisions] == [1 + i % 3 for i in range(40)]  # type: ignore[attr-defined]


def test_of_a_batch_only_the_bad_ones_fall_back_and_no_words_of_an_error_but_for_the_author(start: Start) -> None:
    helpers = start("Picky")
    assert helpers.is_ready(20)
    questions = [
        build_ranking_question("c1"),
        build_ranking_question("bad"),
        build_ranking_question("none"),
        build_ranking_question("c2"),
    ]
    decisions = decide_many(RANKING, [Member("Picky", helpers)], questions, 2.0)
    assert [decision.algorithm for decision in decisions] == ["Picky", "house", "house", "Picky"]
    assert [fault.code for decision in decisions for fault in decision.faults] == ["raised", "raised"]


def test_the_next_of_the_chain_is_asked_in_the_time_that_is_left(start: Start) -> None:
    bad, good = start("Crash"), start("Good")
    assert bad.is_ready(20)
    assert good.is_ready(20)
    decision = decide(RANKING, [Member("Crash", bad), Member("Good", good)], build_ranking_question(), 2.0)
    assert decision.algorithm == "Good"
    assert [(fault.algorithm, fault.code) for fault in decision.faults] == [("Crash", "crashed")]


@pytest.mark.parametrize(("name", "words"), [("Crash", "by signal 11"), ("Leave", "with status 0")])
def test_the_author_is_told_how_a_process_ended(start: Start, name: str, words: str) -> None:
    helpers = start(name)
    assert helpers.is_ready(20)
    decision = decide(RANKING, [Member(name, helpers)], build_ranking_question(), 2.0)
    assert words in decision.faults[0].words


def test_what_a_killed_algorithm_started_ends_with_it(start: Start) -> None:
    helpers = start("Parent")
    assert helpers.is_ready(20)
    [helper] = [child for child in psutil.Process().children() if "Parent" in " ".join(child.cmdline())]
    threading.Timer(0.3, lambda: children.extend(helper.children())).start()
    children: list[psutil.Process] = []
    decide(RANKING, [Member("Parent", helpers)], build_ranking_question(), 0.6)
    _, alive = psutil.wait_procs(children, 5)
    assert children
    assert not alive


def find_helper_pids(name: str) -> set[int]:
    """Helper processes of one algorithm; the test run may have other children."""
    return {child.pid for child in psutil.Process().children() if name in " ".join(child.cmdline())}


def test_a_killed_helper_is_replaced(start: Start) -> None:
    helpers = start("Hang")
    assert helpers.is_ready(20)
    first = find_helper_pids("Hang")
    decide(RANKING, [Member("Hang", helpers)], build_ranking_question(), 0.05)
    end = time.monotonic() + 120
    while not helpers.is_ready(1) and time.monotonic() < end:
        pass
    second = find_helper_pids("Hang")
    assert first
    assert second
    assert not first & second


def test_a_hungry_algorithm_meets_its_limit_instead_of_ours(start: Start) -> None:
    helpers = start("Memory", memory_mb=512)
    assert helpers.is_ready(20)
    decision = decide(RANKING, [Member("Memory", helpers)], build_ranking_question(), 10.0)
    assert decision.faults[0].code == "raised"
    assert "MemoryError" in decision.faults[0].words


SECRETS = {"SELVEDGE_API_KEY": "secret", "OPENAI_API_KEY": "secret", "GITHUB_TOKEN": "secret", "PGPASSWORD": "secret"}


def test_no_secret_is_in_its_environment(start: Start) -> None:
    helpers = start("Environment", environment={**SECRETS, "LANG": "C", "ALGORITHM_SEED": "1"})
    assert helpers.is_ready(20)
    reply = helpers.ask(b'{"seconds":1,"questions":[{}]}', time.monotonic() + 5, 100_000)
    assert {"LANG", "ALGORITHM_SEED"} <= set(reply["answers"][0]["told"])
    assert not SECRETS.keys() & set(reply["answers"][0]["told"])


@pytest.mark.parametrize(
    ("name", "more", "words"),
    [
        ("OtherSlot", {"slot": "ranking"}, "'risk'"),
        ("NoAnswer", {}, "no function answer"),
        ("BrokenImport", {}, "torchvision"),
        ("NotThere", {}, "NotThere"),
    ],
)
def test_what_cannot_be_loaded_says_why(start: Start, name: str, more: dict[str, object], words: str) -> None:
    helpers = start(name, **more)
    assert not helpers.is_ready(20)
    assert words in helpers.fault
    decision = decide(RANKING, [Member(name, helpers)], build_ranking_question(), 0.05)
    assert [fault.code for fault in decision.faults] == ["not_loaded"]


def test_a_hanging_helper_ends_by_itself_when_its_owner_was_killed() -> None:
    owner = subprocess.Popen([sys.executable, "-c", OWNER, str(HERE)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    helper = psutil.Process(int(owner.stdout.readline()))
    owner.kill()
    owner.wait()
    owner.stdout.close()
    _, alive = psutil.wait_procs([helper], 10)
    assert not alive


OWNER = """
import sys, threading, time
import psutil
from algorithms.slots.processes import Helpers, Target
helpers = Helpers(Target("Hang", "faulty_algorithms:HoldLock", paths=(sys.argv[1],)), 1)
assert helpers.is_ready(20)
pid = psutil.Process().children()[0].pid
threading.Thread(target=lambda: helpers.ask(b'{"seconds":0.5,"questions":[{}]}', time.monotonic() + 60, 1000)).start()
time.sleep(0.2)
print(pid, flush=True)
time.sleep(60)
"""


def test_many_threads_share_the_helpers(start: Start) -> None:
    from concurrent.futures import ThreadPoolExecutor

    helpers = start("Good", size=2)
    assert helpers.is_ready(20)
    member = Member("Good", helpers)
    with ThreadPoolExecutor(8) as pool:
        decisions = list(
            pool.map(lambda i: decide(RANKING, [member], build_ranking_question(f"c{i}"), 10.0), range(80))
        )
    assert {decision.algorithm for decision in decisions} == {"Good"}


def test_closing_leaves_no_process() -> None:
    before = {child.pid for child in psutil.Process(os.getpid()).children()}
    helpers = Helpers(Target("Good", "faulty_algorithms:Good", paths=(str(HERE),)), 2)
    assert helpers.is_ready(20)
    helpers.close()
    assert {child.pid for child in psutil.Process(os.getpid()).children()} <= before
