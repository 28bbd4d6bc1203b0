"""What the server scripts share: progress lines, commands with a time limit, installs that are whole or absent."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from settings import find_user_cache

HEARTBEAT_S = 20.0


class DownloadError(Exception):
    """One way of getting a server did not work; the message says why in one line."""


@dataclass(frozen=True)
class Way:
    """One way of getting a server: `fetch(folder)` leaves it in an empty folder, or raises DownloadError."""

    name: str
    fetch: Callable[[Path], None]


def print_progress(line: str) -> None:
    """Print a progress line to stderr, so that stdout is the answer alone."""
    print(f"[servers] {line}", file=sys.stderr, flush=True)


def run_bounded(
    command: Sequence[str],
    *,
    doing: str,
    limit_s: float,
    env: dict[str, str] | None = None,
    stuck: Callable[[], bool] = lambda: False,
) -> None:
    """Run a command, say every 20 s that it still runs, and end it at the limit or when `stuck` says so.

    Raises DownloadError with the last line of its output when it fails, hangs or is not installed.
    """
    started = last_line_at = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        try:
            child = subprocess.Popen(  # noqa: S603 - fixed commands of the callers
                command, stdout=output, stderr=output, env=env, start_new_session=True
            )
        except OSError as error:
            raise DownloadError(f"{command[0]}: {error.strerror}") from error
        try:
            while child.poll() is None:
                time.sleep(0.1)
                now = time.monotonic()
                if now - started > limit_s or stuck():
                    raise DownloadError(f"{doing}: gave up after {now - started:.0f} s")
                if now - last_line_at > HEARTBEAT_S:
                    last_line_at = now
                    print_progress(f"{doing}: {now - started:.0f} s so far")
        finally:
            _end(child)
        if child.returncode:
            output.seek(0)
            lines = [line.strip() for line in output if line.strip()]
            raise DownloadError(f"{doing}: {lines[-1][:300] if lines else f'exit {child.returncode}'}")


def _end(child: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a child and what it started: it leads a process group of its own."""
    if child.poll() is None:
        os.killpg(child.pid, 9)
        child.wait()


def watch_growth(folder: Path, patience_s: float) -> Callable[[], bool]:
    """Return a `stuck` for downloads: true once nothing under `folder` has grown for `patience_s` seconds."""
    last_size, last_change = -1, time.monotonic()

    def is_stuck() -> bool:
        nonlocal last_size, last_change
        size = sum(file.stat().st_size for file in list(folder.rglob("*")) if file.is_file())
        if size != last_size:
            last_size, last_change = size, time.monotonic()
        return time.monotonic() - last_change > patience_s

    return is_stuck


@contextmanager
def hold_lock(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two set-ups on one machine do not build the same thing twice."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print_progress("another set-up is at work on this machine; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def print_server_path(
    server: str, find: Callable[[Path], Path | None], in_cache: Callable[[Path], Path], ways: Sequence[Way], mend: str
) -> int:
    """Print the path of a server that is there or is got now; 1 with one clear line when it cannot be had."""
    cache = find_user_cache()
    try:
        binary = find(cache) or install(in_cache(cache), ways, lambda: find(cache))
    except DownloadError as reason:
        print(f"{server} cannot be had: {reason}. Mend: {mend}.", file=sys.stderr)
        return 1
    print(binary)
    return 0


def install(target: Path, ways: Sequence[Way], find: Callable[[], Path | None]) -> Path:
    """Try each way in turn until `target` is there; whole or not at all. Raises DownloadError with every reason.

    A way works in a folder beside the final one, which takes its name only when it is complete.
    """
    with hold_lock(target.parent.parent / f".{target.name}.lock"):
        if binary := find():
            return binary
        reasons = []
        for way in ways:
            started = time.monotonic()
            print_progress(f"{target.name}: trying {way.name}")
            try:
                _fetch_whole(way, target)
            except DownloadError as reason:
                reasons.append(f"{way.name}: {reason}")
                print_progress(
                    f"{target.name}: {way.name} did not work after {time.monotonic() - started:.0f} s ({reason})"
                )
                continue
            print_progress(f"{target.name}: ready after {time.monotonic() - started:.0f} s by {way.name}")
            return target
        raise DownloadError("; ".join(reasons))


def _fetch_whole(way: Way, target: Path) -> None:
    target.parent.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent.parent, prefix=".getting-") as scratch:
        folder = Path(scratch) / "whole"
        folder.mkdir()
        way.fetch(folder)
        if not os.access(folder / target.name, os.X_OK):
            raise DownloadError(f"left no program named {target.name}")
        shutil.rmtree(target.parent, ignore_errors=True)
        folder.rename(target.parent)


def download_by_sdk(folder: Path, start: str, name: str) -> None:
    """Let the Temporal SDK download a server into `folder` and give it the name that the finder knows.

    `start` is the name of the WorkflowEnvironment method. A machine without open internet fails at once or
    hangs, so it is ended when nothing has arrived for 20 s.
    """
    code = (
        "import asyncio, os, sys\n"
        "from temporalio.testing import WorkflowEnvironment as W\n"
        "async def get():\n"
        "    env = await getattr(W, sys.argv[1])(download_dest_dir=sys.argv[2])\n"
        "    await env.shutdown()\n"
        "asyncio.run(get())\n"
        "os._exit(0)\n"  # the SDK's threads may abort an ordinary exit
    )
    run_bounded(
        [sys.executable, "-c", code, start, str(folder)],
        doing="the SDK's download",
        limit_s=600,
        stuck=watch_growth(folder, 20),
    )
    arrived = [file for file in folder.iterdir() if file.is_file()]
    if len(arrived) != 1:
        raise DownloadError(f"the SDK's download left {len(arrived)} files where one was awaited")
    arrived[0].rename(folder / name)
    (folder / name).chmod(0o755)
