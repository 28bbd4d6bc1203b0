"""A command answers `--help` in under half a second: nothing slow is imported before it knows what it is to do."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cli import VERBS
from commands.import_ import KIND_NAMES
from ingest.kinds import KINDS

SLOW = ("sqlalchemy", "alembic", "numpy", "scipy", "sklearn", "pyarrow", "temporalio", "openai", "fastapi", "uvicorn")


def list_slow_imports(module: str) -> list[str]:
    """Import a module in a fresh process; return the slow packages that came with it."""
    code = f"import sys, cli, {module}\nprint(*(name for name in {SLOW!r} if name in sys.modules))"
    return subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True).stdout.split()


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "worker"])
def test_a_verb_imports_nothing_slow(verb: str) -> None:
    assert list_slow_imports(VERBS[verb][0]) == []


def test_a_slow_import_is_found() -> None:
    assert "sqlalchemy" in list_slow_imports("store.database")


def test_the_kinds_of_file_are_those_that_the_importer_takes() -> None:
    assert tuple(KINDS) == KIND_NAMES
