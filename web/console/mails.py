"""One mail on the client's page: its text, its items and the parts of each item's score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.base import ItemId
from web.console.labels import SCORE_PARTS, get_label

ROUNDING: Final = 1e-4


@dataclass(frozen=True)
class ScorePart:
    """One part of the built-in score: its name, its points, and its position on a bar in percent of the best pick."""

    code: str
    name: str
    points: float
    begin: float
    share: float


@dataclass(frozen=True)
class MailItem:
    """An item in a mail; `item` is its row, None when it has left the catalogue.

    `by` names the algorithm of the score when it is not the built-in one. The parts add up to `built_in_score`.
    """

    item_id: ItemId
    item: Any
    blurb: str
    score: float | None
    by: str
    built_in_score: float
    parts: Sequence[ScorePart]


@dataclass(frozen=True)
class MailView:
    """A mail, its steps, its opens and clicks, its text and its items."""

    row: Any
    steps: Sequence[Any]
    reads: Sequence[Any]
    draft: Mapping[str, Any]
    items: Sequence[MailItem]
    facts: Sequence[str]


def build_mail_view(row: Any, steps: Sequence[Any], reads: Sequence[Any], items: Mapping[ItemId, Any]) -> MailView:
    """Build the view of the mail in ledger row `row`."""
    picks = {pick["item_id"]: pick for pick in row.picks or () if "item_id" in pick}
    blurbs = {blurb["item_id"]: blurb.get("text", "") for blurb in (row.draft or {}).get("items", ())}
    best = max(map(_compute_built_in_score, picks.values()), default=0.0) or 1.0
    mail_items = [
        MailItem(
            item_id=item_id,
            item=items.get(item_id),
            blurb=blurbs.get(item_id, ""),
            score=float(picks[item_id]["score"]) if "score" in picks.get(item_id, {}) else None,
            by=_name_scorer(picks.get(item_id, {})),
            built_in_score=_compute_built_in_score(picks.get(item_id, {})),
            parts=_build_parts(picks.get(item_id, {}).get("parts") or {}, best),
        )
        for item_id in dict.fromkeys([*picks, *blurbs])
    ]
    facts = [str(fact.get("text", "")) for fact in (row.brief or {}).get("facts", ())]
    return MailView(row, steps, reads, row.draft or {}, mail_items, facts)


def _name_scorer(pick: Mapping[str, Any]) -> str:
    """Name the algorithm of a score; older picks do not store it, but their parts do not add up to the score."""
    foreign = abs(float(pick.get("score", 0)) - _compute_built_in_score(pick)) > ROUNDING
    return str(pick.get("by") or ("an algorithm" if foreign else ""))


def _compute_built_in_score(pick: Mapping[str, Any]) -> float:
    return sum(map(float, (pick.get("parts") or {}).values()))


def _build_parts(parts: Mapping[str, float], best: float) -> list[ScorePart]:
    parts_shown, begin = [], 0.0
    for code, points in parts.items():
        share = max(0.0, 100 * float(points) / best)
        parts_shown.append(
            ScorePart(code, get_label(code, SCORE_PARTS), float(points), round(begin, 2), round(share, 2))
        )
        begin += share
    return parts_shown
