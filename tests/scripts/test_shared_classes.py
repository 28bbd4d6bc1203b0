"""The archive of Java's classes: made once, and nothing hangs on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.shared_classes import ARCHIVE, ensure_archive

JAVA = """#!/usr/bin/env python3
import signal, socket, sys
out = next(a for a in sys.argv if a.startswith("-XX:ArchiveClassesAtExit=")).partition("=")[2]
def end(*_): open(out, "a").write("classes"); sys.exit(0)
signal.signal(signal.SIGTERM, end)
listener = socket.create_server(("127.0.0.1", int(sys.argv[-1])))
while True: listener.accept()
"""
"""What Java does here: it serves on a port until it is ended, and then writes down what it loaded."""


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The start script of a server with its jars, and a Java on PATH."""
    (tmp_path / "server" / "lib").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/local/bin:/usr/bin:/bin")
    write_java(tmp_path, JAVA)
    return tmp_path / "server" / "start"


def write_java(folder: Path, text: str) -> None:
    java = folder / "bin" / "java"
    java.write_text(text)
    java.chmod(0o755)


def test_it_is_made_once_beside_the_start_script(start: Path) -> None:
    ensure_archive(start, "a.Main")
    ensure_archive(start, "a.Main")
    assert (start.parent / ARCHIVE).read_text() == "classes"
    assert {path.name for path in start.parent.iterdir()} == {"lib", ARCHIVE}


def test_where_java_ends_at_once_one_line_says_so_and_nothing_is_left(
    start: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_java(tmp_path, "#!/bin/sh\nexit 1\n")
    ensure_archive(start, "a.Main")
    assert "starts slower without" in capsys.readouterr().err
    assert not (start.parent / ARCHIVE).exists()
