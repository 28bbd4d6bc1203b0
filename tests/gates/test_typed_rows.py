"""Rows of the database leave `store` as typed records, never as SQLAlchemy's rows."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.gates.source_tree import REPOSITORY, list_nodes, list_product_files, locate, parse_file

RECORDS = REPOSITORY / "store" / "sql" / "records.py"
"""The one place where a row becomes a record."""


def mentions_row(node: ast.AST | None) -> bool:
    """Whether an annotation or an alias names SQLAlchemy's Row with its types."""
    return node is not None and any(
        isinstance(part, ast.Subscript)
        and (getattr(part.value, "id", "") == "Row" or getattr(part.value, "attr", "") == "Row")
        for part in ast.walk(node)
    )


def find_rows(tree: ast.Module) -> list[ast.AST]:
    """Every place of a file outside `store` that imports Row or names it."""
    return [
        node
        for node in list_nodes(tree)
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy") and "Row" in names(node))
        or (isinstance(node, ast.Subscript) and mentions_row(node))
    ]


def names(node: ast.ImportFrom) -> set[str]:
    """The names that a statement imports."""
    return {alias.name for alias in node.names}


def find_public_rows(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Public functions, fields and aliases of a file in `store` that name Row."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from find_public_rows(node.body)
        elif isinstance(node, ast.FunctionDef) and (not node.name.startswith("_") or node.name == "__init__"):
            if any(map(mentions_row, (node.returns, *(argument.annotation for argument in list_arguments(node))))):
                yield node
        elif (isinstance(node, ast.AnnAssign) and mentions_row(node.annotation)) or (
            isinstance(node, ast.Assign) and mentions_row(node.value)
        ):
            yield node


def list_arguments(function: ast.FunctionDef) -> list[ast.arg]:
    """All arguments of a function."""
    arguments = function.args
    extra = [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *extra]


def test_no_row_leaves_the_store() -> None:
    faults = []
    for file in list_product_files():
        in_store = file.relative_to(REPOSITORY).parts[0] == "store"
        if file != RECORDS:
            tree = parse_file(file)
            faults += [locate(file, node) for node in (find_public_rows(tree.body) if in_store else find_rows(tree))]
    assert faults == []


def test_the_gate_sees_a_row() -> None:
    outside = ast.parse("from sqlalchemy import Engine, Row\ndef f(row: Row[Any]) -> None: ...\nLedger = Row[Any]\n")
    assert len(find_rows(outside)) == 3
    inside = ast.parse(
        "Ledger = Row[Any]\n"
        "def load() -> list[Row[Any]]: ...\n"
        "def parse(row: sqlalchemy.Row[Any]) -> int: ...\n"
        "class Page:\n"
        "    rows: Sequence[Row[Any]]\n"
        "    def __init__(self, row: Row[Any]) -> None: ...\n"
        "def _parse(row: Row[Any]) -> int: ...\n"
        "def count() -> int:\n"
        "    rows: list[Row[Any]] = []\n"
    )
    assert [node.lineno for node in find_public_rows(inside.body)] == [1, 2, 3, 5, 6]  # type: ignore[attr-defined]
