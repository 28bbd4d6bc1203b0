"""What both server scripts share: progress lines, bounded commands, one-at-a-time and all-or-nothing installs."""

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

from settings import user_cache

HEARTBEAT_S = 20.0


class Failed(Exception):
    """One way of getting a server did not work; the message says why in one line."""


@dataclass(frozen=True)
class Way:
    """One way of getting a server: `fetch(folder)` leaves it in an empty folder, or raises Failed."""

    name: str
    fetch: Callable[[Path], None]


def say(line: str) -> None:
    """A progress line. They go to stderr, so that stdout is the answer alone."""
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

    Raises Failed with the last line of its output when it fails, hangs or is not installed.
    """
    started = heard = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        try:
            child = subprocess.Popen(  # noqa: S603 - fixed commands of the callers
                command, stdout=output, stderr=output, env=env, start_new_session=True
            )
        except OSError as error:
            raise Failed(f"{command[0]}: {error.strerror}") from error
        try:
            while child.poll() is None:
                time.sleep(0.1)
                now = time.monotonic()
                if now - started > limit_s or stuck():
                    raise Failed(f"{doing}: gave up after {now - started:.0f} s")
                if now - heard > HEARTBEAT_S:
                    heard = now
                    say(f"{doing}: {now - started:.0f} s so far")
        finally:
            _end(child)
        if child.returncode:
            output.seek(0)
            lines = [line.strip() for line in output if line.strip()]
            raise Failed(f"{doing}: {lines[-1][:300] if lines else f'exit {child.returncode}'}")


def _end(child: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """End a child and what it started: it leads a process group of its own."""
    if child.poll() is None:
        os.killpg(child.pid, 9)
        child.wait()


def stalled(folder: Path, patience_s: float) -> Callable[[], bool]:
    """A `stuck` for downloads: true once nothing under `folder` has grown for `patience_s` seconds."""
    last_size, last_change = -1, time.monotonic()

    def stuck() -> bool:
        nonlocal last_size, last_change
        size = sum(file.stat().st_size for file in list(folder.rglob("*")) if file.is_file())
        if size != last_size:
            last_size, last_change = size, time.monotonic()
        return time.monotonic() - last_change > patience_s

    return stuck


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a lock file, so that two set-ups on one machine do not build the same thing twice."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another set-up is at work on this machine; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def tell(
    server: str, find: Callable[[Path], Path | None], in_cache: Callable[[Path], Path], ways: Sequence[Way], mend: str
) -> int:
    """Print the path of a server that is there or is got now; 1 with one clear line when it cannot be had."""
    cache = user_cache()
    try:
        found = find(cache) or install(in_cache(cache), ways, lambda: find(cache))
    except Failed as reason:
        print(f"{server} cannot be had: {reason}. Mend: {mend}.", file=sys.stderr)
        return 1
    print(found)
    return 0


def install(place: Path, ways: Sequence[Way], find: Callable[[], Path | None]) -> Path:
    """Try each way in turn until `place` stands; whole or not at all. Raises Failed with every reason.

    A way works in a folder beside the final one, which takes its name only when it is complete.
    """
    with one_at_a_time(place.parent.parent / f".{place.name}.lock"):
        if found := find():
            return found
        reasons = []
        for way in ways:
            started = time.monotonic()
            say(f"{place.name}: trying {way.name}")
            try:
                _fetch_whole(way, place)
            except Failed as reason:
                reasons.append(f"{way.name}: {reason}")
                say(f"{place.name}: {way.name} did not work after {time.monotonic() - started:.0f} s ({reason})")
                continue
            say(f"{place.name}: ready after {time.monotonic() - started:.0f} s by {way.name}")
            return place
        raise Failed("; ".join(reasons))


def _fetch_whole(way: Way, place: Path) -> None:
    place.parent.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent.parent, prefix=".getting-") as scratch:
        folder = Path(scratch) / "whole"
        folder.mkdir()
        way.fetch(folder)
        if not os.access(folder / place.name, os.X_OK):
            raise Failed(f"left no program named {place.name}")
        shutil.rmtree(place.parent, ignore_errors=True)
        folder.rename(place.parent)


def sdk_download(folder: Path, start: str, name: str) -> None:
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
        stuck=stalled(folder, 20),
    )
    arrived = [file for file in folder.iterdir() if file.is_file()]
    if len(arrived) != 1:
        raise Failed(f"the SDK's download left {len(arrived)} files where one was awaited")
    arrived[0].rename(folder / name)
    (folder / name).chmod(0o755)
