"""Why an item was picked, in a few true words that a client may read; no numbers, nothing of stock or margin."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

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


class ReasonPhrase(NamedTuple):
    """A few words and the kind of reason that they give."""

    kind: str
    words: str


def explain_pick(
    pick: Pick,
    item: Item,
    evidence: ClientEvidence,
    now: datetime,
    reason: Reason | None = None,
    said: set[str] | None = None,
) -> str:
    """Explain a pick in one or two phrases from the largest parts of its score. `reason`: what the model says for the
    item. `said`: kinds of reasons that were given already; none of them is given again, new ones are added, and where
    there is no other the explanation is empty."""
    popular = ReasonPhrase("popular", "liked by many clients these weeks" if pick.parts.get("trend", 0.0) > 0 else "")
    by_part = {
        "match": _list_matches(item, evidence, reason, popular),
        "trend": [popular],
        "freshness": [ReasonPhrase("new", "new in" if 0 <= (now - item.added_at).days < NEW_DAYS else "")],
        "season": [ReasonPhrase("season", f"made for {item.season}" if _is_season(item, evidence, now) else "")],
    }
    largest = max(pick.parts.values(), default=0.0)
    strong = [n for n, v in sorted(pick.parts.items(), key=lambda p: -p[1]) if v > 0 and v >= STRONG * largest]
    chosen = (
        _choose_phrases([by_part[name] for name in strong if name in by_part], said)
        or _choose_phrases([by_part["match"], by_part["season"]], said)
        or _choose_phrases([[_fallback(evidence.client)]], said)
    )
    if said is not None:
        said.update(phrase.kind for phrase in chosen)
    return ", ".join(phrase.words for phrase in chosen)


def _choose_phrases(groups: Sequence[Sequence[ReasonPhrase]], said: Container[str] | None) -> list[ReasonPhrase]:
    """Choose the first phrase of each group that may be said, two at most; one with a figure in it (a brand's name,
    say) may not."""
    chosen: list[ReasonPhrase] = []
    for phrases in groups:
        spoken = {phrase.words for phrase in chosen}
        free = (p for p in phrases if p.words and not any(c.isdigit() for c in p.words))
        if (first := next((p for p in free if said is None or p.kind not in said), None)) and first.words not in spoken:
            chosen.append(first)
    return chosen[:2]


def _is_season(item: Item, evidence: ClientEvidence, now: datetime) -> bool:
    return item.season == find_season(now, evidence.client.time_zone)


def _list_matches(
    item: Item, evidence: ClientEvidence, reason: Reason | None, popular: ReasonPhrase
) -> list[ReasonPhrase]:
    """List what explains the match, the best first: what the model ties to an item they took, what they said, what
    similar clients take, what they did."""
    kind = reason.kind if reason else ""
    liked = evidence.titles.get(reason.liked) if reason else None
    together = [ReasonPhrase("together", f"taken by clients who also took {liked}")] if liked else []
    others = {"cohort": [ReasonPhrase("cohort", "popular with clients like you")], "popular": [popular]}.get(kind, [])
    return [*together, *_list_quiz(item, evidence.client), *others, *_list_history(item, evidence)]


def _list_quiz(item: Item, client: ClientSignals) -> Iterator[ReasonPhrase]:
    quiz = client.quiz
    styles = [style for style in quiz.styles if normalise_word(style) in {normalise_word(tag) for tag in item.tags}]
    if styles:
        yield ReasonPhrase("style", f"in the {normalise_word(styles[0])} style you chose")
    if normalise_word(item.colour) in {normalise_word(colour) for colour in quiz.colours}:
        yield ReasonPhrase("colour", f"in {normalise_word(item.colour)}, a colour you chose")
    if normalise_word(item.category) in {normalise_word(category) for category in quiz.categories}:
        yield ReasonPhrase("category", "of a kind you chose")


def _list_history(item: Item, evidence: ClientEvidence) -> Iterator[ReasonPhrase]:
    for verb, liked in evidence.did:
        if normalise_word(item.brand) in liked.brands:
            yield ReasonPhrase("brand", f"from {item.brand}, which you {verb} before")
        if normalise_word(item.category) in liked.categories:
            yield ReasonPhrase("category", f"close to the {normalise_word(item.category)} you {verb} before")
        if normalise_word(item.colour) in liked.colours:
            yield ReasonPhrase("colour", f"in {normalise_word(item.colour)}, like what you {verb} before")


def _fallback(client: ClientSignals) -> ReasonPhrase:
    return ReasonPhrase("stock", "in stock in your size" if client.wears else "picked from what is in stock")
