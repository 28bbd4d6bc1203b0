"""Prometheus metrics of the slots. Labels are names of slots and algorithms, and codes; never a client."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from prometheus_client import Counter, Gauge, Histogram

answers: Final = Counter(
    "selvedge_slot_answers_total", "Answers used, and faults by code", ["slot", "algorithm", "outcome"]
)
seconds: Final = Histogram(
    "selvedge_slot_seconds", "From question to valid answer", ["slot"],
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
shadows_left_out: Final = Counter(
    "selvedge_slot_shadows_left_out_total", "Questions that a shadow was too slow to be asked", ["slot", "algorithm"]
)
shadows_unrecorded: Final = Counter(
    "selvedge_slot_shadows_unrecorded_total", "Answers of shadows that found no room to wait for the database"
)
circuits: Final = Gauge(
    "selvedge_slot_circuit",
    "0: it is asked; 1: one question tries it; 2: left alone",
    ["slot", "algorithm"],
    multiprocess_mode="livemax",
)
STATES: Final = {"closed": 0, "half-open": 1, "open": 2}


class HasCircuitState(Protocol):
    """Anything with the state of a circuit."""

    @property
    def state(self) -> str:
        """A key of STATES."""


def show_circuits(known: Mapping[tuple[str, str], HasCircuitState]) -> None:
    """Show the states of exactly these circuits from now on, by slot and algorithm, read when Prometheus reads."""
    circuits.clear()
    for labels, circuit in known.items():
        circuits.labels(*labels).set_function(lambda shown=circuit: STATES[shown.state])  # type: ignore[misc]
