"""How large a filter may be: whatever walks it may recurse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from domain.segments.vocabulary import suggest
from errors import BadInput, TooLarge
from models.segments import FILTER, AllOf, AnyOf, Filter, Not

DEEPEST: Final = 20
"""Levels of and, or, not."""
MOST_NODES: Final = 200
"""Conditions, and words that join them."""


def require_size(tree: Filter) -> None:
    """Require a filter that is neither too deep nor too long. Raises TooLarge."""
    waiting, nodes = [(tree, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        nodes += 1
        if depth > DEEPEST:
            raise TooLarge(f"nests more than {DEEPEST} levels deep", "filter")
        if nodes > MOST_NODES:
            raise TooLarge(f"has more than {MOST_NODES} conditions", "filter")
        waiting += [(part, depth + 1) for part in list_parts(node)]


def list_parts(node: Filter) -> tuple[Filter, ...]:
    """List the filters of which a filter is made."""
    if isinstance(node, AllOf | AnyOf):
        return node.parts
    return (node.part,) if isinstance(node, Not) else ()


def validate_tree(values: Mapping[str, Any]) -> Filter:
    """Validate a filter that came as JSON. Raises BadInput naming the place, TooLarge."""
    _require_shallow(values)
    try:
        tree = FILTER.validate_python(values)
    except (ValidationError, RecursionError) as wrong:
        raise BadInput(_explain(wrong), "filter") from None
    require_size(tree)
    return tree


def _require_shallow(values: Any) -> None:
    """Refuse what is nested too deep before anything walks it by recursion."""
    waiting, seen = [(values, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > 3 * DEEPEST or seen > 100 * MOST_NODES:
            raise TooLarge(f"nests more than {DEEPEST} levels deep or has more than {MOST_NODES} conditions", "filter")
        if isinstance(value, Mapping):
            waiting += [(one, depth + 1) for one in value.values()]
        elif isinstance(value, list | tuple):
            waiting += [(one, depth + 1) for one in value]


def _explain(wrong: ValidationError | RecursionError) -> str:
    if isinstance(wrong, RecursionError):
        return f"nests more than {DEEPEST} levels deep"
    first = wrong.errors(include_url=False)[0]
    if first["type"] == "union_tag_not_found":
        return "each part needs a kind, such as choice; or give the filter as text"
    if first["type"] == "union_tag_invalid":
        kinds = [word.strip(" '") for word in str(first["ctx"]["expected_tags"]).split(",")]
        tag = str(first["ctx"]["tag"])[:40]
        return f"no such kind: {tag!r}{suggest(tag, kinds)}"
    place = ".".join(str(part) for part in first["loc"])
    reason = first["msg"].removeprefix("Value error, ").replace("Input should be", "must be", 1)
    return f"{place}: {reason}" if place else reason
