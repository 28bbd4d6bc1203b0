"""Where the product writes and reads each value of an enum. In doubt a place counts as a use."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tests.gates.source_tree import list_nodes
from tests.gates.uses import CONSTANT, Source, Uses, get_name, list_parents, list_targets

LISTS = {"frozenset", "set", "tuple", "list", "in_", "not_in", "among", "any_"}
"""Calls inside which a value is looked for, as in a comparison."""


def list_enums(sources: Iterable[Source]) -> dict[str, dict[str, str]]:
    """The members of every StrEnum, by class: name and value."""
    return {
        node.name: {
            get_name(line.targets[0]): ast.literal_eval(line.value)
            for line in node.body
            if isinstance(line, ast.Assign)
        }
        for _, tree in sources
        for node in list_nodes(tree)
        if isinstance(node, ast.ClassDef) and any(get_name(base) == "StrEnum" for base in node.bases)
    }


def find_enum_uses(sources: Sequence[Source], texts: Iterable[str] = ()) -> Uses:
    """Find where each enum value is written and read. `texts`: templates, which read what they name in quotes."""
    enums, uses, inputs = list_enums(sources), Uses(), list_subclasses(sources, "StrictInput")
    quoted = {word for text in texts for word in re.findall(r"[\"'](\w+)[\"']", text)}
    for path, tree in sources:
        parents, aliases = list_parents(tree), _list_aliases(tree)
        for node in list_nodes(tree):
            if isinstance(node, ast.Constant) and _is_compared(node, parents):
                quoted.add(node.value)
            if isinstance(node, ast.Attribute):
                name = aliases.get(get_name(node.value), get_name(node.value))
                if node.attr in enums.get(name, {}) and (side := _find_side(node, parents)):
                    getattr(uses, side)[f"{name}.{node.attr}"].add(path)
            for side, name in _list_whole_uses(path, node, inputs):
                for member in enums.get(aliases.get(name, name), {}):
                    getattr(uses, side)[f"{aliases.get(name, name)}.{member}"].add(path)
    for name, members in enums.items():
        for member, value in members.items():
            if value in quoted:
                uses.reads[f"{name}.{member}"].add("a text")
        unread = [member for member in members if not uses.reads.get(f"{name}.{member}")]
        if len(unread) == 1 < len(members):
            uses.reads[f"{name}.{unread[0]}"].add("what is left when all others were looked at")
    return uses


def list_subclasses(sources: Iterable[Source], base: str) -> set[str]:
    """The class and everything that derives from it, by name."""
    parents = {
        node.name: {get_name(part) for part in node.bases}
        for _, tree in sources
        for node in list_nodes(tree)
        if isinstance(node, ast.ClassDef)
    }
    found: set[str] = {base}
    while more := {name for name, bases in parents.items() if bases & found} - found:
        found |= more
    return found


def _list_aliases(tree: ast.Module) -> dict[str, str]:
    imports = [node for node in list_nodes(tree) if isinstance(node, ast.ImportFrom)]
    return {alias.asname: alias.name for node in imports for alias in node.names if alias.asname}


def _is_compared(node: ast.Constant, parents: Mapping[ast.AST, ast.AST]) -> bool:
    return isinstance(node.value, str) and _find_side(node, parents) == "reads"


def _find_side(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> str:
    """Say whether a value is looked at or handed on; nothing for a table of transitions, which does neither."""
    while not isinstance(above := parents[node], ast.stmt):
        if isinstance(above, ast.Compare | ast.pattern) or (isinstance(above, ast.Subscript) and above.slice is node):
            return "reads"
        if isinstance(above, ast.Dict) and node in above.keys and not _is_transition(above, parents):
            return "reads"
        if isinstance(above, ast.Call) and get_name(above.func) not in LISTS:
            return "" if _is_transition(above, parents) else "writes"
        node = above
    if "TRANSITIONS" in list_targets(above):
        return ""
    is_set = isinstance(above, ast.Assign | ast.AnnAssign) and isinstance(above.value, ast.Set | ast.Tuple | ast.Call)
    return "reads" if is_set and any(CONSTANT.match(name) for name in list_targets(above)) else "writes"


def _is_transition(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> bool:
    while node in parents and not isinstance(node, ast.stmt):
        node = parents[node]
    return any(name.endswith("TRANSITIONS") for name in list_targets(node))


def _list_whole_uses(path: str, node: ast.AST, inputs: set[str]) -> Iterator[tuple[str, str]]:
    """Uses of all values of an enum: a loop reads them; input and a model's answer may hold each."""
    if isinstance(node, ast.comprehension | ast.For):
        yield "reads", get_name(node.iter)
    if isinstance(node, ast.Call) and get_name(node.func) in LISTS and node.args:
        yield "reads", get_name(node.args[0])
    if isinstance(node, ast.Call) and not path.startswith("store/"):
        yield "writes", get_name(node.func)
    if isinstance(node, ast.ClassDef) and (node.name in inputs or path.startswith("agents/")):
        for line in node.body:
            if isinstance(line, ast.AnnAssign):
                yield from (("writes", get_name(part)) for part in ast.walk(line.annotation))
