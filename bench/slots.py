"""How long a client waits for a valid answer when an algorithm goes wrong, in a process of its own and behind HTTP, and
when it does not. Deadline 200 ms, 500 candidates, the faults of tests/algorithms/slots. And what the way through the
registry costs beside the blend alone, in a shop of 4,000 items."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np

from algorithms.blending.blend import HEAD, Blend
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.ranking_questions import MOST, build_question
from algorithms.blending.trend import Trend
from algorithms.slots.batches import CHUNK
from algorithms.slots.built_in import BuiltIn
from algorithms.slots.circuit import Circuit
from algorithms.slots.guard import Member, SlotAlgorithm, decide
from algorithms.slots.processes import Helpers
from algorithms.slots.registry import Registry
from algorithms.slots.remote import RemoteAlgorithm, RemoteEndpoint
from algorithms.slots.slot_table import SLOTS
from domain.histories import ClientSignals
from models.slots import RankingQuestion
from network.allowlist import NetworkAllowlist
from services.decisions.decider import Decider
from services.recommendations.recommender import BlendRanking
from tests.algorithms.goods import CATEGORIES, NOW, item, shelf, touch
from tests.algorithms.slots.questions import HERE, build_ranking_question, build_target
from tests.support.algorithms import install_algorithm, write_policy_file

ROUNDS = 20
DEADLINE = 0.2
NEVER = 10**9
IN_PROCESS = ("Hang", "HoldLock", "Stubborn", "Slow", "Crash", "NotFinite", "Unknown", "Oversize", "Unending")
REMOTE = ("hang", "trickle", "slowhead", "Slow", "crash", "redirect", "NotFinite", "Unknown", "endless", "Oversize")


def measure() -> dict[str, float]:
    """Measure milliseconds: the longest wait with any fault, and the median without one."""
    installed = {name: _measure_process(name) for name in ("Good", *IN_PROCESS)}
    with _run_server() as port:
        remote = {name: _measure_remote(name, port) for name in ("Good", *REMOTE)}
    return {
        "slot_process_ms": median(installed.pop("Good")),
        "slot_process_fault_worst_ms": max(max(took) for took in installed.values()),
        "slot_remote_ms": median(remote.pop("Good")),
        "slot_remote_fault_worst_ms": max(max(took) for took in remote.values()),
        **_measure_paths(),
    }


def _measure_paths() -> dict[str, float]:
    """Measure a ranking by the blend alone, and with its question and record, as when the built-in is champion (CPU).

    Then by a plugged algorithm, and by it for each client of a batch (real time).
    """
    items = [item(f"i{n}", category=CATEGORIES[n % 6], price_cents=1_000 + n) for n in range(4_000)]
    blend = Blend(shelf(*items), Trend(np.zeros(len(items)), {}))
    client = ClientSignals("c1", touches=tuple(touch(f"i{n}", days_ago=n + 1) for n in range(40)))
    request = RankingRequest(client_id="c1", n=4, now=NOW)

    def build_own_question(most: int) -> RankingQuestion:
        return build_question(blend, request, client, most, blend.score_eligible(request, client))

    def rank_by_built_in() -> None:
        offered = blend.score_eligible(request, client)
        question = build_question(blend, request, client, HEAD * request.n, offered)
        built_in.ask("ranking", question, BuiltIn(BlendRanking(blend, offered).answer)).record  # noqa: B018

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        install_algorithm(home / "algorithms", "plain")
        write_policy_file(home, '[slots.ranking]\nchampion = "plain"\ndeadline_ms = 5000\n')
        registry = Registry(home / "algorithms.toml", [str(home / "algorithms")])
        built_in = Decider()
        plugged = Decider(registry)
        registry.is_ready("ranking", 20)
        took = {
            "bare": _measure_median_ms(lambda: blend.rank(request, client), time.process_time),
            "house": _measure_median_ms(rank_by_built_in, time.process_time),
            "plugged": _measure_median_ms(lambda: plugged.ask("ranking", build_own_question(MOST)).record),
            "batch": _measure_median_ms(lambda: plugged.ask_many("ranking", [build_own_question(MOST)] * CHUNK))
            / CHUNK,
        }
        registry.close()
    return {
        "slot_path_house_over_bare": took["house"] / took["bare"],
        "slot_path_house_ms": took["house"],
        "slot_path_plugged_ms": took["plugged"],
        "slot_path_batch_ms_per_client": took["batch"],
    }


def _measure_median_ms(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    took = []
    for _ in range(ROUNDS):
        begun = clock()
        work()
        took.append(1_000 * (clock() - begun))
    return median(took)


def _measure_process(name: str) -> list[float]:
    helpers = Helpers(build_target(name), 1)
    try:
        return [_measure_answer(name, helpers) for _ in range(ROUNDS)]
    finally:
        helpers.close()


def _measure_remote(name: str, port: int) -> list[float]:
    reach = NetworkAllowlist.parse([f"127.0.0.1:{port}"], ["127.0.0.0/8"])
    remote = RemoteAlgorithm(RemoteEndpoint(name, f"http://127.0.0.1:{port}/{name}", b"k" * 32, reach))
    try:
        return [_measure_answer(name, remote) for _ in range(ROUNDS)]
    finally:
        remote.close()


def _measure_answer(name: str, algorithm: SlotAlgorithm) -> float:
    question = build_ranking_question(candidates=500)
    algorithm.is_ready(20)
    begun = time.perf_counter()
    decision = decide(SLOTS["ranking"], [Member(name, algorithm, Circuit(NEVER))], question, DEADLINE)
    took = 1_000 * (time.perf_counter() - begun)
    if (decision.algorithm == name) != (name == "Good"):
        raise RuntimeError(f"{name} did not go as it should: {decision.faults}")
    return took


@contextmanager
def _run_server() -> Iterator[int]:
    with subprocess.Popen([sys.executable, HERE / "faulty_server.py"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()
