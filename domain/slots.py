"""The rules that every answer of a slot is held to, whoever gave it. Each returns what is wrong first, or None."""

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


class Wrong(NamedTuple):
    """What is wrong with an answer: a code for metrics and records, and words for the author."""

    code: str
    words: str


def ranking(question: RankingQuestion, answer: RankingAnswer) -> Wrong | None:
    """Exactly as many as asked for (or as there are), each a candidate, none twice."""
    given = [item.item_id for item in answer.items]
    wanted = min(question.n, len(question.candidates))
    return _drawn(given, {candidate.item_id for candidate in question.candidates}) or _counted(len(given), wanted)


def session(question: SessionQuestion, answer: SessionAnswer) -> Wrong | None:
    """The same items in another order; as many as are shown."""
    known = {item.item_id for item in question.items}
    return _drawn(answer.items, known) or _counted(len(answer.items), min(question.n or len(known), len(known)))


def assembly(question: AssemblyQuestion, answer: AssemblyAnswer) -> Wrong | None:
    """Within the slots, the budget, the highest price of an item, the most of a category and of a colour; and of the
    categories that must be there as many as can be."""
    pieces = {piece.sku: piece for piece in question.pieces}
    if wrong := _drawn(answer.skus, pieces.keys()):
        return wrong
    box = [pieces[sku] for sku in answer.skus]
    if len(box) > question.slots:
        return Wrong("size", f"{len(box)} pieces for {question.slots} slots")
    cost = sum(each.price_cents for each in box)
    if question.budget_cents is not None and cost > question.budget_cents:
        return Wrong("limit", f"the box costs {cost} cents; the budget is {question.budget_cents}")
    dearest = max((each.price_cents for each in box), default=0)
    if question.item_cap_cents is not None and dearest > question.item_cap_cents:
        return Wrong("limit", f"a piece costs {dearest} cents; at most {question.item_cap_cents} are allowed")
    most = max(Counter(each.category for each in box).values(), default=0)
    if question.category_cap is not None and most > question.category_cap:
        return Wrong("limit", f"{most} pieces of one category; at most {question.category_cap} are allowed")
    alike = max(Counter(each.colour for each in box if each.colour).values(), default=0)
    if question.colour_cap is not None and alike > question.colour_cap:
        return Wrong("limit", f"{alike} pieces of one colour; at most {question.colour_cap} are allowed")
    return _must_haves(question, box)


def _must_haves(question: AssemblyQuestion, box: Sequence[Piece]) -> Wrong | None:
    there = {each.category for each in box} & set(question.must_have)
    can_be = must_haves.cover(question)
    if len(there) >= len(can_be):
        return None
    missing = sorted({each.category for each in can_be} - there)
    return Wrong("limit", f"{len(there)} of must_have are there, {len(can_be)} can be; such as {', '.join(missing)}")


def engagement(question: EngagementQuestion, answer: EngagementAnswer) -> Wrong | None:
    """A crossing lies ahead."""
    if answer.crosses_at is not None and answer.crosses_at <= question.now:
        return Wrong("limit", "crosses_at does not lie after now")
    return None


def send_time(question: SendTimeQuestion, answer: SendTimeAnswer) -> Wrong | None:
    """Inside one of the windows, and not before now."""
    inside = any(window.start <= answer.at < window.until for window in question.windows)
    return None if inside and answer.at >= question.now else Wrong("limit", "at lies in none of the windows")


def next_action(question: NextActionQuestion, answer: NextActionAnswer) -> Wrong | None:
    """One of those allowed."""
    return None if answer.action in question.allowed else Wrong("limit", f"{answer.action} is not allowed")


def _drawn(given: Iterable[str], known: Set[str]) -> Wrong | None:
    seen: set[str] = set()
    for each in given:
        if each not in known:
            return Wrong("unknown_id", f"{each!r} is not among the candidates")
        if each in seen:
            return Wrong("duplicate", f"{each!r} is given twice")
        seen.add(each)
    return None


def _counted(given: int, wanted: int) -> Wrong | None:
    return None if given == wanted else Wrong("size", f"{given} given, {wanted} wanted")
