"""Choose the test files that should see a fault in a module: by rule, from what imports what."""

from __future__ import annotations

import ast
from collections import deque
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
SUBJECTS: Final = ("domain", "agents", "algorithms/assembly")
CODE: Final = ("models", "domain", "algorithms", "agents", "mail", "store", "services", "activities", "web", "tests")
TOP: Final = ("errors", "settings")
TESTED_ROOMS: Final = ("domain", "agents", "algorithms", "services", "activities", "store", "web", "mail")
MOST_FILES: Final = 5
FARTHEST: Final = 3


def list_subjects() -> list[Path]:
    """List the modules that mutants are made of."""
    return [path for room in SUBJECTS for path in sorted((ROOT / room).rglob("*.py")) if path.name != "__init__.py"]


def name_module(path: Path) -> str:
    """Return the name under which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@lru_cache
def load_imports() -> dict[str, frozenset[str]]:
    """Load which of our modules each of our modules imports, at its top or inside a function."""
    paths = [path for room in CODE for path in (ROOT / room).rglob("*.py")] + [ROOT / f"{name}.py" for name in TOP]
    names = {name_module(path): path for path in paths}
    return {name: frozenset(_list_imports(path) & names.keys()) for name, path in names.items()}


def choose_tests(path: Path) -> list[Path]:
    """Choose the test files for a module: the one that mirrors it, then those that import it, the nearest first."""
    module = name_module(path)
    mirror = ROOT / "tests" / path.relative_to(ROOT).parent
    ranked = []
    for test in sorted(file for room in TESTED_ROOMS for file in (ROOT / "tests" / room).rglob("test_*.py")):
        distance = _measure_distances(name_module(test)).get(module, FARTHEST + 1)
        if test == mirror / f"test_{path.name}":
            distance = 0
        if distance <= FARTHEST:
            ranked.append((distance, test.parent != mirror, len(_measure_distances(name_module(test))), test))
    return [test for *_, test in sorted(ranked)[:MOST_FILES]]


@cache
def _measure_distances(module: str) -> dict[str, int]:
    """Measure how many imports lead from `module` to each module below it."""
    imports, distances, queue = load_imports(), {module: 0}, deque([module])
    while queue:
        name = queue.popleft()
        for below in imports.get(name, ()):
            if below not in distances:
                distances[below] = distances[name] + 1
                queue.append(below)
    return distances


def _list_imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names
