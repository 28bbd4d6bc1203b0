"""Which of several web processes this is, and what it leaves to others."""

from __future__ import annotations

import struct
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Gauge, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from errors import Unavailable

TRIES: Final = 10
REST_S: Final = 0.02

_standing: Final = Gauge("selvedge_web_processes", "Web processes that serve", multiprocess_mode="livesum")


@dataclass(frozen=True)
class ProcessPlace:
    """The place of a process among those of one `selvedge web`, from 0. Alone it is the first, and does everything.

    `metrics`: the folder in which all keep theirs. `agents_at`: where the first one keeps the sessions of agents;
    empty in the first. `has_helper`: whether a process beside it ranks lists and saves decisions."""

    number: int = 0
    metrics: Path | None = None
    agents_at: str = ""
    has_helper: bool = False

    @property
    def is_first(self) -> bool:
        """Whether it does what one alone can do: take in mail for the embedded mailbox, and keep agents' sessions."""
        return self.number == 0

    def note_standing(self) -> None:
        """Note that this process serves."""
        _standing.set(1)

    def render_metrics(self) -> bytes:
        """Render the metrics of all processes together: counts added up, those of processes that are gone too. Raises
        Unavailable where they cannot be read."""
        if self.metrics is None:
            return generate_latest(REGISTRY)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=str(self.metrics))  # type: ignore[no-untyped-call]
        for _ in range(TRIES):
            try:
                return generate_latest(registry)
            except struct.error:  # a process that begins has made its file, and written nothing into it yet
                time.sleep(REST_S)
        raise Unavailable("the metrics of a process cannot be read; try again in a moment")


def forget_process(pid: int) -> None:
    """Take what a process that has ended said of itself out of the metrics; what it counted stays."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]
