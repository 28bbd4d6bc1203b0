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
from pathlib import Path
from typing import Final

import click
from sqlalchemy import Engine

from demo import first_run, health, ports
from demo.child_process import MOST_RESTARTS, ChildProcess
from demo.home_lock import lock_home
from demo.servers import build_dev_server_command, require_temporal
from errors import ConfigError, Unavailable
from settings import Settings, copy_environment, may_open_pages
from store import clock
from store.database import connect, write_transaction

DAY_S: Final = 86_400.0
UP_WITHIN_S: Final = 60.0
STATUS_EVERY_S: Final = 10.0
EXTRAS_AFTER_S: Final = 30.0
"""The ranking is trained and the demo's campaign made a while after the start, so as not to delay the first mails."""
STARTS_PER_SECOND: Final = 12.0
"""How fast the demo's known clients get their workflows: what two cores do besides everything else."""
VISIT_S: Final = 1_200.0
"""Real seconds for which a visit in the demo's shop is remembered."""
DECIDE_S: Final = 600.0
"""Real seconds that a person has for a Fix of their own or a call, at least; the demo's stylist takes the demo's."""


@dataclass(frozen=True)
class DemoOptions:
    """The options of the command line. `pace` is real seconds a business day; `lasts` real seconds or None."""

    pace: float = 5.0
    lasts: float | None = None
    feed: bool = True


def compute_decide_hours(pace: float) -> float:
    """Compute the business hours that a person has to decide on a Fix, where a business day takes `pace` seconds."""
    return max(48.0, round(24 * DECIDE_S / pace))


class Stack:
    """One run of the demo."""

    def __init__(self, settings: Settings, options: DemoOptions) -> None:
        self._settings, self._options = settings, options
        self._begun = time.monotonic()
        self._stop = asyncio.Event()
        self._failed = ""
        self._engine: Engine
        self._up: list[ChildProcess] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._keeper: asyncio.Task[None] | None = None
        """Keeps the clock until the worker has stopped: a silent clock goes back to its last beat."""

    async def run(self) -> int:
        """Start, watch and stop everything; return the exit status. Raises ConfigError when it cannot start at all."""
        binary = require_temporal()
        with lock_home(self._settings), self._signals():
            ports.require_free_ports(self._settings)
            try:
                await self._start(binary)
                await self._wait()
            finally:
                for task in self._tasks:
                    if task is not self._keeper:
                        task.cancel()
                await self._shut_down()
        if self._failed:
            self._say(self._failed)
        return 1 if self._failed else 0

    # --- starting ---

    async def _start(self, binary: Path) -> None:
        temporal, web, worker, feed, shop = self._build_children(binary)
        await self._bring_up(temporal)
        is_first_run = await asyncio.to_thread(first_run.prepare_shop, self._settings, self._say)
        if self._stop.is_set():
            return
        self._engine = connect(self._settings.database)
        real = datetime.now(UTC)
        with write_transaction(self._engine) as connection:
            running_clock = clock.start(
                connection, real, DAY_S / self._options.pace, first_run.load_start(self._settings)
            )
        self._say(
            f"It is {running_clock.business(real):%-d %B %Y, %H:%M} in the shop; a day takes {self._options.pace:g} s"
        )
        self._keeper = self._run_beside(self._keep_clock())
        await self._wait_until_up("Temporal", health.check_temporal, temporal)
        for child in (web, worker):
            await self._bring_up(child)
        await self._wait_until_up("Web, mailbox and worker", health.check_parts, web, worker)
        if self._options.feed:
            await self._bring_up(feed)
        await self._bring_up(shop)
        await self._wait_until_up("The shop", health.check_shop, shop)
        self._print_addresses()
        self._run_beside(self._print_status())
        if is_first_run and self._options.feed:
            self._run_beside(self._run_extras())

    def _build_children(self, binary: Path) -> tuple[ChildProcess, ...]:
        settings, logs = self._settings, self._settings.home / "logs"
        _, _, port = settings.temporal_address.rpartition(":")
        database, ui_port = settings.home.absolute() / "temporal.db", ports.get_ui_port(settings)
        server = build_dev_server_command(binary, database, port=int(port), ui_port=ui_port)
        env = self._build_env()
        python = (sys.executable, "-m")
        return (
            ChildProcess("Temporal", server, logs / "temporal.log", env, 10),
            ChildProcess("web", (*python, "cli", "web"), logs / "web.log", env, 8),
            ChildProcess("worker", (*python, "worker"), logs / "worker.log", env, 25),
            ChildProcess("feed", (*python, "demo.feed"), logs / "feed.log", env, 5),
            ChildProcess("shop", (*python, "demo.storefront"), logs / "shop.log", env, 5),
        )

    @property
    def _shop_address(self) -> str:
        return f"http://127.0.0.1:{self._settings.demo_shop_port}"

    def _build_env(self) -> dict[str, str]:
        """Build our environment, with the home folder made absolute and the demo's defaults."""
        fixed = {"SELVEDGE_HOME": str(self._settings.home.absolute()), "PYTHONUNBUFFERED": "1"}
        defaults = {
            "SELVEDGE_DRAWN_PICTURES": "true",
            "SELVEDGE_WEB_HELPER": "false",  # a few hundred clients need none
            "SELVEDGE_OPEN_PAGES": str(may_open_pages(self._settings)).lower(),
            "SELVEDGE_SHOP_URL": f"{self._shop_address}/p",
            "SELVEDGE_SHOP_ORIGINS": self._shop_address,
            "SELVEDGE_VISIT_HOURS": f"{max(12.0, min(24 * VISIT_S / self._options.pace, 8_784)):g}",
            "SELVEDGE_STARTS_PER_SECOND": str(STARTS_PER_SECOND),
            "SELVEDGE_FIX_DECIDE_HOURS": f"{compute_decide_hours(self._options.pace):g}",
            "SELVEDGE_STYLIST_CALL_DAYS": f"{max(3.0, compute_decide_hours(self._options.pace) / 24):g}",
        }
        return defaults | copy_environment() | fixed

    async def _bring_up(self, child: ChildProcess) -> None:
        await child.start()
        self._up.append(child)
        self._run_beside(self._watch(child))

    async def _wait_until_up(self, what: str, find_missing: Callable[[Settings], str], *children: ChildProcess) -> None:
        """Wait until `find_missing` finds nothing. Raises ConfigError with the last log line of who fails."""
        deadline = time.monotonic() + UP_WITHIN_S
        while missing := await asyncio.to_thread(find_missing, self._settings):
            if self._stop.is_set():
                return
            if time.monotonic() > deadline:
                last_lines = "; ".join(f"{child.name}: {child.read_last_line()}" for child in children)
                raise ConfigError(f"{what} did not come up within {UP_WITHIN_S:.0f} s ({missing}). {last_lines}")
            await asyncio.sleep(0.2)
        self._say(f"{what}: up")

    def _run_beside(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Do `work` beside everything else; a fault in it ends the run with a line, never in silence."""
        task = asyncio.create_task(work)
        task.add_done_callback(self._stop_on_fault)
        self._tasks.append(task)
        return task

    def _stop_on_fault(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()):
            self._failed = f"{type(fault).__name__}: {fault}"
            self._stop.set()

    # --- running ---

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._stop.wait(), self._options.lasts)
        except TimeoutError:
            self._say(f"{self._options.lasts:g} s are over")

    async def _watch(self, child: ChildProcess) -> None:
        """Start it again when it dies, so often and no more."""
        while not self._stop.is_set():
            status = await child.wait_for_exit()
            child.restarts += 1
            if child.restarts > MOST_RESTARTS:
                self._failed = (
                    f"{child.name} died {child.restarts} times; its log: {child.log}. {child.read_last_line()}"
                )
                self._stop.set()
                return
            self._say(f"{child.name} ended with status {status}; starting it again. {child.read_last_line()}")
            await asyncio.sleep(min(0.5 * child.restarts, 3))
            await child.start()

    async def _keep_clock(self) -> None:
        """Save each second where the clock stands, in case we are killed."""
        while True:
            with suppress(Unavailable):  # the next beat may get through; the clock stands until then
                await asyncio.to_thread(self._keep_time, clock.beat)
            await asyncio.sleep(1)

    def _keep_time(self, change: Callable[..., object]) -> None:
        with write_transaction(self._engine) as connection:
            change(connection, datetime.now(UTC))

    async def _print_status(self) -> None:
        """Print a status line now and then."""
        while True:
            await asyncio.sleep(STATUS_EVERY_S)
            self._say(await asyncio.to_thread(health.render_status_line, self._settings, self._engine))

    async def _run_extras(self) -> None:
        """Create a campaign and train a ranking from the shop's own past; on the first run."""
        await asyncio.sleep(EXTRAS_AFTER_S)
        for name, arguments in (("campaign", first_run.CAMPAIGN), ("train", ("train",))):
            log = self._settings.home / "logs" / f"{name}.log"
            nice = ("nice", "-n", "10") if name == "train" else ()
            job = ChildProcess(name, (*nice, sys.executable, "-m", "cli", *arguments), log, self._build_env(), 2)
            begun = time.monotonic()
            await job.start()
            self._up.append(job)
            status = await job.wait_for_exit()
            done = f"done in {time.monotonic() - begun:.1f} s" if status == 0 else f"failed: {job.read_last_line()}"
            self._say(f"{' '.join(('selvedge', *arguments[:2]))}: {done}")

    # --- stopping ---

    async def _shut_down(self) -> None:
        """Stop the feed, the worker, the web process and Temporal, so that what mail needs goes away last."""
        self._stop.set()
        self._say("Stopping")
        for child in sorted(self._up, key=lambda child: _STOP_ORDER.get(child.name, 0)):
            await child.stop()
            if child.name == "worker" and hasattr(self, "_engine"):
                await asyncio.to_thread(self._keep_time, clock.stop)
        if self._keeper is not None:
            self._keeper.cancel()
        if hasattr(self, "_engine"):
            await asyncio.to_thread(self._keep_time, clock.stop)
            self._engine.dispose()
        self._say("Stopped; the shop's clock stands still until the next run")

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """Stop everything in order at the first Ctrl-C or SIGTERM, and at once at the second."""
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._handle_signal)
        try:
            yield
        finally:
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(name)

    def _handle_signal(self) -> None:
        if self._stop.is_set():
            for child in self._up:
                child.kill()
        self._stop.set()

    # --- printing ---

    def _print_addresses(self) -> None:
        address = self._settings.base_url
        if may_open_pages(self._settings):
            access = "The pages ask for no password: made-up people, on this machine alone."
        else:
            log = self._settings.home / "logs" / "web.log"
            access = f"The pages ask for a sign-in; the link that makes the owner is in {log}."
        click.echo(
            f"\n  The shop     {self._shop_address}/\n  Overview     {address}/\n  Mailbox      {address}/mailbox\n"
            f"  Clients      {address}/clients\n"
            f"  Temporal UI  {self._settings.temporal_ui_url}\n\n  {access}\n  Ctrl-C stops everything.\n"
        )

    def _say(self, text: str) -> None:
        click.echo(f"[{time.monotonic() - self._begun:6.1f} s] {text}")


_STOP_ORDER: Final = {"feed": 0, "shop": 0, "worker": 1, "web": 2, "Temporal": 3}
