"""Segments: how long it takes to count the clients of ten typical filters on PostgreSQL.

100,000 clients by default, a million with `--full`. The data are made by the server itself, once a run.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Final

import psutil
from psycopg import sql
from sqlalchemy import Engine, text

from domain.segments.text import parse_text
from store.database import connect, read_transaction
from store.segments.members import count_members
from store.tables import metadata
from tests.support.ports import free_port
from tests.support.postgres import Cluster, postgres_programs

NOW: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
FILTERS: Final = (
    "phase = at_risk",
    'phase = at_risk and ordered("knitwear") in 180 days and not opened in 30 days',
    "tag = vip and value > 500",
    "signed_up in 30 days and never ordered",
    "opened at least 2 times in 90 days",
    "last_order before 180 days ago and orders >= 3",
    "consent and language = de and not mailed in 14 days",
    "phase in (cooling, at_risk) or not clicked in 365 days",
    "attr.points >= 90 and country = DE",
    "ordered for at least 200 in 365 days and not returned in 365 days",
)
REPEATS: Final = 3
FEW: Final = 9_000
"""So many are in a phase of few, and so many have none yet: as many as a list sorts, nearly."""

MAKE: Final = """
INSERT INTO items (item_id, title, category, brand, colour, price_cents, season, sizes, tags, added_at)
SELECT 'i' || i, 'Item ' || i, CASE WHEN i % 20 = 0 THEN 'knitwear' ELSE 'category ' || i % 20 END, 'brand ' || i % 50,
    '', 5000, 'all', '[]', '[]', $now FROM generate_series(1, 2000) AS i;
INSERT INTO clients (client_id, email, first_name, time_zone, time_zone_assumed, locale, signed_up_at, consent,
    consent_source, sizes, tags, policy, mailbox, unassessed)
SELECT 'c' || lpad(i::text, 7, '0'), 'c' || i || '@shop.example', (ARRAY['Ann', 'Anna', 'Annik', 'Ann-Kathrin', 'Bea',
    'Émilie', 'Mia', 'Zoë'])[1 + least(7, i * 7919::bigint % 20)], 'Europe/Berlin', false,
    (ARRAY['en-GB', 'de-DE', 'fr', 'en'])[1 + i % 4], $now - random() * 1500 * $day, random() < 0.8, 'shop',
    '["M"]', (ARRAY['["vip"]', '["press", "newsletter"]', '[]', '[]', '["newsletter"]'])[1 + (i / 4) % 5]::jsonb, '{}',
    'm' || i, i % ($clients / $few) = 2 FROM generate_series(1, $clients) AS i;
INSERT INTO standings (client_id, phase, phase_since, band, score, assessment_id, assessed_at, order_moves, why_not,
    next_n, next_touch_at)
SELECT client_id, CASE WHEN substr(client_id, 2)::int % ($clients / $few) = 1 THEN 'won_back' ELSE
    (ARRAY['active', 'active', 'active', 'cooling', 'cooling', 'at_risk', 'lapsed', 'dormant'])[
    1 + floor(random() * 8)::int] END, $now - random() * 90 * $day, 'cooling', random() * 100, 'a', $now, false, '', 1,
    CASE WHEN random() < .4 THEN $now + (random() - .3) * 20 * $day END FROM clients WHERE NOT unassessed;
INSERT INTO engagement (client_id, anchor_at, frequency, monetary, last_order_at, first_order_at, orders,
    orders_value_cents)
SELECT client_id, $now, 1, 1, $now - random() * 700 * $day, $now - 700 * $day, floor(random() * 6), random() * 100000
    FROM clients WHERE random() < 0.7;
INSERT INTO events (event_id, client_id, type, occurred_at, item_id, quantity, value_cents, data)
SELECT 'e' || i, 'c' || lpad((1 + floor(random() * $clients))::int::text, 7, '0'), kind, $now - random() * 730 * $day,
    CASE WHEN kind LIKE 'email%' THEN NULL ELSE 'i' || (1 + floor(random() * 2000))::int END, 1,
    CASE WHEN kind LIKE 'order%' THEN random() * 20000 END,
    CASE WHEN kind LIKE 'email%' THEN jsonb_build_object('machine', random() < 0.2) END
    FROM (SELECT i, (ARRAY['order_placed', 'order_placed', 'item_viewed', 'item_viewed', 'email_opened',
        'email_opened', 'email_clicked', 'order_returned'])[1 + i % 8] AS kind
        FROM generate_series(1, $clients * $events) AS i) AS drawn;
INSERT INTO outreaches (client_id, n, reason_key, kind, assessment_id, score, phase, priority, state, code, epoch,
    attempt, created_at, updated_at, sent_at)
SELECT client_id, n, 'k' || n, 'missed', 'a', 1, 'active', 0, 'sent', '', 0, 0, $now, $now, $now - random() * 200 * $day
    FROM clients, generate_series(1, 2) AS n WHERE random() < 0.7;
INSERT INTO client_attributes (client_id, name, number, updated_at)
SELECT client_id, 'points', floor(random() * 100), $now FROM clients WHERE random() < 0.5;
ANALYZE
"""


def measure() -> dict[str, float]:
    """Measure with 100,000 clients, or a million."""
    return _measure(1_000_000 if "--full" in sys.argv else 100_000)


def _measure(clients: int) -> dict[str, float]:
    programs = postgres_programs()
    if programs is None:
        print("segments: PostgreSQL is not installed; nothing is measured", file=sys.stderr)
        return {}
    cluster = Cluster(programs, Path(tempfile.mkdtemp(prefix="selvedge-pg-")), free_port())
    try:
        cluster.start()
        cluster.execute(sql.SQL("CREATE DATABASE bench"))
        engine = connect(cluster.url("bench"))
        begun = time.perf_counter()
        make_shop(engine, clients)
        print(f"  {clients:,} clients made in {time.perf_counter() - begun:.0f} s", file=sys.stderr)
        figures = _count_all(engine, cluster, clients)
        engine.dispose()
        return figures
    finally:
        cluster.stop()


def make_shop(engine: Engine, clients: int, events: int = 6) -> None:
    """Make so many clients, each with so many events; indexes beside the keys are built at the end: it is quicker."""
    metadata.create_all(engine)
    indexes = [index for table in metadata.sorted_tables for index in table.indexes]
    given = {
        "now": f"TIMESTAMPTZ '{NOW.isoformat()}'",
        "day": "INTERVAL '1 day'",
        "clients": str(clients),
        "events": str(events),
        "few": str(FEW),
    }
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
        for statement in MAKE.split(";"):
            connection.execute(text(Template(statement).substitute(given)))
        for index in indexes:
            index.create(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _count_all(engine: Engine, cluster: Cluster, clients: int) -> dict[str, float]:
    slowest, most_cpu = 0.0, 0.0
    for line in FILTERS:
        tree, walls, cpus = parse_text(line), list[float](), list[float]()
        with read_transaction(engine) as connection:
            for _ in range(REPEATS):
                before, begun = read_cpu(cluster), time.perf_counter()
                found = count_members(connection, tree, NOW)
                walls.append(time.perf_counter() - begun)
                cpus.append(read_cpu(cluster) - before)
        print(f"  {min(walls):6.3f} s  {min(cpus):6.3f} s CPU  {found:>9,}  {line}", file=sys.stderr)
        slowest, most_cpu = max(slowest, min(walls)), max(most_cpu, min(cpus))
    return {f"segments_{clients}_slowest_s": slowest, f"segments_{clients}_most_cpu_s": most_cpu}


def read_cpu(cluster: Cluster) -> float:
    """Read the seconds of CPU that the server has used, with the helpers of queries that have ended."""
    assert cluster.process is not None
    server = psutil.Process(cluster.process.pid)
    own = server.cpu_times()
    used = own.user + own.system + own.children_user + own.children_system
    return used + sum(_read_process(child) for child in server.children())


def _read_process(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
