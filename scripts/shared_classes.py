"""Java's archive of loaded classes for the time-skipping server: with it, it starts in a third of the time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ARCHIVE: Final = "classes.jsa"
LIMIT_S: Final = 60.0


def ensure_archive(start: Path, main: str) -> None:
    """Make the archive beside the start script of a Java server that takes a port, once; `main` is its class. Where
    that fails the server starts as before, and one line says so."""
    archive = start.parent / ARCHIVE
    if archive.exists() or not (start.parent / "lib").is_dir():
        return
    fresh = archive.with_suffix(f".{os.getpid()}")
    try:
        _record(start, main, fresh)
        fresh.replace(archive)
    except (OSError, subprocess.SubprocessError, TimeoutError) as fault:
        print(f"no archive of classes ({fault}); the server starts slower without", file=sys.stderr)
    finally:
        fresh.unlink(missing_ok=True)


def _record(start: Path, main: str, archive: Path) -> None:
    """Run the server until it listens, and end it: Java writes down what it loaded. Raises OSError, SubprocessError or
    TimeoutError."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["java", f"-XX:ArchiveClassesAtExit={archive}", "-XX:+UseSerialGC", "-cp", f"{start.parent}/lib/*", main]
    quiet = subprocess.DEVNULL
    with subprocess.Popen([*command, str(port)], stdout=quiet, stderr=quiet) as server:  # noqa: S603 - a fixed list
        try:
            _wait_for_port(server, port)
            server.send_signal(signal.SIGTERM)
            server.wait(LIMIT_S)
        finally:
            server.kill()


def _wait_for_port(server: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + LIMIT_S
    while server.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"the server did not listen within {LIMIT_S:.0f} s")
