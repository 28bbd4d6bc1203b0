"""Which slots the product asks, and which names it uses at all."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence

from tests.gates.source_tree import list_nodes
from tests.gates.uses import Source, Uses, get_name, list_parents, list_targets

ASKS = {"ask", "ask_many", "ask_algorithms", "_define_slot"}
PLAIN_BASES = {"BaseModel", "StrEnum", "NamedTuple", "Protocol", "Exception", "RuntimeError", "ValueError", "Generic"}
PLAIN_DECORATORS = {"property", "classmethod", "staticmethod", "cached_property", "cache", "contextmanager"}


def find_slot_uses(sources: Sequence[Source]) -> Uses:
    """Find the modules that define a slot and that ask it, by its name or by a constant that holds it."""
    uses, trees = Uses(), dict(sources)
    for path, tree in sources:
        for node in list_nodes(tree):
            if isinstance(node, ast.Call) and node.args and get_name(node.func) in ASKS:
                side = "writes" if get_name(node.func) == "_define_slot" else "reads"
                getattr(uses, side)[_resolve(node.args[0], tree, trees)].add(path)
    return uses


def _resolve(node: ast.AST, tree: ast.Module, trees: Mapping[str, ast.Module]) -> str:
    """The text that a constant stands for, there or where it was imported from."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    for line in tree.body:
        if get_name(node) in list_targets(line) and isinstance(value := getattr(line, "value", None), ast.Constant):
            return str(value.value)
        if isinstance(line, ast.ImportFrom) and get_name(node) in {alias.name for alias in line.names}:
            origin = trees.get(f"{(line.module or '').replace('.', '/')}.py")
            return _resolve(node, origin, trees) if origin else ""
    return ""


def find_name_uses(sources: Iterable[Source], texts: Iterable[str] = ()) -> set[str]:
    """Every name that is read as a variable or an attribute, stands in a string, or is imported under another name."""
    words = {word for text in texts for word in re.findall(r"\w+", text)}
    for _, tree in sources:
        for node in list_nodes(tree):
            if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
                words.add(get_name(node))
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                words.add(node.value)
            if isinstance(node, ast.ImportFrom):
                words |= {alias.name for alias in node.names if alias.asname}
    return words


def list_public_functions(sources: Sequence[Source]) -> dict[str, str]:
    """Public functions and methods, with their places, but for those that a framework calls: by a decorator, or as
    methods of a class that derives from one of its own."""
    known = {
        node.name for _, tree in sources for node in list_nodes(tree) if isinstance(node, ast.ClassDef)
    } | PLAIN_BASES
    found = {}
    for path, tree in sources:
        parents = list_parents(tree)
        for node in list_nodes(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
                above = parents[node]
                bases = (
                    {get_name(getattr(base, "value", base)) for base in above.bases}
                    if isinstance(above, ast.ClassDef)
                    else set()
                )
                decorators = {get_name(d.func if isinstance(d, ast.Call) else d) for d in node.decorator_list}
                if bases <= known and decorators <= PLAIN_DECORATORS:
                    found[node.name] = f"{path}:{node.lineno}"
    return found
