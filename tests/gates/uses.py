"""Uses of a thing in the source: the places that write it and those that read it. A source is (path, tree)."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from tests.gates.source_tree import list_nodes

Source = tuple[str, ast.Module]

CONSTANT = re.compile(r"^_?[A-Z][A-Z0-9_]*$")


@dataclass
class Uses:
    """The places that write and that read each thing."""

    writes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    reads: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def list_one_sided(self, names: Iterable[str]) -> dict[str, str]:
        """What lacks a producer, a consumer, or both."""
        found = {}
        for name in names:
            lacks = [word for word, uses in (("producer", self.writes), ("consumer", self.reads)) if not uses.get(name)]
            if lacks:
                found[name] = " and ".join(lacks)
        return found


@cache
def list_parents(tree: ast.Module) -> dict[ast.AST, ast.AST]:
    """The parent of each node."""
    return {child: node for node in list_nodes(tree) for child in ast.iter_child_nodes(node)}


def get_name(node: ast.AST) -> str:
    """The last name of a dotted expression, else nothing."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def list_targets(node: ast.AST) -> list[str]:
    """The names that an assignment binds."""
    if isinstance(node, ast.AnnAssign):
        return [get_name(node.target)]
    return [get_name(target) for target in node.targets] if isinstance(node, ast.Assign) else []
