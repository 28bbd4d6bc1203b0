"""`selvedge demo` from nothing, as a stranger runs it: mails arrive; stopped and run again, it goes on."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mail.mailbox import Mailbox
from store import clock
from store.database import connect, read_transaction
from store.tables import outreaches
from tests.support.ports import free_ports

pytestmark = pytest.mark.slow

WITHIN_S = 300.0


class Demo:
    """One run of the command on a home folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ports = free_ports(7)
        web, temporal, ui, mailbox, metrics, health, shop = self.ports
        self.address = f"http://127.0.0.1:{web}"
        self._env = os.environ | {
            "SELVEDGE_HOME": str(home),
            "SELVEDGE_WEB_PORT": str(web),
            "SELVEDGE_TEMPORAL_ADDRESS": f"127.0.0.1:{temporal}",
            "SELVEDGE_TEMPORAL_UI_URL": f"http://127.0.0.1:{ui}",
            "SELVEDGE_MAILBOX_PORT": str(mailbox),
            "SELVEDGE_WORKER_METRICS_PORT": str(metrics),
            "SELVEDGE_WORKER_HEALTH_PORT": str(health),
            "SELVEDGE_DEMO_SHOP_PORT": str(shop),
        }

    def run_until(self, reached: Callable[[], bool]) -> str:
        """Run it until `reached`, then Ctrl-C; what it printed."""
        with (self.home.parent / "out.txt").open("w+") as out:
            command = (sys.executable, "-m", "cli", "demo", "--pace", "4")
            process = subprocess.Popen(command, env=self._env, stdout=out, stderr=subprocess.STDOUT)
            try:
                deadline = time.monotonic() + WITHIN_S
                while not reached():
                    assert process.poll() is None, self._read_output(out.name)
                    assert time.monotonic() < deadline, self._read_output(out.name)
                    time.sleep(0.5)
            finally:
                process.send_signal(signal.SIGINT)
                status = process.wait(120)
            assert status == 0, self._read_output(out.name)
            return self._read_output(out.name)

    @staticmethod
    def _read_output(name: str) -> str:
        return Path(name).read_text()

    def get(self, path: str) -> Any:
        """What the web process answers with, as JSON; None while it does not."""
        try:
            with urllib.request.urlopen(self.address + path, timeout=5) as answer:
                return json.load(answer)
        except OSError:
            return None

    def business(self, real: datetime) -> datetime:
        """What the stored clock says at the real moment `real`."""
        engine = connect(f"sqlite:///{self.home / 'selvedge.db'}")
        with read_transaction(engine) as connection:
            told = clock.load_clock(connection, real).business(real)
        engine.dispose()
        return told

    def phases_sent(self) -> set[str]:
        """The phases of clients to whom mail was sent."""
        engine = connect(f"sqlite:///{self.home / 'selvedge.db'}")
        with read_transaction(engine) as connection:
            query = select(outreaches.c.phase).where(outreaches.c.state == "sent").distinct()
            found = set(connection.scalars(query))
        engine.dispose()
        return found


def test_mails_arrive_and_a_second_run_goes_on_with_nothing_sent_twice(tmp_path: Path) -> None:
    demo = Demo(tmp_path / "home")
    box = Mailbox(demo.home / "mailbox.db")

    def enough() -> bool:
        mails = demo.get("/mailbox.json") or []
        return len({mail["to"] for mail in mails}) >= 20 and len(demo.phases_sent()) >= 2

    said = demo.run_until(enough)
    assert "Imported a shop of" in said
    assert "The shop: up" in said
    assert "Stopped; the shop's clock stands still" in said
    for port in demo.ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    first, stood = box.count(), demo.business(datetime.now(UTC))
    assert demo.business(datetime(2030, 1, 1, tzinfo=UTC)) == stood

    said = demo.run_until(lambda: demo.get("/healthz") is not None and box.count() > first)
    assert "Going on with the shop of the last run" in said
    assert "starting it again" not in said
    assert demo.business(datetime.now(UTC)) > stood
    ids = [re.search(r"^Message-ID:\s*(\S+)", mail.raw.decode(), re.M | re.I) for mail in box.iterate_since()]
    found = [match[1] for match in ids if match]
    assert len(found) == len(set(found)) == box.count()


def test_two_runs_on_one_home_are_refused_in_one_line(tmp_path: Path) -> None:
    from fcntl import LOCK_EX, flock

    (tmp_path / "home").mkdir()
    with (tmp_path / "home" / "demo.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        told = subprocess.run(
            (sys.executable, "-m", "cli", "demo"),
            env=os.environ | {"SELVEDGE_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert told.returncode == 1
    assert told.stderr.startswith("selvedge: SELVEDGE_HOME: another demo runs in ")
    assert told.stderr.count("\n") == 1
