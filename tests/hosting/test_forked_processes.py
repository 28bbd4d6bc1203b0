"""Who watches web processes: one that crashes or hangs is replaced, all end together, and none outlives who watches.
The processes serve a trivial app, or only say that they do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.support.worker import ROOT

HEAD = """
import os, signal, sys, time
import hosting.forked_processes as w
w.SILENT_S, w.PATIENCE_S, w.LONGEST_PAUSE_S = 1.0, 1.0, 0.2
folder = sys.argv[1]
def note(number): open(f"{folder}/{number}", "a").write(f"{os.getpid()}\\n")
def beat(pipe):
    while True:
        os.write(pipe, b".")
        time.sleep(0.1)
"""


@contextmanager
def watch(folder: Path, serve: str, count: int = 2) -> Iterator[subprocess.Popen[bytes]]:
    """Run processes that serve by the body of a function of `number` and `pipe`."""
    body = f"def serve(number, pipe):\n    note(number)\n    {serve}\n"
    program = f"{HEAD}{body}sys.exit(w.ForkedProcesses({count}, serve, lambda pid: None).run())"
    with (folder / "told").open("wb") as told:
        running = subprocess.Popen([sys.executable, "-c", program, str(folder)], cwd=ROOT, stderr=told)
    try:
        yield running
    finally:
        running.terminate()
        running.wait(20)


def list_started(folder: Path, number: int) -> list[int]:
    """The processes that had a number, one after the other."""
    file = folder / str(number)
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def wait_for(folder: Path, number: int, starts: int) -> list[int]:
    until = time.monotonic() + 20
    while len(started := list_started(folder, number)) < starts:
        assert time.monotonic() < until, started
        time.sleep(0.02)
    return started


def test_one_that_is_killed_is_replaced_and_the_other_stays(tmp_path: Path) -> None:
    with watch(tmp_path, "beat(pipe)") as running:
        (first,), (other,) = wait_for(tmp_path, 0, 1), wait_for(tmp_path, 1, 1)
        os.kill(first, signal.SIGKILL)
        _, second = wait_for(tmp_path, 0, 2)
        assert list_started(tmp_path, 1) == [other]
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert f"web process {first} ended with status -9" in (tmp_path / "told").read_text()
    assert not any(psutil.pid_exists(pid) for pid in (first, second, other))


def test_one_that_hangs_is_killed_and_replaced(tmp_path: Path) -> None:
    with watch(tmp_path, "os.write(pipe, b'.'); time.sleep(60 if number else 0); beat(pipe)"):
        wait_for(tmp_path, 1, 2)
        assert len(list_started(tmp_path, 0)) == 1


def test_one_that_does_not_end_is_killed(tmp_path: Path) -> None:
    with watch(tmp_path, "signal.signal(signal.SIGTERM, signal.SIG_IGN); beat(pipe)") as running:
        (pid,), _ = wait_for(tmp_path, 0, 1), wait_for(tmp_path, 1, 1)
        time.sleep(0.2)  # until it does not hear
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        assert not psutil.pid_exists(pid)


def test_where_none_can_stand_it_ends_and_where_one_did_it_tries_on(tmp_path: Path) -> None:
    with watch(tmp_path, "raise ValueError('the port is taken')") as running:
        assert running.wait(20) == 1
    assert "the port is taken" in (tmp_path / "told").read_text()
    away = tmp_path / "away"
    away.mkdir()
    with watch(away, "number and beat(pipe); sys.exit(3)"):
        wait_for(away, 0, 4)


def test_none_outlives_who_watches(tmp_path: Path) -> None:
    serve = (
        "import asyncio, socket, uvicorn; from hosting.http_server import WatchedServer;"
        "WatchedServer(uvicorn.Config(lambda scope: None, lifespan='off', log_level='error'), pipe)"
        ".run([socket.create_server(('127.0.0.1', 0))])"
    )
    with watch(tmp_path, serve) as running:
        pids = wait_for(tmp_path, 0, 1) + wait_for(tmp_path, 1, 1)
        running.kill()
    until = time.monotonic() + 20
    while any(psutil.pid_exists(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)
