"""Why an item was picked, in a few true words that a client may read; no numbers, nothing of stock or margin."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from algorithms.blending.contracts import Reason
from domain.blend import season_of
from domain.histories import OWNING, REJECTING, ClientSignals, plain
from models.catalogue import Item
from models.mail import Pick

NEW_DAYS: Final = 30
STRONG: Final = 0.5
"""A part speaks when it contributes at least this share of the largest part."""


@dataclass(frozen=True)
class Story:
    """What a client said and did, as far as it explains a pick: words as compared, by where they come from."""

    client: ClientSignals
    did: tuple[tuple[str, Liked], ...]
    """What was bought, then what was looked at."""
    titles: Mapping[str, str] = field(default_factory=dict)
    """Of what was not sent back, by item: as in "the coat you bought"."""

    @classmethod
    def of(cls, client: ClientSignals, known: Mapping[str, Item]) -> Story:
        """`known`: the items that the client's touches name. What was sent back is no reason."""
        refused = {touch.item_id for touch in client.touches if touch.kind in REJECTING}
        liked = [t for t in client.touches if t.item_id in known and t.item_id not in refused]
        bought = [known[t.item_id] for t in liked if t.kind in OWNING]
        others = [known[t.item_id] for t in liked if t.kind not in OWNING]
        titles = {i.item_id: f"{i.title}, which you looked at" for i in others}
        titles |= {i.item_id: f"{i.title}, which you bought" for i in bought}
        return cls(client, (("bought", Liked.of(bought)), ("looked at", Liked.of(others))), titles)


@dataclass(frozen=True)
class Liked:
    """The brands, categories and colours of some items."""

    brands: frozenset[str]
    categories: frozenset[str]
    colours: frozenset[str]

    @classmethod
    def of(cls, items: Iterable[Item]) -> Liked:
        """Empty words are left out."""
        told = [(plain(item.brand), plain(item.category), plain(item.colour)) for item in items]
        return cls(*(frozenset(column) - {""} for column in (zip(*told, strict=True) if told else ((), (), ()))))


def why(pick: Pick, item: Item, story: Story, now: datetime, reason: Reason | None = None) -> str:
    """One or two phrases from the largest parts of the score. `reason`: what the model says for the item."""
    popular = "liked by many clients these weeks" if pick.parts.get("trend", 0.0) > 0 else ""
    said = {
        "match": _match(item, story, reason, popular),
        "trend": popular,
        "freshness": "new in" if 0 <= (now - item.added_at).days < NEW_DAYS else "",
        "season": f"made for {item.season}" if item.season == season_of(now, story.client.time_zone) else "",
    }
    largest = max(pick.parts.values(), default=0.0)
    strong = [n for n, v in sorted(pick.parts.items(), key=lambda p: -p[1]) if v > 0 and v >= STRONG * largest]
    phrases = [said[name] for name in strong if said.get(name)]
    return (
        _plain_words([*dict.fromkeys(phrases)][:2])
        or _plain_words([said["match"], said["season"]])
        or _fallback(story.client)
    )


def _match(item: Item, story: Story, reason: Reason | None, popular: str) -> str:
    """What the client said comes before what others like them take, and after what goes with the very things they
    took."""
    kind = reason.kind if reason else ""
    liked = story.titles.get(reason.liked) if reason else None
    together = _plain_words([f"taken by clients who also took {liked}"]) if liked else ""
    others = {"cohort": "popular with clients like you", "popular": popular}.get(kind, "")
    return together or _said(item, story.client) or others or _did(item, story)


def _said(item: Item, client: ClientSignals) -> str:
    quiz = client.quiz
    styles = [style for style in quiz.styles if plain(style) in {plain(tag) for tag in item.tags}]
    if styles:
        return f"in the {plain(styles[0])} style you chose"
    if plain(item.colour) in {plain(colour) for colour in quiz.colours}:
        return f"in {plain(item.colour)}, a colour you chose"
    if plain(item.category) in {plain(category) for category in quiz.categories}:
        return f"from {plain(item.category)}, which you asked for"
    return ""


def _did(item: Item, story: Story) -> str:
    for verb, liked in story.did:
        if plain(item.brand) in liked.brands:
            return f"from {item.brand}, which you {verb} before"
        if plain(item.category) in liked.categories:
            return f"close to the {plain(item.category)} you {verb} before"
        if plain(item.colour) in liked.colours:
            return f"in {plain(item.colour)}, like what you {verb} before"
    return ""


def _fallback(client: ClientSignals) -> str:
    return "in stock in your size" if client.wears else "picked from what is in stock"


def _plain_words(phrases: list[str]) -> str:
    """Joined; a phrase with a figure in it (a brand's name, say) is left out."""
    return ", ".join(p for p in phrases if p and not any(c.isdigit() for c in p))
