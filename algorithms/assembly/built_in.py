"""The built-in answer to the slot `assembly`: the exact best box."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.assembly.exact import NODES, assemble_one
from algorithms.assembly.model import Ints
from algorithms.assembly.variety import Variety
from models.slots import AssemblyAnswer, AssemblyQuestion

NAME: Final = "exact"
VERSION: Final = "1"
"""Raise it with any change after which the same question may get another box."""


def answer(question: AssemblyQuestion, nodes: int = NODES) -> AssemblyAnswer:
    """Choose the box of the highest summed score, best item first.

    The same question always gets the same box. Past `nodes` search nodes a solver takes over.
    """
    pieces = question.pieces
    categories = _encode([piece.category for piece in pieces])
    chosen = assemble_one(
        np.array([piece.score for piece in pieces], np.float64),
        np.array([piece.price_cents for piece in pieces], np.int64),
        categories,
        question.slots,
        question.budget_cents,
        question.item_cap_cents,
        question.category_cap,
        _build_variety(question),
        nodes,
    )
    box = sorted((pieces[index] for index in chosen), key=lambda piece: (-piece.score, piece.sku))
    return AssemblyAnswer(skus=tuple(piece.sku for piece in box))


def _build_variety(question: AssemblyQuestion) -> Variety | None:
    """Build the rules of variety; None where none of them can bind, as the plain search is quicker."""
    if not question.must_have and (question.colour_cap is None or question.colour_cap >= question.slots):
        return None
    wanted = set(question.must_have)
    colours = _encode([piece.colour for piece in question.pieces])
    has_colour = np.array([bool(piece.colour) for piece in question.pieces], np.bool_)
    must = np.array([piece.category in wanted for piece in question.pieces], np.bool_)
    return Variety(np.where(has_colour, colours, -1), question.colour_cap, must)


def _encode(names: list[str]) -> Ints:
    codes: Ints = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)
    return codes.reshape(-1)
