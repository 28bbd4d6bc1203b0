"""`.ci/run` and the Makefile: what they call, and that a failure stays a failure."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from bench.__main__ import PARTS, parse_arguments

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with the real `.ci/run` and, before everything else on PATH, fakes that write down their calls."""
    shutil.copytree(REPOSITORY / ".ci", tmp_path / ".ci")
    for name, status in [("make", 7), ("apt-get", 0)]:
        fake = tmp_path / "bin" / name
        fake.parent.mkdir(exist_ok=True)
        fake.write_text(f'#!/bin/sh\necho "{name} $* CI=$CI" >>"{tmp_path}/calls"\nexit {status}\n')
        fake.chmod(0o755)
    return tmp_path


def test_ci_runs_the_checks_and_hands_on_their_failure(checkout: Path) -> None:
    env = {name: value for name, value in os.environ.items() if name != "CI"}
    told = subprocess.run(
        [checkout / ".ci" / "run"],
        env=env | {"PATH": f"{checkout / 'bin'}:{env['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    calls = (checkout / "calls").read_text().splitlines()
    assert told.returncode == 7, "the status of `make test` is the answer"
    assert calls[-1] == "make test CI=true", "CI is set, so that nothing is skipped for want of a database"
    assert all(call.startswith("apt-get") for call in calls[:-1])


def test_a_part_of_the_bench_that_there_is_not_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_arguments(["mail", "year", "--keep"]) == (["mail", "year"], True)
    with pytest.raises(SystemExit) as refused:
        parse_arguments(["mial"])
    assert refused.value.code == 2
    assert capsys.readouterr().err.endswith("no part mial; there are " + ", ".join(PARTS) + "\n")


def test_help_lists_every_target() -> None:
    told = subprocess.run(["make", "-C", REPOSITORY], capture_output=True, text=True, check=True, timeout=60).stdout
    targets = re.findall(r"^\.PHONY: (.+)$", (REPOSITORY / "Makefile").read_text(), re.M)
    assert {"setup", "run", "test", "test-fast", "lint", "types", "bench", "lock", "clean", "fmt"} <= set(targets)
    assert [name for name in targets if f"make {name} " not in told] == []


def test_the_full_check_holds_every_gate() -> None:
    planned = subprocess.run(
        ["make", "-n", "-C", REPOSITORY, "test"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    for gate in ["scripts/setup.sh", "ruff check", "ruff format --check", "mypy .", "lint-imports", "pytest"]:
        assert gate in planned, gate
