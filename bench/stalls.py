"""What keeps answers waiting: each time that the loop came late, and what ran meanwhile, `python -m bench.stalls`.

The load of `bench.realtime` runs against a web process that notes how late its loop wakes up, each collection of the
garbage collector, and each step of the work beside the answers. At the end it says which of them lay within late beats.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any, Final

LATE_S: Final = 0.02
BEAT_S: Final = 0.002
FILE: Final = "SELVEDGE_BENCH_STALLS"
WATCHED: Final = (
    ("services.serving.change_follower", "ChangeFollower._collect_changes"),
    ("services.serving.change_follower", "ChangeFollower._refresh_wanted"),
    ("services.serving.item_server", "ItemServer._save_beside"),
    ("services.serving.related_items", "RelatedItems._count"),
    ("services.recommendations.ranking_state", "RankingStateLoader._rebuild"),
    ("services.recommendations.ranking_state", "_build_trend"),
    ("web.api.events", "ingest_events"),
    ("services.search.index_keeper", "IndexKeeper._look"),
    ("services.serving.item_server", "ItemServer._build_list"),
)
"""Functions that run beside the answers."""


@dataclass
class Notes:
    """Spans of the process, in monotonic seconds: late beats, collections, and work by name."""

    late: list[tuple[float, float]] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    work: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    async def beat(self) -> None:
        """Note each time that the loop wakes up late."""
        while True:
            began, queued = time.monotonic(), _read_queued()
            await asyncio.sleep(BEAT_S)
            ended, queued = time.monotonic(), _read_queued() - queued
            if ended - began - queued > LATE_S:
                self.late.append((began, ended))

    def write(self, path: Path) -> None:
        """Write all notes as JSON."""
        path.write_text(json.dumps({"late": self.late, "cpu": self.cpu, "work": self.work}))

    def watch_collections(self) -> None:
        """Note each collection of the garbage collector by its generation."""
        begun = [0.0]

        def note(phase: str, info: dict[str, int]) -> None:
            if phase == "start":
                begun[0] = time.monotonic()
            else:
                self.work[f"gc {info['generation']}"].append((begun[0], time.monotonic()))

        gc.callbacks.append(note)

    def watch(self, module: str, path: str) -> None:
        """Note each call of a function or method."""
        holder: Any = importlib.import_module(module)
        *classes, name = path.split(".")
        for one in classes:
            holder = getattr(holder, one)
        inner: Callable[..., Any] = getattr(holder, name)

        @wraps(inner)
        def call(*args: Any, **kwargs: Any) -> Any:
            began, used = time.monotonic(), time.thread_time()
            try:
                return inner(*args, **kwargs)
            finally:
                self.work[path].append((began, time.monotonic()))
                self.cpu[path] += time.thread_time() - used

        setattr(holder, name, call)


def _read_queued() -> float:
    """Read how long this thread has waited for a core, in seconds: that is the machine's doing, not ours."""
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def serve() -> None:
    """Serve as `selvedge web`, and write the notes at the end."""
    import cli  # noqa: PLC0415
    from hosting.http_server import WatchedServer  # noqa: PLC0415

    notes = Notes()
    notes.watch_collections()
    startup = WatchedServer.startup

    async def start(self: WatchedServer, *args: Any, **kwargs: Any) -> None:
        await startup(self, *args, **kwargs)
        self.beating = asyncio.create_task(notes.beat())  # type: ignore[attr-defined]

    async def end(self: WatchedServer, *args: Any, **kwargs: Any) -> None:
        notes.write(Path(os.environ[FILE]))
        await shutdown(self, *args, **kwargs)

    shutdown = WatchedServer.shutdown
    WatchedServer.startup, WatchedServer.shutdown = start, end  # type: ignore[method-assign,assignment]
    for module, path in WATCHED:
        notes.watch(module, path)
    cli.main()


def measure() -> None:
    """Load a shop for some seconds and print what lay within late beats."""
    from bench import realtime  # noqa: PLC0415
    from bench.realtime_shop import build_shop  # noqa: PLC0415

    realtime.SERVE = "import bench.stalls; bench.stalls.serve()"  # type: ignore[misc]
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as folder:
        home = Path(folder)
        os.environ[FILE] = str(home / "stalls.json")
        build_shop(home, realtime.ITEMS, realtime.CLIENTS, realtime.EVENTS_A_CLIENT, seed=7)
        shop = realtime.BenchShop(home, realtime.ITEMS, realtime.CLIENTS)
        with shop.serve() as (web, _, _):
            shop._load(str(web.base_url), 12)
            quiet = shop._load(str(web.base_url))
            print("no events:", quiet)
            with shop._send_events(web, quiet.per_second / realtime.ANSWERS_AN_EVENT):
                for _ in range(3):
                    began = time.monotonic()
                    print("with events:", shop._load(str(web.base_url)), flush=True)
        describe(json.loads((home / "stalls.json").read_text()), began - 12)


def describe(notes: dict[str, Any], since: float) -> None:
    """Print the late beats, and of each kind of work how much lay within them."""
    late = [span for span in notes["late"] if span[0] > since]
    lateness = sorted((1e3 * (end - begin) for begin, end in late), reverse=True)
    longest = ", ".join(f"{ms:.0f}" for ms in lateness[:10])
    print(f"{len(late)} late beats, {sum(lateness):,.0f} ms; the longest: {longest}")
    for name, all_spans in sorted(notes["work"].items()):
        spans = [span for span in all_spans if span[1] > since]
        figures = [1e3 * (end - begin) for begin, end in spans]
        print(
            f"{name:40} {len(spans):5} calls, {sum(figures):7,.0f} ms, longest {max(figures, default=0):5.0f} ms, "
            f"in late beats {1e3 * sum(_overlap(one, spans) for one in late):6,.0f} ms; "
            f"CPU since the start {1e3 * notes['cpu'].get(name, 0):7,.0f} ms"
        )
    for one in sorted(late, key=lambda span: span[0] - span[1])[:12]:
        inside = {name: round(1e3 * _overlap(one, spans)) for name, spans in notes["work"].items()}
        print(f"  {1e3 * (one[1] - one[0]):4.0f} ms: { ({name: ms for name, ms in inside.items() if ms > 1}) }")


def _overlap(one: tuple[float, float], spans: list[tuple[float, float]]) -> float:
    return sum(max(0.0, min(one[1], end) - max(one[0], begin)) for begin, end in spans)


if __name__ == "__main__":
    measure()
