"""Lists, search, key figures and one client: how long pages take with many clients.

100,000 clients with ten events each on SQLite and on PostgreSQL; with `--full` a million and ten million on PostgreSQL.
The data are made once and kept in the cache folder; a change of the tables, or of how they are filled, makes them anew.
Every page is asked for as a browser asks, by the web app in this process; the median of some answers counts, the first
one too.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from string import Template
from typing import Any, Final

from fastapi.testclient import TestClient
from psycopg import sql
from sqlalchemy import Engine, text
from sqlalchemy.schema import CreateIndex, CreateTable

from bench.segments import FEW, MAKE, NOW, make_shop
from domain.segments.text import parse_text
from models.actors import Actor, Channel, Role
from models.client_lists import ListColumn
from models.segment_answers import SegmentOrder
from services.figures.days import count_day, count_standing
from services.segments.saved import save_segment
from settings import Settings, find_user_cache
from store.clock import start, stop
from store.database import connect, write_transaction
from store.figures.tallies import save_tallies
from store.segments.members import count_members
from store.segments.segments import save_count
from store.sql.types import to_micros
from store.tables import metadata
from tests.support.ports import free_port
from tests.support.postgres import Cluster, find_unprivileged_user, postgres_programs
from tests.support.site import build_app

EACH: Final = 10
"""Events of a client."""
REPEATS: Final = 7
COUNTED_DAYS: Final = 62
"""Days whose figures the nightly pass has counted: those that the pages show, and as many before."""
OWNER: Final = Actor(who="bench", role=Role.OWNER, channel=Channel.COMMAND)
PAGES: Final = (
    ("today", "/"),
    ("clients", "/clients"),
    ("clients, a later page", "/clients?after=c{middle}"),
    ("search, one id", "/clients?q=c{middle}"),
    ("search, an address", "/clients?q=c{number}@shop"),
    ("search, a name that many have", "/clients?q=ann"),
    ("search, nobody", "/clients?q=zzz"),
    ("search, many ids", "/clients?q=c0"),
    ("a phase", "/clients?phase=dormant"),
    ("a phase and a search", "/clients?phase=dormant&q=c00"),
    ("a saved segment", "/clients?segment=vips"),
    *((f"few, by {order}", f"/clients?phase=won_back&sort={order}") for order in ListColumn),
    ("those who are new, by what they spent", "/clients?phase=new&sort=-spent"),
    ("few, found, by what they spent", "/clients?phase=won_back&q=c1&sort=-spent"),
    ("a segment of some thousand, by name", "/clients?segment=fresh&sort=name"),
    ("a phase, too many to sort", "/clients?phase=dormant&sort=-spent"),
    ("a phase and a search, too many to sort", "/clients?phase=active&q=c1&sort=-spent"),
    ("one client", "/clients/c{middle}"),
    ("key figures", "/kpis?days=28"),
    ("mails", "/mails"),
    ("campaigns", "/campaigns"),
)
_MAKE_SQLITE: Final = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $clients)
INSERT INTO clients (client_id, email, first_name, time_zone, time_zone_assumed, locale, signed_up_at, consent,
    consent_source, sizes, tags, policy, mailbox, unassessed)
SELECT printf('c%07d', i), 'c' || i || '@shop.example', 'Ann' || char(97 + i % 26), 'Europe/Berlin', 0, 'en-GB',
    $now - abs(random() % 1500) * $day, i % 5 > 0, 'shop', '["M"]',
    CASE i % 5 WHEN 0 THEN '["vip"]' WHEN 1 THEN '["press", "newsletter"]' ELSE '[]' END, '{}', 'm' || i,
    i % ($clients / $few) = 2 FROM n;
INSERT INTO standings (client_id, phase, phase_since, band, score, assessment_id, assessed_at, order_moves, why_not,
    next_n)
SELECT client_id, CASE WHEN substr(client_id, 2) % ($clients / $few) = 1 THEN 'won_back' ELSE CASE abs(random() % 8)
    WHEN 0 THEN 'dormant' WHEN 1 THEN 'at_risk' WHEN 2 THEN 'cooling' ELSE 'active' END END, $now, 'cooling',
    abs(random() % 100), 'a', $now, 0, '', 1 FROM clients WHERE NOT unassessed;
INSERT INTO engagement (client_id, anchor_at, frequency, monetary, last_order_at, first_order_at, orders,
    orders_value_cents)
SELECT client_id, $now, 1, 1, $now - abs(random() % 700) * $day, $now - 700 * $day, abs(random() % 6),
    abs(random() % 100000) FROM clients;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $clients * $events)
INSERT INTO events (event_id, client_id, type, occurred_at, item_id, quantity, value_cents)
SELECT 'e' || i, printf('c%07d', 1 + abs(random() % $clients)), CASE i % 4 WHEN 0 THEN 'order_placed'
    WHEN 1 THEN 'item_viewed' WHEN 2 THEN 'email_opened' ELSE 'email_clicked' END,
    $now - abs(random() % (730 * $day)), NULL, 1, CASE i % 4 WHEN 0 THEN abs(random() % 20000) END FROM n;
ANALYZE
"""


class KeptCluster(Cluster):
    """A cluster whose data stay: made once, and started on them afterwards."""

    def start(self) -> None:
        """Start it, on the data that are there."""
        if not (self.folder / "data" / "PG_VERSION").exists():
            super().start()
            return
        server = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port)]
        self.process = self._launch([*server, "-k", str(self.folder), "-c", "listen_addresses=127.0.0.1"])
        self._wait()

    def stop(self) -> None:
        """End it; its data stay."""
        if self.process:
            self.process.send_signal(signal.SIGINT)  # the "fast" way: whoever is connected goes
            self.process.wait(60)


def measure() -> dict[str, float]:
    """Measure with 100,000 clients on both databases, or with a million on PostgreSQL."""
    if "--full" in sys.argv:
        return _measure_postgres(1_000_000)
    return _measure_sqlite(100_000) | _measure_postgres(100_000)


def _measure_sqlite(clients: int) -> dict[str, float]:
    folder = _find_folder("sqlite", clients)
    url = f"sqlite:///{folder / 'shop.db'}"
    if not (folder / "made").exists():
        engine = connect(url)
        metadata.create_all(engine)
        micros = {"now": str(to_micros(NOW)), "day": str(86_400_000_000), "clients": str(clients), "events": str(EACH)}
        micros["few"] = str(FEW)
        _run(lambda: _make_sqlite(engine, micros), clients)
        _finish(engine, folder, clients)
    return _ask(url, "sqlite", clients)


def _make_sqlite(engine: Engine, given: dict[str, str]) -> None:
    with write_transaction(engine) as connection:
        for statement in _MAKE_SQLITE.split(";"):
            connection.execute(text(Template(statement).substitute(given)))


def _measure_postgres(clients: int) -> dict[str, float]:
    programs = postgres_programs()
    if programs is None:
        print("lists: PostgreSQL is not installed; only SQLite is measured", file=sys.stderr)
        return {}
    folder = _find_folder("postgresql", clients)
    with _serve(KeptCluster(programs, folder, free_port())) as cluster:
        if not (folder / "made").exists():
            cluster.execute(sql.SQL("CREATE DATABASE bench"))
            engine = connect(cluster.url("bench"))
            _run(lambda: make_shop(engine, clients, EACH), clients)
            _finish(engine, folder, clients)
        return _ask(cluster.url("bench"), "postgresql", clients)


@contextmanager
def _serve(cluster: KeptCluster) -> Iterator[KeptCluster]:
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def _find_folder(database: str, clients: int) -> Path:
    """Find the folder of the data; others, and such as were not made to their end, go."""
    parts = [MAKE, _MAKE_SQLITE, *(str(CreateTable(table)) for table in metadata.sorted_tables)]
    parts += sorted(str(CreateIndex(index)) for table in metadata.sorted_tables for index in table.indexes)
    user = find_unprivileged_user() if database == "postgresql" else None
    # Whoever runs PostgreSQL in place of root must be able to walk there.
    base = Path(tempfile.gettempdir()) if user else find_user_cache() / "bench"
    begins = f"selvedge-lists-{database}-{clients}-"
    folder = base / f"{begins}{hashlib.sha256(''.join(parts).encode()).hexdigest()[:12]}"
    for other in base.glob(f"{begins}*"):
        if other != folder or not (other / "made").exists():
            shutil.rmtree(other)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    return folder


def _run(make: Callable[[], None], clients: int) -> None:
    begun = time.perf_counter()
    make()
    print(f"  {clients:,} clients made in {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)


def _finish(engine: Engine, folder: Path, clients: int) -> None:
    """Stop the clock, save segments, and count the days as the nightly pass has by then."""
    with write_transaction(engine) as connection:
        start(connection, NOW, 1.0, NOW)
        stop(connection, NOW)
    for slug, line in (("vips", "tag = vip"), ("fresh", f"signed_up in {1_500 * FEW // clients} days")):
        save_segment(engine, OWNER, slug, SegmentOrder(filter=line), NOW, datetime.now(UTC))
        with write_transaction(engine) as connection:  # as each night does
            save_count(connection, slug, NOW.date(), count_members(connection, parse_text(line), NOW))
    today = NOW.date()
    for back in range(COUNTED_DAYS, 0, -1):
        with write_transaction(engine) as connection:
            tallies = count_day(connection, today - timedelta(days=back))
            save_tallies(connection, today - timedelta(days=back), tallies)
    begun = time.perf_counter()
    with write_transaction(engine) as connection:
        save_tallies(connection, today - timedelta(days=1), count_standing(connection))
    print(f"  what stands now, counted in {time.perf_counter() - begun:.1f} s", file=sys.stderr, flush=True)
    engine.dispose()
    (folder / "made").touch()


def _ask(url: str, database: str, clients: int) -> dict[str, float]:
    """Ask for each page, and return the slowest one's median in milliseconds."""
    with tempfile.TemporaryDirectory() as home:
        nowhere: dict[str, Any] = {
            "smtp_url": "smtp://127.0.0.1:9",
            "temporal_address": "127.0.0.1:9",
            "worker_health_url": "none",
        }
        settings = Settings(home=Path(home), database_url=url, open_pages=True, _env_file=None, **nowhere)
        browser = TestClient(build_app(settings), base_url="http://127.0.0.1:8000")
        browser.get("/design")  # templates are compiled once
        middle = {"middle": f"{clients // 2:07}", "number": str(clients // 2)}
        medians = {name: _time(browser, path.format(**middle)) for name, path in PAGES}
    for name, took in medians.items():
        print(f"  {took:8.1f} ms  {database} {clients:,}: {name}", file=sys.stderr, flush=True)
    return {f"lists_{database}_{clients}_slowest_ms": max(medians.values())}


def _time(browser: TestClient, path: str) -> float:
    spent = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        answer = browser.get(path)
        spent.append(time.perf_counter() - begun)
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return statistics.median(spent) * 1e3
