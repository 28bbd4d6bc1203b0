"""A PostgreSQL of one's own for a measurement, where its programs are installed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg import sql

from tests.support.ports import free_port
from tests.support.postgres import Cluster, postgres_programs


@contextmanager
def serve_postgres() -> Iterator[str]:
    """Serve an empty database inside the block; yield its URL, or nothing where PostgreSQL is not installed."""
    programs = postgres_programs()
    if programs is None:
        yield ""
        return
    cluster = Cluster(programs, Path(tempfile.mkdtemp(prefix="selvedge-pg-")), free_port())
    try:
        cluster.start()
        cluster.execute(sql.SQL("CREATE DATABASE bench"))
        yield cluster.url("bench")
    finally:
        cluster.stop()
