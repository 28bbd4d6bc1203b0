"""The house's answer to the slot `assembly`: the exact best box."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.assembly.exact import NODES, assemble_one
from algorithms.assembly.model import Ints
from algorithms.assembly.variety import Variety
from models.slots import AssemblyAnswer, AssemblyQuestion

NAME: Final = "exact"
VERSION: Final = "1"
"""Raised when the same question may get another box."""


def answer(question: AssemblyQuestion, nodes: int = NODES) -> AssemblyAnswer:
    """The box of the highest summed score, best first. The same question always gets the same box."""
    pieces = question.pieces
    kinds = _codes([piece.category for piece in pieces])
    chosen = assemble_one(
        np.array([piece.score for piece in pieces], np.float64),
        np.array([piece.price_cents for piece in pieces], np.int64),
        kinds,
        question.slots,
        question.budget_cents,
        question.item_cap_cents,
        question.category_cap,
        _variety(question),
        nodes,
    )
    box = sorted((pieces[place] for place in chosen), key=lambda piece: (-piece.score, piece.sku))
    return AssemblyAnswer(skus=tuple(each.sku for each in box))


def _variety(question: AssemblyQuestion) -> Variety | None:
    """None where nothing of it can bind: the plain search is quicker."""
    if not question.must_have and (question.colour_cap is None or question.colour_cap >= question.slots):
        return None
    wanted = set(question.must_have)
    colours = _codes([piece.colour for piece in question.pieces])
    named = np.array([bool(piece.colour) for piece in question.pieces], np.bool_)
    must = np.array([piece.category in wanted for piece in question.pieces], np.bool_)
    return Variety(np.where(named, colours, -1), question.colour_cap, must)


def _codes(names: list[str]) -> Ints:
    codes: Ints = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)
    return codes.reshape(-1)
