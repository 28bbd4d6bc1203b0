"""Read a filter that somebody typed."""

from __future__ import annotations

from functools import cache
from typing import Final, cast

from lark import Lark
from lark.exceptions import UnexpectedInput, VisitError

from domain.segments.grammar import GRAMMAR
from domain.segments.limits import require_size
from domain.segments.text_faults import FilterFault, locate_unexpected, point_at
from domain.segments.tree_builder import TreeBuilder
from errors import BadInput, TooLarge
from models.segments import Everyone, Filter

LONGEST_TEXT: Final = 10_000
"""Characters of a typed filter."""


def parse_text(text: str) -> Filter:
    """Parse a filter; an empty text is everyone.

    Raises: BadInput that points at the place and names the nearest word; TooLarge.
    """
    if len(text) > LONGEST_TEXT:
        raise TooLarge(f"is {len(text):,} characters long; {LONGEST_TEXT:,} are the most", "filter")
    if not text.strip():
        return Everyone()
    try:
        tree = cast(Filter, _load_parser().parse(text))
    except UnexpectedInput as wrong:
        raise point_at(locate_unexpected(wrong, text), text) from None
    except VisitError as wrong:
        raise _point_at_cause(wrong, text) from None
    except FilterFault as fault:
        raise point_at(fault, text) from None
    require_size(tree)
    return tree


def _point_at_cause(wrong: VisitError, text: str) -> BadInput:
    if not isinstance(wrong.orig_exc, FilterFault):
        raise wrong.orig_exc
    return point_at(wrong.orig_exc, text)


@cache
def _load_parser() -> Lark:
    """Build the parser once. It builds the tree while it reads, without recursion, however deep the text nests."""
    return Lark(GRAMMAR, parser="lalr", transformer=TreeBuilder(), maybe_placeholders=False)
