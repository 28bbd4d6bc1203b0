"""Why an item was picked, in a few true words that a client may read; no numbers, nothing of stock or margin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from algorithms.blending.contracts import Reason
from domain.blend import find_season
from domain.histories import OWNING, REJECTING, ClientSignals, normalise_word
from models.catalogue import Item
from models.mail import Pick

NEW_DAYS: Final = 30
STRONG: Final = 0.5
"""A part is named when it contributes at least this share of the largest part."""


@dataclass(frozen=True)
class ClientEvidence:
    """What a client said and did, as far as it explains a pick: words as compared, by where they come from."""

    client: ClientSignals
    did: tuple[tuple[str, ItemAttributes], ...]
    """What was bought, then what was looked at."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Titles of items that were not sent back, by item: as in "the coat you bought"."""

    @classmethod
    def of(cls, client: ClientSignals, known: Mapping[str, Item]) -> ClientEvidence:
        """Collect the evidence. `known`: the items of the client's interactions. What was sent back is no reason."""
        refused = {touch.item_id for touch in client.touches if touch.kind in REJECTING}
        liked = [t for t in client.touches if t.item_id in known and t.item_id not in refused]
        bought = [known[t.item_id] for t in liked if t.kind in OWNING]
        others = [known[t.item_id] for t in liked if t.kind not in OWNING]
        titles = {i.item_id: f"{i.title}, which you looked at" for i in others}
        titles |= {i.item_id: f"{i.title}, which you bought" for i in bought}
        return cls(client, (("bought", ItemAttributes.of(bought)), ("looked at", ItemAttributes.of(others))), titles)


@dataclass(frozen=True)
class ItemAttributes:
    """The brands, categories and colours of some items."""

    brands: frozenset[str]
    categories: frozenset[str]
    colours: frozenset[str]

    @classmethod
    def of(cls, items: Iterable[Item]) -> ItemAttributes:
        """Collect the attributes; empty words are left out."""
        columns = [
            (normalise_word(item.brand), normalise_word(item.category), normalise_word(item.colour)) for item in items
        ]
        return cls(*(frozenset(column) - {""} for column in (zip(*columns, strict=True) if columns else ((), (), ()))))


def explain_pick(pick: Pick, item: Item, evidence: ClientEvidence, now: datetime, reason: Reason | None = None) -> str:
    """Explain a pick in one or two phrases from the largest parts of its score. `reason`: what the model says for the
    item."""
    popular = "liked by many clients these weeks" if pick.parts.get("trend", 0.0) > 0 else ""
    phrases_by_part = {
        "match": _explain_match(item, evidence, reason, popular),
        "trend": popular,
        "freshness": "new in" if 0 <= (now - item.added_at).days < NEW_DAYS else "",
        "season": f"made for {item.season}" if item.season == find_season(now, evidence.client.time_zone) else "",
    }
    largest = max(pick.parts.values(), default=0.0)
    strong = [n for n, v in sorted(pick.parts.items(), key=lambda p: -p[1]) if v > 0 and v >= STRONG * largest]
    phrases = [phrases_by_part[name] for name in strong if phrases_by_part.get(name)]
    return (
        _join_phrases([*dict.fromkeys(phrases)][:2])
        or _join_phrases([phrases_by_part["match"], phrases_by_part["season"]])
        or _fallback(evidence.client)
    )


def _explain_match(item: Item, evidence: ClientEvidence, reason: Reason | None, popular: str) -> str:
    """Explain the match: first what the model ties to an item they took, then what they said, then what similar clients
    take."""
    kind = reason.kind if reason else ""
    liked = evidence.titles.get(reason.liked) if reason else None
    together = _join_phrases([f"taken by clients who also took {liked}"]) if liked else ""
    others = {"cohort": "popular with clients like you", "popular": popular}.get(kind, "")
    return together or _explain_quiz(item, evidence.client) or others or _explain_history(item, evidence)


def _explain_quiz(item: Item, client: ClientSignals) -> str:
    quiz = client.quiz
    styles = [style for style in quiz.styles if normalise_word(style) in {normalise_word(tag) for tag in item.tags}]
    if styles:
        return f"in the {normalise_word(styles[0])} style you chose"
    if normalise_word(item.colour) in {normalise_word(colour) for colour in quiz.colours}:
        return f"in {normalise_word(item.colour)}, a colour you chose"
    if normalise_word(item.category) in {normalise_word(category) for category in quiz.categories}:
        return f"in {normalise_word(item.category)}, a kind you chose"
    return ""


def _explain_history(item: Item, evidence: ClientEvidence) -> str:
    for verb, liked in evidence.did:
        if normalise_word(item.brand) in liked.brands:
            return f"from {item.brand}, which you {verb} before"
        if normalise_word(item.category) in liked.categories:
            return f"close to the {normalise_word(item.category)} you {verb} before"
        if normalise_word(item.colour) in liked.colours:
            return f"in {normalise_word(item.colour)}, like what you {verb} before"
    return ""


def _fallback(client: ClientSignals) -> str:
    return "in stock in your size" if client.wears else "picked from what is in stock"


def _join_phrases(phrases: list[str]) -> str:
    """Join the phrases; one with a figure in it (a brand's name, say) is left out."""
    return ", ".join(p for p in phrases if p and not any(c.isdigit() for c in p))
