"""The whole product on one machine: starts every process, watches them, and stops them in order.

Temporal, the web process with the mailbox, the worker, and the feed that plays the demo shop are children of one
supervisor, which keeps the clock. What a run leaves under SELVEDGE_HOME, the next one goes on from.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine

from demo import looks, ports, stocking
from demo.children import MOST_RESTARTS, Child
from demo.servers import dev_server_command, temporal_binary
from errors import ConfigError, Unavailable
from settings import Settings, inherited
from store import clock
from store.database import connect, write_transaction

DAY_S: Final = 86_400.0
UP_WITHIN_S: Final = 60.0
STATUS_EVERY_S: Final = 10.0
EXTRAS_AFTER_S: Final = 30.0
"""The ranking is trained and the demo's campaign made a while after the start, so as not to delay the first mails."""
STARTS_PER_SECOND: Final = 12.0
"""How fast the demo's known clients get their workflows: what two cores do besides everything else."""

DECIDE_S: Final = 600.0
"""Real seconds that a person has for a Fix of their own or a call, at least;
the demo's stylist decides only on the demo's."""


@dataclass(frozen=True)
class Wishes:
    """What was asked for on the command line. `pace` is real seconds a business day; `lasts` real seconds or None."""

    pace: float = 5.0
    lasts: float | None = None
    feed: bool = True


def decide_hours(pace: float) -> float:
    """Business hours in which a person can look at a Fix and decide, where a business day takes `pace` seconds."""
    return max(48.0, round(24 * DECIDE_S / pace))


class Stack:
    """One run of the demo."""

    def __init__(self, settings: Settings, wishes: Wishes) -> None:
        self._settings, self._wishes = settings, wishes
        self._begun = time.monotonic()
        self._stop = asyncio.Event()
        self._failed = ""
        self._engine: Engine
        self._up: list[Child] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Start, watch and stop everything; the exit status. Raises ConfigError when it cannot start at all."""
        binary = temporal_binary()
        with _alone(self._settings), self._signals():
            ports.check(self._settings)
            try:
                await self._start(binary)
                await self._wait()
            finally:
                for task in self._tasks:
                    task.cancel()
                await self._shut_down()
        if self._failed:
            self._say(self._failed)
        return 1 if self._failed else 0

    # --- starting ---

    async def _start(self, binary: Path) -> None:
        temporal, web, worker, feed = self._children(binary)
        await self._bring_up(temporal)
        first = await asyncio.to_thread(stocking.prepare, self._settings, self._say)
        if self._stop.is_set():
            return
        self._engine = connect(self._settings.database)
        real = datetime.now(UTC)
        with write_transaction(self._engine) as connection:
            going = clock.start(connection, real, DAY_S / self._wishes.pace, stocking.started(self._settings))
        self._say(f"It is {going.business(real):%-d %B %Y, %H:%M} in the shop; a day takes {self._wishes.pace:g} s")
        self._go_on(self._beat())
        await self._answers("Temporal", looks.temporal, temporal)
        for child in (web, worker):
            await self._bring_up(child)
        await self._answers("Web, mailbox and worker", looks.everything, web, worker)
        if self._wishes.feed:
            await self._bring_up(feed)
        self._greet()
        self._go_on(self._report())
        if first and self._wishes.feed:
            self._go_on(self._extras())

    def _children(self, binary: Path) -> tuple[Child, Child, Child, Child]:
        settings, logs = self._settings, self._settings.home / "logs"
        _, _, port = settings.temporal_address.rpartition(":")
        database, ui_port = settings.home.absolute() / "temporal.db", ports.ui_port(settings)
        server = dev_server_command(binary, database, port=int(port), ui_port=ui_port)
        env = self._env()
        python = (sys.executable, "-m")
        return (
            Child("Temporal", server, logs / "temporal.log", env, 10),
            Child("web", (*python, "cli", "web"), logs / "web.log", env, 8),
            Child("worker", (*python, "worker"), logs / "worker.log", env, 25),
            Child("feed", (*python, "demo.feed"), logs / "feed.log", env, 5),
        )

    def _env(self) -> dict[str, str]:
        """Ours, with the home folder made absolute and what the demo sets unless told otherwise."""
        mine = {"SELVEDGE_HOME": str(self._settings.home.absolute()), "PYTHONUNBUFFERED": "1"}
        wanted = {
            "SELVEDGE_STARTS_PER_SECOND": str(STARTS_PER_SECOND),
            "SELVEDGE_FIX_DECIDE_HOURS": f"{decide_hours(self._wishes.pace):g}",
            "SELVEDGE_STYLIST_CALL_DAYS": f"{max(3.0, decide_hours(self._wishes.pace) / 24):g}",
        }
        return wanted | inherited() | mine

    async def _bring_up(self, child: Child) -> None:
        await child.start()
        self._up.append(child)
        self._go_on(self._watch(child))

    async def _answers(self, what: str, asked: Callable[[Settings], str], *children: Child) -> None:
        """Wait until `asked` finds nothing missing. Raises ConfigError with the last words of who fails."""
        deadline = time.monotonic() + UP_WITHIN_S
        while missing := await asyncio.to_thread(asked, self._settings):
            if self._stop.is_set():
                return
            if time.monotonic() > deadline:
                words = "; ".join(f"{child.name}: {child.last_words()}" for child in children)
                raise ConfigError(f"{what} did not come up within {UP_WITHIN_S:.0f} s ({missing}). {words}")
            await asyncio.sleep(0.2)
        self._say(f"{what}: up")

    def _go_on(self, work: Coroutine[None, None, None]) -> None:
        """Do `work` beside everything else; a fault in it ends the run with a line, never in silence."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._looked_after)
        self._tasks.append(task)

    def _looked_after(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()):
            self._failed = f"{type(fault).__name__}: {fault}"
            self._stop.set()

    # --- running ---

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), self._wishes.lasts)
        except TimeoutError:
            self._say(f"{self._wishes.lasts:g} s are over")

    async def _watch(self, child: Child) -> None:
        """Start it again when it dies, so often and no more."""
        while not self._stop.is_set():
            status = await child.died()
            child.restarts += 1
            if child.restarts > MOST_RESTARTS:
                self._failed = f"{child.name} died {child.restarts} times; its log: {child.log}. {child.last_words()}"
                self._stop.set()
                return
            self._say(f"{child.name} ended with status {status}; starting it again. {child.last_words()}")
            await asyncio.sleep(min(0.5 * child.restarts, 3))
            await child.start()

    async def _beat(self) -> None:
        """A sign of life each second: where the clock stands should we be killed."""
        while True:
            with suppress(Unavailable):  # the next beat may get through; the clock stands until then
                await asyncio.to_thread(self._keep_time, clock.beat)
            await asyncio.sleep(1)

    def _keep_time(self, change: Callable[..., object]) -> None:
        with write_transaction(self._engine) as connection:
            change(connection, datetime.now(UTC))

    async def _report(self) -> None:
        """A line now and then on how it goes."""
        while True:
            await asyncio.sleep(STATUS_EVERY_S)
            self._say(await asyncio.to_thread(looks.status_line, self._settings, self._engine))

    async def _extras(self) -> None:
        """On the first run: a campaign to look at, and a ranking learnt from the shop's own past."""
        await asyncio.sleep(EXTRAS_AFTER_S)
        for name, arguments in (("campaign", stocking.CAMPAIGN), ("train", ("train",))):
            log = self._settings.home / "logs" / f"{name}.log"
            nice = ("nice", "-n", "10") if name == "train" else ()
            job = Child(name, (*nice, sys.executable, "-m", "cli", *arguments), log, self._env(), 2)
            begun = time.monotonic()
            await job.start()
            self._up.append(job)
            status = await job.died()
            done = f"done in {time.monotonic() - begun:.1f} s" if status == 0 else f"failed: {job.last_words()}"
            self._say(f"{' '.join(('selvedge', *arguments[:2]))}: {done}")

    # --- stopping ---

    async def _shut_down(self) -> None:
        """Nobody is left to start mail when what mail needs goes away: feed, worker, web, Temporal."""
        self._stop.set()
        self._say("Stopping")
        for child in sorted(self._up, key=lambda one: _STOPPED.get(one.name, 0)):
            await child.stop()
            if child.name == "worker" and hasattr(self, "_engine"):
                await asyncio.to_thread(self._keep_time, clock.stop)
        if hasattr(self, "_engine"):
            await asyncio.to_thread(self._keep_time, clock.stop)
            self._engine.dispose()
        self._say("Stopped; the shop's clock stands still until the next run")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """The first Ctrl-C or SIGTERM stops everything in order, the second at once."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._told_to_stop)
        try:
            yield
        finally:
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(name)

    def _told_to_stop(self) -> None:
        if self._stop.is_set():
            for child in self._up:
                child.kill()
        self._stop.set()

    # --- saying ---

    def _greet(self) -> None:
        address = self._settings.base_url
        click.echo(
            f"\n  Overview     {address}/\n  Mailbox      {address}/mailbox\n  Clients      {address}/clients\n"
            f"  Temporal UI  {self._settings.temporal_ui_url}\n\n  Ctrl-C stops everything.\n"
        )

    def _say(self, text: str) -> None:
        click.echo(f"[{time.monotonic() - self._begun:6.1f} s] {text}")


_STOPPED: Final = {"feed": 0, "worker": 1, "web": 2, "Temporal": 3}


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Two runs on one home folder would fight over everything."""
    settings.home.mkdir(parents=True, exist_ok=True)
    with (settings.home / "demo.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise ConfigError(f"SELVEDGE_HOME: another demo runs in {settings.home}; set another folder") from None
        yield
