"""Clients on the stack that a shop runs, Temporal's server and the shop's tables on one PostgreSQL: what it takes to
start them, and what they cost while they sleep."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import psycopg
from psycopg import sql
from scipy import stats

from bench.lifecycle import read_cpu
from tests.support.ports import free_port
from tests.support.postgres import Cluster, postgres_programs
from tests.support.production import ProductionServer, new_server
from tests.support.shop import Shop, a_shop
from tests.support.worker import WorkerProcess

SIZES: Final = (1_000, 2_500, 5_000)
MORE_SIZES: Final = (10_000, 20_000)
SHARDS: Final = 512
"""As many as Temporal's makers advise for a small cluster; they cannot be changed later."""
DURABLE: Final = ("max_connections=200", "shared_buffers=512MB", "max_wal_size=4GB")
SETTLE_S: Final = 20
WATCH_S: Final = 60
STALL_S: Final = 120


@dataclass
class WholeShop:
    """All of it, running."""

    cluster: Cluster
    server: ProductionServer
    shop: Shop
    worker: WorkerProcess

    @property
    def processes(self) -> dict[str, psutil.Process]:
        """The process of each part; PostgreSQL's has children."""
        assert self.server.process
        assert self.cluster.process
        return {
            "server": psutil.Process(self.server.process.pid),
            "postgresql": psutil.Process(self.cluster.process.pid),
            "worker": self.worker.usage,
        }

    @property
    def databases(self) -> dict[str, str]:
        """The name of each database by what it stores."""
        return {**self.server.databases, "shop": self.shop.engine.url.database or ""}


@dataclass
class Line:
    """A figure at several sizes, to be fitted by a line."""

    sizes: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def describe(self, name: str) -> dict[str, float]:
        """Describe its slope a client and the ends of its 95 % interval; nothing from fewer than three sizes."""
        if len(self.sizes) < 3:
            return {}
        fit = stats.linregress(self.sizes, self.values)
        half = float(stats.t.ppf(0.975, len(self.sizes) - 2)) * fit.stderr
        return {
            f"{name}_a_client": fit.slope,
            f"{name}_a_client_from": fit.slope - half,
            f"{name}_a_client_to": fit.slope + half,
        }


def measure() -> dict[str, float]:
    """Measure named figures.

    `sleepers_started_per_s`: from the first row in the outbox to the last welcome mail delivered, in the slowest step;
    `sleepers_N_…`: at N sleeping clients memory in MB (of the whole process tree), processor in percent of a core,
    bytes and rows; `…_a_client`: the slope of that over the sizes, with its 95 % interval."""
    found: dict[str, float] = {}
    lines: dict[str, Line] = {}
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as name, run_stack(Path(name)) as stack:
        rates, clients = [], 0
        for size in (0, *SIZES, *(MORE_SIZES if "--full" in sys.argv else ())):
            if size:
                started = _start(stack, clients, size)
                rates.append(started.pop("per_s"))
                found |= {f"sleepers_{size}_started_per_s": rates[-1]}
                found |= {f"sleepers_start_{part}_cpu_ms": used for part, used in started.items()}
            clients = size
            time.sleep(SETTLE_S)
            for figure, value in _watch(stack).items():
                found[f"sleepers_{size}_{figure}"] = value
                line = lines.setdefault(figure, Line())
                line.sizes.append(size)
                line.values.append(value)
            print({name: round(value, 3) for name, value in found.items() if f"_{size}_" in name}, file=sys.stderr)
        found["sleepers_started_per_s"] = min(rates)
    for figure, line in lines.items():
        found |= line.describe(f"sleepers_{figure}")
    return found


@contextmanager
def run_stack(folder: Path) -> Iterator[WholeShop]:
    """Run PostgreSQL that survives a power cut, the server, one worker process, and a shop without quiet hours."""
    programs = postgres_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL's server programs are not installed")
    cluster = Cluster(programs, Path(tempfile.mkdtemp(prefix="selvedge-pg-")), free_port(), DURABLE)
    (folder / "temporal").mkdir()
    try:
        cluster.start()
        server = new_server(folder / "temporal", cluster, shards=SHARDS)
        server.start()
        given = {"quiet_from_hour": 0, "quiet_until_hour": 0, "starts_per_second": 1_000.0}
        url = cluster.url(cluster.copy_database(cluster.template))
        shop = a_shop(folder / "home", temporal_address=server.address, database_url=url, stock=False, **given)
        worker = WorkerProcess(shop.settings, folder)
        try:
            worker.start().wait_until_up()
            yield WholeShop(cluster, server, shop, worker)
        finally:
            worker.stop()
            shop.sink.stop()
            shop.engine.dispose()
            server.stop()
    finally:
        cluster.stop()


def _start(stack: WholeShop, clients: int, size: int) -> dict[str, float]:
    """Sign clients up until there are `size` and each has the welcome: how many a second, and milliseconds of processor
    a client by part."""
    before, begun = _read_cpus(stack), time.perf_counter()
    for first in range(clients, size, 500):
        stack.shop.sign_up(f"at{first}n", min(500, size - first))
    box, seen, moved = stack.shop.sink.mailbox, 0, time.monotonic()
    while seen < size:
        if (count := box.count()) != seen:
            seen, moved = count, time.monotonic()
        if time.monotonic() - moved > STALL_S:
            raise TimeoutError(f"{seen} of {size} mails, and none for {STALL_S} s")
        time.sleep(0.2)
    took, after = time.perf_counter() - begun, _read_cpus(stack)
    new = size - clients
    return {"per_s": new / took} | {part: (after[part] - before[part]) / new * 1000 for part in before}


def _watch(stack: WholeShop) -> dict[str, float]:
    before = _read_cpus(stack)
    time.sleep(WATCH_S)
    after = _read_cpus(stack)
    cpu = {f"{part}_cpu_pct": (after[part] - before[part]) / WATCH_S * 100 for part in before}
    memory = {f"{part}_mb": _read_memory(process) / 2**20 for part, process in stack.processes.items()}
    return cpu | memory | _measure_databases(stack)


def _read_cpus(stack: WholeShop) -> dict[str, float]:
    return {part: _read_tree_cpu(process) for part, process in stack.processes.items()}


def _read_tree_cpu(process: psutil.Process) -> float:
    """Seconds of processor time of a process, its children, and those that have ended."""
    times = process.cpu_times()
    ended = float(times.children_user + times.children_system)
    return read_cpu(process) + ended + sum(read_cpu(child) for child in process.children())


def _read_memory(process: psutil.Process) -> float:
    """Bytes of a process and its children, what they share counted once."""
    return float(sum(one.memory_full_info().pss for one in (process, *process.children())))


def _measure_databases(stack: WholeShop) -> dict[str, float]:
    figures: dict[str, float] = {}
    for store, database in stack.databases.items():
        with psycopg.connect(stack.cluster.url(database).replace("+psycopg", ""), autocommit=True) as connection:
            tables = connection.execute("SELECT relname FROM pg_stat_user_tables").fetchall()
            counts = [sql.SQL("(SELECT count(*) FROM {})").format(sql.Identifier(name)) for (name,) in tables]
            rows = connection.execute(sql.SQL("SELECT ") + sql.SQL(" + ").join(counts)).fetchone()
            size = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert rows
        assert size
        figures |= {f"{store}_rows": float(rows[0]), f"{store}_bytes": float(size[0])}
    return figures
