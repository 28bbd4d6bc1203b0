"""Where the product writes and reads each table and column. In doubt a place counts as a use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.gates.source_tree import list_nodes
from tests.gates.uses import CONSTANT, Source, Uses, get_name

WRITERS = {"insert", "update", "insert_into", "insert_ignoring", "write_rows"}
WHOLE = {"select", "list_columns", "_list_rows"}
"""Calls that take whole rows of a table."""


def find_column_uses(sources: Sequence[Source], tables: Mapping[str, Iterable[str]], texts: Iterable[str] = ()) -> Uses:
    """Find the modules that write and read each table, and each column as `table.column`.

    A module that writes a table writes the columns that it names anywhere. A column is read where it is named by
    its table, or as an attribute where whole rows of its table are selected.
    """
    uses, trees = Uses(), dict(sources)
    attributes = {word for text in texts for word in re.findall(r"\.(\w+)", text)}
    attributes |= {name for _, tree in sources for name in _list_row_attributes(tree, tables)}
    fields = {
        get_name(node.target) for _, tree in sources for node in list_nodes(tree) if isinstance(node, ast.AnnAssign)
    }
    for path, tree in sources:
        aliases = _find_table_names(tree, tables)
        words = _list_words(tree).union(
            *(_list_words(trees[name]) for name in _list_constant_modules(tree) & set(trees))
        )
        words |= fields if words & {"model_dump", "_asdict"} else set()
        for node in list_nodes(tree):
            for side, table, columns in _list_table_uses(node, aliases):
                getattr(uses, side)[table].add(path)
                for column in tables[table]:
                    if column in columns if columns else column in (words if side == "writes" else attributes):
                        getattr(uses, side)[f"{table}.{column}"].add(path)
    return uses


def _list_constant_modules(tree: ast.Module) -> set[str]:
    """The files from which a module imports constants, such as the columns that it writes."""
    return {
        f"{(node.module or '').replace('.', '/')}.py"
        for node in list_nodes(tree)
        if isinstance(node, ast.ImportFrom) and any(CONSTANT.match(alias.name) for alias in node.names)
    }


def _find_table_names(tree: ast.Module, tables: Mapping[str, object]) -> dict[str, str]:
    """The names by which a module knows tables and their columns: `holds`, `holds as table`, `h = holds.c`."""
    names: dict[str, str] = {}
    for node in list_nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("store.tables"):
            names |= {alias.asname or alias.name: alias.name for alias in node.names if alias.name in tables}
    for node in list_nodes(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Call):
            base = node.value.func if isinstance(node.value, ast.Call) else node.value
            if isinstance(base, ast.Attribute) and base.attr in {"c", "alias"} and get_name(base.value) in names:
                names |= {get_name(target): names[get_name(base.value)] for target in node.targets}
    return names


def _list_table_uses(node: ast.AST, aliases: Mapping[str, str]) -> Iterator[tuple[str, str, set[str]]]:
    if isinstance(node, ast.Call):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        for part in [*node.args, owner]:
            table = aliases.get(part.id) if isinstance(part, ast.Name) else None
            if table and get_name(node.func) in WRITERS:
                yield "writes", table, set()
            elif table and get_name(node.func) in WHOLE:
                yield "reads", table, set()
    if isinstance(node, ast.Attribute):
        owner = node.value.value if isinstance(node.value, ast.Attribute) and node.value.attr == "c" else node.value
        table = aliases.get(get_name(owner)) if isinstance(owner, ast.Name) else None
        if table and node.attr not in {"c", "insert", "update"}:
            yield "reads", table, {node.attr}


def _list_words(tree: ast.Module) -> set[str]:
    """Everything in a module that may name a column which it writes."""
    words = {get_name(node) for node in list_nodes(tree) if isinstance(node, ast.Attribute)} & {"model_dump", "_asdict"}
    words |= {node.arg for node in list_nodes(tree) if isinstance(node, ast.keyword) and node.arg}
    words |= {node.value for node in list_nodes(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return words | _list_fields(tree)


def _list_fields(tree: ast.Module) -> set[str]:
    return {get_name(node.target) for node in list_nodes(tree) if isinstance(node, ast.AnnAssign)}


def _list_row_attributes(tree: ast.Module, tables: Mapping[str, object]) -> Iterator[str]:
    """Names read of any object, other than the columns of tables themselves."""
    for node in list_nodes(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and get_name(node.value) != "c":
            yield node.attr
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            yield str(node.slice.value)
