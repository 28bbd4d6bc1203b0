"""Why an item was picked, in a few true words that a client may read; no numbers, nothing of stock or margin."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from domain.blend import season_of
from domain.histories import OWNING, REJECTING, ClientSignals, plain
from models.catalogue import Item
from models.mail import Pick

NEW_DAYS: Final = 30
STRONG: Final = 0.5
"""A part speaks when it contributes at least this share of the largest part."""


def why(pick: Pick, item: Item, client: ClientSignals, known: dict[str, Item], now: datetime) -> str:
    """One or two phrases from the largest parts of the score. `known`: the items that the client's touches name."""
    said = {
        "match": _match(item, client, known),
        "trend": "liked by many clients these weeks" if pick.parts.get("trend", 0.0) > 0 else "",
        "freshness": "new in" if 0 <= (now - item.added_at).days < NEW_DAYS else "",
        "season": f"made for {item.season}" if item.season == season_of(now, client.time_zone) else "",
    }
    largest = max(pick.parts.values(), default=0.0)
    strong = [n for n, v in sorted(pick.parts.items(), key=lambda p: -p[1]) if v > 0 and v >= STRONG * largest]
    phrases = [said[name] for name in strong if said.get(name)]
    return _plain_words(phrases[:2]) or _plain_words([said["match"], said["season"]]) or _fallback(client)


def _match(item: Item, client: ClientSignals, known: dict[str, Item]) -> str:
    """What the client said first, then what they bought, then what they looked at."""
    return _said(item, client) or _did(item, client, known)


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


def _did(item: Item, client: ClientSignals, known: dict[str, Item]) -> str:
    refused = {t.item_id for t in client.touches if t.kind in REJECTING}
    touched = [(t.kind in OWNING, known[t.item_id]) for t in client.touches if t.item_id in known]
    liked = [(bought, other) for bought, other in touched if other.item_id not in refused]
    for bought, verb in ((True, "bought"), (False, "looked at")):
        others = [other for was_bought, other in liked if was_bought is bought]
        if item.brand and any(plain(other.brand) == plain(item.brand) for other in others):
            return f"from {item.brand}, which you {verb} before"
        if any(plain(other.category) == plain(item.category) for other in others):
            return f"close to the {plain(item.category)} you {verb} before"
        if item.colour and any(plain(other.colour) == plain(item.colour) for other in others):
            return f"in {plain(item.colour)}, like what you {verb} before"
    return ""


def _fallback(client: ClientSignals) -> str:
    return "in stock in your size" if client.wears else "picked from what is in stock"


def _plain_words(phrases: list[str]) -> str:
    """Joined; a phrase with a figure in it (a brand's name, say) is left out."""
    return "; ".join(p for p in phrases if p and not any(c.isdigit() for c in p))
