"""The source files that the gates read, and their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
ROOMS = [
    "activities", "agents", "algorithms", "commands", "demo", "domain",
    "hosting", "ingest", "mail", "models", "network", "services", "store", "web", "workflows",
]  # fmt: skip


def list_product_files() -> Iterator[Path]:
    """Every source file of the product: the rooms and the files above them."""
    yield from sorted(REPOSITORY.glob("*.py"))
    for room in ROOMS:
        yield from sorted((REPOSITORY / room).rglob("*.py"))


def list_helper_files() -> Iterator[Path]:
    """Every source file beside the product: benchmarks, examples, scripts and tests."""
    for folder in ("bench", "examples", "scripts", "tests"):
        yield from sorted((REPOSITORY / folder).rglob("*.py"))


@cache
def parse_file(file: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(file.read_text(), str(file))


@cache
def list_nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Every node of a tree. Kept, since each gate looks through all trees, some of them several times."""
    return tuple(ast.walk(tree))


def locate(file: Path, node: ast.AST) -> str:
    """A place as an editor understands it."""
    return f"{file.relative_to(REPOSITORY)}:{getattr(node, 'lineno', 0)}"
