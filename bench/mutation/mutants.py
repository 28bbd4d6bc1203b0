"""Make mutants: copies of a module's syntax tree with one small fault each."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

Swap: TypeAlias = dict[type[ast.AST], tuple[type[ast.AST], ...]]

COMPARISONS: Final[Swap] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: Final[Swap] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
REMOVABLE: Final = (ast.Expr, ast.AugAssign, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True)
class Mutant:
    """One fault: in `path`, at the `index`-th node of the tree, the `choice`-th change that fits it."""

    path: Path
    line: int
    index: int
    choice: int
    operator: str


def list_mutants(path: Path) -> list[Mutant]:
    """List all mutants of a module."""
    tree = ast.parse(path.read_text())
    return [
        Mutant(path, getattr(node, "lineno", 0), index, choice, operator)
        for index, node in _list_nodes(tree)
        for choice, (operator, _) in enumerate(_list_changes(node))
    ]


def build_tree(mutant: Mutant) -> ast.Module:
    """Build the syntax tree of the module with the fault in it."""
    tree = ast.parse(mutant.path.read_text())
    _apply(tree, mutant.index, mutant.choice)
    return ast.fix_missing_locations(tree)


def show_change(mutant: Mutant) -> tuple[str, str]:
    """Return the statement around the fault as it is and with the fault, each on one line."""
    before, after = ast.parse(mutant.path.read_text()), ast.parse(mutant.path.read_text())
    statement = _find_statement(before, mutant.index)
    position = next(at for at, node in enumerate(ast.walk(before)) if node is statement)
    changed = list(ast.walk(after))[position]
    if position == mutant.index:
        changed = _list_changes(changed)[mutant.choice][1]
    else:
        _apply(after, mutant.index, mutant.choice)
    return _unparse_line(statement), _unparse_line(ast.fix_missing_locations(changed))


def _find_statement(tree: ast.Module, index: int) -> ast.stmt:
    """Find the innermost statement around a node."""
    parents = {id(child): parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    node = list(ast.walk(tree))[index]
    while not isinstance(node, ast.stmt):
        node = parents[id(node)]
    return node


def _unparse_line(node: ast.AST) -> str:
    lines = ast.unparse(node).splitlines()
    return lines[0] if isinstance(node, ast.If | ast.For | ast.While | ast.With | ast.FunctionDef) else " ".join(lines)


def _list_nodes(tree: ast.Module) -> Iterator[tuple[int, ast.AST]]:
    """List the nodes that may be changed, each with its index in the walk over the tree."""
    skipped = set(_list_skipped(tree))
    return ((index, node) for index, node in enumerate(ast.walk(tree)) if id(node) not in skipped)


def _list_skipped(tree: ast.Module) -> Iterator[int]:
    """List the nodes without behaviour: types, decorators, docstrings, assertions, and `strict` of a zip."""
    for node in ast.walk(tree):
        for part in _list_inert_parts(node):
            yield from (id(inner) for inner in ast.walk(part))


def _list_inert_parts(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.arg(annotation=ast.expr() as annotation):
            yield annotation
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from (part for part in (node.returns, *node.decorator_list) if part is not None)
        case ast.ClassDef():
            yield from node.decorator_list
        case ast.AnnAssign():
            yield node if "TypeAlias" in ast.unparse(node.annotation) else node.annotation
        case ast.keyword(arg="strict") | ast.Assert() | ast.Expr(value=ast.Constant()):
            yield node
        case _:
            pass


def _list_changes(node: ast.AST) -> list[tuple[str, ast.AST]]:
    """List the changes that fit a node: the operator's name and the node to stand in its place."""
    match node:
        case ast.Compare():
            return [("comparison", _swap_comparison(node, at, new)) for at, new in _list_comparisons(node)]
        case ast.BinOp() | ast.AugAssign():
            swapped = [("arithmetic", _replace(node, op=new())) for new in OPERATORS.get(type(node.op), ())]
            return swapped + ([("removed", ast.Pass())] if isinstance(node, ast.AugAssign) else [])
        case ast.BoolOp():
            return [("boolean", _replace(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And()))]
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            return [("sign or not", node.operand)]
        case ast.If() | ast.While() | ast.IfExp():
            return [("negated", _replace(node, test=ast.UnaryOp(ast.Not(), node.test)))]
        case ast.comprehension(ifs=[first, *rest]):
            return [("negated", _replace(node, ifs=[ast.UnaryOp(ast.Not(), first), *rest]))]
        case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
            return [("return None", _replace(node, value=ast.Constant(None)))]
        case ast.Constant():
            return _list_constants(node)
        case _:
            return [("removed", ast.Pass())] if isinstance(node, REMOVABLE) else []


def _list_constants(node: ast.Constant) -> list[tuple[str, ast.AST]]:
    if isinstance(node.value, bool):
        return [("constant", ast.Constant(not node.value))]
    if isinstance(node.value, int | float):
        return [("constant", ast.Constant(node.value + step)) for step in (1, -1)]
    return []


def _list_comparisons(node: ast.Compare) -> list[tuple[int, type[ast.AST]]]:
    return [(at, new) for at, operator in enumerate(node.ops) for new in COMPARISONS.get(type(operator), ())]


def _swap_comparison(node: ast.Compare, at: int, new: type[ast.AST]) -> ast.AST:
    return _replace(node, ops=[new() if place == at else operator for place, operator in enumerate(node.ops)])


def _replace(node: ast.AST, **changes: object) -> ast.AST:
    changed: ast.AST = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _apply(tree: ast.Module, index: int, choice: int) -> None:
    """Put the change in the place of the node."""
    node = list(ast.walk(tree))[index]
    new = ast.copy_location(_list_changes(node)[choice][1], node)
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if isinstance(value, list):
                value[:] = [new if item is node else item for item in value]
            elif value is node:
                setattr(parent, name, new)
