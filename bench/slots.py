"""How long a client waits for a valid answer when an algorithm goes wrong, in a process of its own and behind HTTP, and
when it does not. Deadline 200 ms, 500 candidates, the faults of tests/algorithms/slots."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from algorithms.circuit import Circuit
from algorithms.guard import Algorithm, Member, decide
from algorithms.processes import Helpers
from algorithms.reach import Reach
from algorithms.remote import Endpoint, Remote
from algorithms.slot_table import SLOTS
from tests.algorithms.slots.questions import HERE, ranking, target

ROUNDS = 20
DEADLINE = 0.2
NEVER = 10**9
IN_PROCESS = ("Hang", "HoldLock", "Stubborn", "Slow", "Crash", "NotFinite", "Unknown", "Oversize", "Unending")
REMOTE = ("hang", "trickle", "slowhead", "Slow", "crash", "redirect", "NotFinite", "Unknown", "endless", "Oversize")


def measure() -> dict[str, float]:
    """Milliseconds: the longest wait with any fault, and the median without one."""
    installed = {name: _installed(name) for name in ("Good", *IN_PROCESS)}
    with _server() as port:
        remote = {name: _remote(name, port) for name in ("Good", *REMOTE)}
    return {
        "slot_process_ms": median(installed.pop("Good")),
        "slot_process_fault_worst_ms": max(max(took) for took in installed.values()),
        "slot_remote_ms": median(remote.pop("Good")),
        "slot_remote_fault_worst_ms": max(max(took) for took in remote.values()),
    }


def _installed(name: str) -> list[float]:
    helpers = Helpers(target(name), 1)
    try:
        return [_asked(name, helpers) for _ in range(ROUNDS)]
    finally:
        helpers.close()


def _remote(name: str, port: int) -> list[float]:
    reach = Reach.of([f"127.0.0.1:{port}"], ["127.0.0.0/8"])
    remote = Remote(Endpoint(name, f"http://127.0.0.1:{port}/{name}", b"k" * 32, reach))
    try:
        return [_asked(name, remote) for _ in range(ROUNDS)]
    finally:
        remote.close()


def _asked(name: str, algorithm: Algorithm) -> float:
    question = ranking(candidates=500)
    algorithm.ready(20)
    begun = time.perf_counter()
    decision = decide(SLOTS["ranking"], [Member(name, algorithm, Circuit(NEVER))], question, DEADLINE)
    took = 1_000 * (time.perf_counter() - begun)
    if (decision.algorithm == name) != (name == "Good"):
        raise RuntimeError(f"{name} did not go as it should: {decision.faults}")
    return took


@contextmanager
def _server() -> Iterator[int]:
    with subprocess.Popen([sys.executable, HERE / "faulty_server.py"], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.kill()
