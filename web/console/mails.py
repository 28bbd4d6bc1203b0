"""One mail as the client's page tells it: its words, its items and where each item's score came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.base import ItemId
from web.console.words import PARTS, word

ROUNDING: Final = 1e-4


@dataclass(frozen=True)
class Part:
    """A share of the house's score: its name, its points, and its place on a bar in hundredths of the best pick."""

    code: str
    name: str
    points: float
    begin: float
    share: float


@dataclass(frozen=True)
class Shown:
    """An item in a mail; `item` is its row, None when it has left the catalogue. `by`: whose the score is, where it is
    not the house's own, `house_score`, to which the parts add up."""

    item_id: ItemId
    item: Any
    blurb: str
    score: float | None
    by: str
    house_score: float
    parts: Sequence[Part]


@dataclass(frozen=True)
class Told:
    """A mail, its steps, its words and what it shows."""

    row: Any
    steps: Sequence[Any]
    draft: Mapping[str, Any]
    shown: Sequence[Shown]
    facts: Sequence[str]


def told(row: Any, steps: Sequence[Any], items: Mapping[ItemId, Any]) -> Told:
    """The mail of ledger row `row`."""
    picks = {pick["item_id"]: pick for pick in row.picks or () if "item_id" in pick}
    blurbs = {blurb["item_id"]: blurb.get("text", "") for blurb in (row.draft or {}).get("items", ())}
    best = max(map(_house_score, picks.values()), default=0.0) or 1.0
    shown = [
        Shown(
            item_id=item_id,
            item=items.get(item_id),
            blurb=blurbs.get(item_id, ""),
            score=float(picks[item_id]["score"]) if "score" in picks.get(item_id, {}) else None,
            by=_by(picks.get(item_id, {})),
            house_score=_house_score(picks.get(item_id, {})),
            parts=_parts(picks.get(item_id, {}).get("parts") or {}, best),
        )
        for item_id in dict.fromkeys([*picks, *blurbs])
    ]
    facts = [str(fact.get("text", "")) for fact in (row.brief or {}).get("facts", ())]
    return Told(row, steps, row.draft or {}, shown, facts)


def _by(pick: Mapping[str, Any]) -> str:
    """Picks of before this was kept tell it by parts that do not add up to the score."""
    foreign = abs(float(pick.get("score", 0)) - _house_score(pick)) > ROUNDING
    return str(pick.get("by") or ("an algorithm" if foreign else ""))


def _house_score(pick: Mapping[str, Any]) -> float:
    return sum(map(float, (pick.get("parts") or {}).values()))


def _parts(parts: Mapping[str, float], best: float) -> list[Part]:
    found, begin = [], 0.0
    for code, points in parts.items():
        share = max(0.0, 100 * float(points) / best)
        found.append(Part(code, word(code, PARTS), float(points), round(begin, 2), round(share, 2)))
        begin += share
    return found
