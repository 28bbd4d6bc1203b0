"""A private PostgreSQL for the tests: its own cluster in a temporary folder on a free port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg import sql

from store.database import connect
from store.migrate import upgrade
from tests.support.ports import free_port

USER = "selvedge"
KEEPS_COMMITS = ("fsync=off", "max_connections=200")
"""For a cluster that is killed: what it has acknowledged is in the system's cache, which outlives its processes."""
# A throwaway cluster need not survive a power cut.
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


def postgres_programs() -> Path | None:
    """The folder with initdb and postgres: that of PATH, else the newest of Debian's; None without one."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("postgres"):
        return Path(on_path).resolve().parent
    debian = [folder for folder in Path("/usr/lib/postgresql").glob("*/bin") if (folder / "initdb").exists()]
    return max(debian, key=lambda folder: float(folder.parent.name), default=None)


def find_unprivileged_user() -> str | None:
    """Who shall run the cluster: PostgreSQL refuses root. None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@dataclass
class Cluster:
    """A cluster in `folder`, listening on `port` of 127.0.0.1."""

    programs: Path
    folder: Path
    port: int
    options: Sequence[str] = QUICK
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Make the cluster and wait until it answers. Raises RuntimeError with its log when it does not."""
        if user := find_unprivileged_user():
            shutil.chown(self.folder, user)
        data = str(self.folder / "data")
        initdb = [str(self.programs / "initdb"), "-D", data, "-U", USER, "-A", "trust"]
        made = self._launch([*initdb, "-E", "UTF8", "--locale=C", "--no-sync"])
        if made.wait(120):
            raise RuntimeError(f"initdb failed: {self._log()}")
        self.launch()

    def launch(self) -> None:
        """Start the server on what the cluster holds, and wait until it answers. Raises RuntimeError."""
        data = str(self.folder / "data")
        server = [str(self.programs / "postgres"), "-D", data, "-p", str(self.port), "-k", str(self.folder)]
        settings = [part for name in self.options for part in ("-c", name)]
        self.process = self._launch([*server, "-c", "listen_addresses=127.0.0.1", *settings])
        self._wait()

    def kill(self) -> None:
        """kill -9 of all its processes, as when its machine fails; `launch` brings it back."""
        assert self.process
        root = psutil.Process(self.process.pid)
        for process in (root, *root.children()):
            process.kill()
        self.process.wait(20)

    def stop(self) -> None:
        """End it at once; its folder goes with it."""
        if self.process:
            self.process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def execute(self, statement: sql.Composed | sql.SQL) -> None:
        """Run one statement in the maintenance database."""
        conninfo = f"host=127.0.0.1 port={self.port} user={USER} dbname=postgres"
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=5) as connection:
            connection.execute(statement)

    @contextmanager
    def create_database(self, template: str = "template1") -> Iterator[str]:
        """Create a database like `template` until the block ends; yields its URL."""
        name = self.copy_database(template)
        yield self.url(name)
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def copy_database(self, template: str = "template1") -> str:
        """Create a database like `template` that stays; its name. Files are copied: five times quicker here than to log
        each page."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    @cached_property
    def template(self) -> str:
        """A database with our tables, to be copied; nobody is connected to it."""
        self.execute(sql.SQL("CREATE DATABASE with_tables"))
        engine = connect(self.url("with_tables"))
        upgrade(engine)
        engine.dispose()
        return "with_tables"

    def url(self, database: str) -> str:
        """SQLAlchemy's URL of one database."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def _launch(self, command: list[str]) -> subprocess.Popen[bytes]:
        user = find_unprivileged_user()
        group = pwd.getpwnam(user).pw_gid if user else None
        extra: list[int] | None = [] if user else None
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, user=user, group=group, extra_groups=extra
            )

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def _wait(self) -> None:
        until = time.monotonic() + 180
        while True:
            try:
                self.execute(sql.SQL("SELECT 1"))
                return
            except psycopg.OperationalError as not_yet:
                if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"PostgreSQL did not start: {self._log()}") from not_yet
                time.sleep(0.1)


@cache
def share_cluster() -> Cluster:
    """Start the one cluster of this test run. Without PostgreSQL: a failure where CI is set, else a skip."""
    programs = postgres_programs()
    if programs is None:
        missing = "PostgreSQL's server programs are not installed (on Debian: apt-get install postgresql)"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    cluster = Cluster(programs, Path(tempfile.mkdtemp(prefix="selvedge-pg-")), free_port())
    try:
        cluster.start()
    except BaseException:
        cluster.stop()
        raise
    return cluster


def stop_shared_cluster() -> None:
    """Stop it at the end of the run, where a test has started it."""
    if share_cluster.cache_info().currsize:
        share_cluster().stop()


@pytest.fixture(scope="session")
def postgres() -> Cluster:
    """A running cluster for the whole session."""
    return share_cluster()


@pytest.fixture
def postgres_url(postgres: Cluster) -> Iterator[str]:
    """SQLAlchemy's URL of an empty database of this test's own."""
    with postgres.create_database() as url:
        yield url


@pytest.fixture
def postgres_tables_url(postgres: Cluster) -> Iterator[str]:
    """SQLAlchemy's URL of a database of this test's own, with our tables."""
    with postgres.create_database(postgres.template) as url:
        yield url
