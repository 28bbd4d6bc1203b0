"""The rules that every answer of a slot must satisfy. Each check returns the first violation, or None."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from typing import NamedTuple

from domain.fixes import must_haves
from models.slots import (
    AssemblyAnswer,
    AssemblyQuestion,
    EngagementAnswer,
    EngagementQuestion,
    NextActionAnswer,
    NextActionQuestion,
    Piece,
    RankingAnswer,
    RankingQuestion,
    SendTimeAnswer,
    SendTimeQuestion,
    SessionAnswer,
    SessionQuestion,
)


class RuleViolation(NamedTuple):
    """What is wrong with an answer: a code for metrics and records, and words for the author of the algorithm."""

    code: str
    words: str


def check_ranking(question: RankingQuestion, answer: RankingAnswer) -> RuleViolation | None:
    """Check that exactly as many items as asked for (or as there are) are given, all of them candidates, none twice."""
    given = [item.item_id for item in answer.items]
    wanted = min(question.n, len(question.candidates))
    return _check_ids(given, {candidate.item_id for candidate in question.candidates}) or _check_count(
        len(given), wanted
    )


def check_session(question: SessionQuestion, answer: SessionAnswer) -> RuleViolation | None:
    """Check that the answer has the question's items in some order, as many as are shown."""
    known = {item.item_id for item in question.items}
    return _check_ids(answer.items, known) or _check_count(len(answer.items), min(question.n or len(known), len(known)))


def check_assembly(question: AssemblyQuestion, answer: AssemblyAnswer) -> RuleViolation | None:
    """Check slots, budget, highest price, most of a category and of a colour, and that no must-have is missing
    needlessly."""
    pieces = {piece.sku: piece for piece in question.pieces}
    if wrong := _check_ids(answer.skus, pieces.keys()):
        return wrong
    box = [pieces[sku] for sku in answer.skus]
    if len(box) > question.slots:
        return RuleViolation("size", f"{len(box)} pieces for {question.slots} slots")
    cost = sum(piece.price_cents for piece in box)
    if question.budget_cents is not None and cost > question.budget_cents:
        return RuleViolation("limit", f"the box costs {cost} cents; the budget is {question.budget_cents}")
    dearest = max((piece.price_cents for piece in box), default=0)
    if question.item_cap_cents is not None and dearest > question.item_cap_cents:
        return RuleViolation("limit", f"a piece costs {dearest} cents; at most {question.item_cap_cents} are allowed")
    most = max(Counter(piece.category for piece in box).values(), default=0)
    if question.category_cap is not None and most > question.category_cap:
        return RuleViolation("limit", f"{most} pieces of one category; at most {question.category_cap} are allowed")
    alike = max(Counter(piece.colour for piece in box if piece.colour).values(), default=0)
    if question.colour_cap is not None and alike > question.colour_cap:
        return RuleViolation("limit", f"{alike} pieces of one colour; at most {question.colour_cap} are allowed")
    return _check_must_haves(question, box)


def _check_must_haves(question: AssemblyQuestion, box: Sequence[Piece]) -> RuleViolation | None:
    there = {piece.category for piece in box} & set(question.must_have)
    can_be = must_haves.cover_must_haves(question)
    if len(there) >= len(can_be):
        return None
    missing = sorted({piece.category for piece in can_be} - there)
    return RuleViolation(
        "limit", f"{len(there)} of must_have are there, {len(can_be)} can be; such as {', '.join(missing)}"
    )


def check_engagement(question: EngagementQuestion, answer: EngagementAnswer) -> RuleViolation | None:
    """Check that a crossing lies in the future."""
    if answer.crosses_at is not None and answer.crosses_at <= question.now:
        return RuleViolation("limit", "crosses_at does not lie after now")
    return None


def check_send_time(question: SendTimeQuestion, answer: SendTimeAnswer) -> RuleViolation | None:
    """Check that the moment lies in one of the windows and not before now."""
    inside = any(window.start <= answer.at < window.until for window in question.windows)
    return None if inside and answer.at >= question.now else RuleViolation("limit", "at lies in none of the windows")


def check_next_action(question: NextActionQuestion, answer: NextActionAnswer) -> RuleViolation | None:
    """Check that the action is allowed."""
    return None if answer.action in question.allowed else RuleViolation("limit", f"{answer.action} is not allowed")


def _check_ids(given: Iterable[str], known: Set[str]) -> RuleViolation | None:
    seen: set[str] = set()
    for item_id in given:
        if item_id not in known:
            return RuleViolation("unknown_id", f"{item_id!r} is not among the candidates")
        if item_id in seen:
            return RuleViolation("duplicate", f"{item_id!r} is given twice")
        seen.add(item_id)
    return None


def _check_count(given: int, wanted: int) -> RuleViolation | None:
    return None if given == wanted else RuleViolation("size", f"{given} given, {wanted} wanted")
