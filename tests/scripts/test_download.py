"""Installs are whole or not at all, bounded in time, and made once even when two set-ups run."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from pathlib import Path

import psutil
import pytest

from scripts.download import DownloadError, Way, install, run_bounded, watch_growth

REPOSITORY = Path(__file__).parents[2]


def leave(name: str):
    """A way's fetch that leaves a program of that name."""

    def fetch(folder: Path) -> None:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)

    return fetch


def break_off(folder: Path) -> None:
    """A way's fetch that fails half-way."""
    (folder / "server").write_text("half")
    raise DownloadError("no network")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the server is to stand."""
    return tmp_path / "cache" / "server-1.0" / "server"


def find_binary(place: Path):
    """A finder that knows this place alone."""
    return lambda: place if place.exists() else None


def test_ways_are_tried_in_order_until_one_works(place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    tried: list[str] = []
    ways = [
        Way("first", lambda folder: (tried.append("first"), break_off(folder))[0]),
        Way("second", lambda folder: (tried.append("second"), leave("server")(folder))[0]),
        Way("third", lambda _: tried.append("third")),
    ]
    assert install(place, ways, find_binary(place)) == place
    assert tried == ["first", "second"]
    out, err = capfd.readouterr()
    assert out == "", "stdout is for the answer alone"
    assert "no network" in err


@pytest.mark.parametrize("fetch", [break_off, leave("another"), lambda folder: None])
def test_failure_leaves_nothing_and_gives_the_reason(fetch, place: Path) -> None:
    with pytest.raises(DownloadError, match=r"only way: .+"):
        install(place, [Way("only way", fetch)], find_binary(place))
    assert [file.name for file in place.parent.parent.iterdir()] == [".server.lock"]


def test_a_broken_earlier_install_is_replaced(place: Path) -> None:
    place.parent.mkdir(parents=True)
    (place.parent / "half").write_text("rubbish")
    install(place, [Way("way", leave("server"))], find_binary(place))
    assert [file.name for file in place.parent.iterdir()] == ["server"]


def test_two_at_once_install_once(place: Path) -> None:
    fetched = []

    def slowly(folder: Path) -> None:
        fetched.append(folder)
        time.sleep(0.3)
        leave("server")(folder)

    both = [threading.Thread(target=install, args=(place, [Way("w", slowly)], find_binary(place))) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(20)
    assert len(fetched) == 1
    assert place.exists()


def test_a_hang_is_ended_with_its_children(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    with pytest.raises(DownloadError, match="napping: gave up after 1 s"):
        run_bounded(["sh", "-c", f"sleep 60 & echo $! > {pid_file}; wait"], doing="napping", limit_s=1)
    time.sleep(0.2)
    pid = int(pid_file.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_failing_command_gives_its_last_line() -> None:
    with pytest.raises(DownloadError, match=r"building: the real reason$"):
        run_bounded(["sh", "-c", "echo noise; echo the real reason >&2; exit 4"], doing="building", limit_s=20)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(DownloadError, match="no-such-program-here"):
        run_bounded(["no-such-program-here"], doing="x", limit_s=5)


def test_stalled_only_when_nothing_grows(tmp_path: Path) -> None:
    stuck = watch_growth(tmp_path, patience_s=0.2)
    assert not stuck()
    time.sleep(0.3)
    (tmp_path / "part").write_text("more has arrived")
    assert not stuck()
    time.sleep(0.3)
    assert stuck()


def test_set_up_without_a_fit_python_says_so_in_one_line(tmp_path: Path) -> None:
    for part in ["scripts/setup.sh", "scripts/uv.lock", "requirements.lock", "pyproject.toml"]:
        (tmp_path / part).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / part, tmp_path / part)
    told = subprocess.run(
        ["bash", "scripts/setup.sh"],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHON": "/bin/false"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert told.returncode == 1
    assert "PYTHON=/bin/false is not Python 3.11+" in told.stderr
    assert not (tmp_path / ".venv" / "bin").exists()
