"""Try a mutant: run tests against it in a forked child that has our libraries loaded."""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from bench.mutation.mutants import Mutant, build_tree
from bench.mutation.selection import ROOT, name_module

CPU_S: Final = 30
"""Processor seconds for one mutant; one that takes longer counts as seen, as a test would hang."""
WALL_S: Final = 300
END: Final = os._exit
"""Kept from before the tests, which forbid it to what they call."""
LISTING: Final = """
import sys, hypothesis.extra.numpy, pytest, tests.conftest, agents.llm, algorithms.assembly.solver
print(*(name for name, module in sys.modules.items() if "/site-packages/" in str(getattr(module, "__file__", ""))))
"""
"""Prints the libraries' modules that are loaded with the rooms and the tests."""
PYTEST: Final = (
    "-x",
    "-q",
    "--no-header",
    "--tb=no",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-m",
    "not slow",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)


class Fate(StrEnum):
    """What became of a mutant."""

    KILLED = "killed"
    TIMEOUT = "timeout"
    SURVIVED = "survived"
    NO_TESTS = "no tests"


class _FaultyLoader(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Gives the faulty code to whoever imports the module."""

    def __init__(self, name: str, path: Path, tree: ast.Module) -> None:
        self._name, self._path, self._tree = name, path, tree

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self._name:
            return None
        return importlib.util.spec_from_file_location(fullname, self._path, loader=self)

    def get_source(self, fullname: str) -> str:
        return self._path.read_text()

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self._tree, str(self._path), "exec")
        return code


def load_libraries() -> None:
    """Load the libraries that the rooms use, so that children need not; a child loads the rooms anew."""
    names = subprocess.run([sys.executable, "-c", LISTING], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in names.split():
        with suppress(ImportError):
            importlib.import_module(name)


def try_mutant(mutant: Mutant | None, module: Path, tests: Sequence[Path]) -> Fate:
    """Run the tests against a mutant of `module`; against the module itself where there is none."""
    status = _run_child(lambda: _run_tests(mutant, module, tests))
    if status is None:
        return Fate.TIMEOUT
    return {0: Fate.SURVIVED, 5: Fate.NO_TESTS}.get(status, Fate.KILLED)


def _run_tests(mutant: Mutant | None, module: Path, tests: Sequence[Path]) -> int:
    name = name_module(module)
    if mutant is not None:
        sys.meta_path.insert(0, _FaultyLoader(name, module, build_tree(mutant)))
    os.chdir(ROOT)
    import pytest  # noqa: PLC0415
    from hypothesis import settings  # noqa: PLC0415

    settings.register_profile("mutation", deadline=None, derandomize=True, database=None)
    settings.register_profile("house", settings.get_profile("mutation"))
    return int(pytest.main([*PYTEST, *map(str, tests)], plugins=[_Repeatable()]))


class _Repeatable:
    """A plugin: property tests draw the same examples every time, and keep none."""

    def pytest_collection_modifyitems(self) -> None:
        from hypothesis import settings  # noqa: PLC0415

        settings.load_profile("mutation")


def _run_child(work: Callable[[], int]) -> int | None:
    """Run `work` in a child; return its exit status, or None where it took too long."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S + 5))
        _silence()
        status = 3
        try:
            status = work()
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            END(status)
    until = time.monotonic() + WALL_S
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            _end_group(child)
            return None if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU else _read_status(status)
        time.sleep(0.02)
    _end_group(child)
    os.waitpid(child, 0)
    return None


def _read_status(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 3


def _end_group(child: int) -> None:
    """End what the child started."""
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:
        return


def _silence() -> None:
    nowhere = os.open(os.environ.get("MUTATION_OUTPUT", os.devnull), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
