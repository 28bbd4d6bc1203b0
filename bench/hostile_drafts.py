"""Hostile drafts, each with a sentence that is false, foreign or leaks, and labelled so by whoever made it.

Nothing here imports a rule or a lexicon of the product: what is false follows from the made-up facts below alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any, Final, NamedTuple

from bench.hostile_texts import HostileTexts, load_texts

PLACES: Final = ("subject", "preheader", "paragraphs", "items", "call_to_action")
_DAYS: Final = ("4", "13", "30", "1")


class Lie(NamedTuple):
    """A sentence that is not to be delivered. `kind`: why. `true_of`: the item on whose card it would be true."""

    kind: str
    text: str
    true_of: int = -1


def tell_lie(language: str, rng: Random) -> Lie:
    """Tell a lie about the facts of `language`: a true sentence made false, or a text as models wrote them."""
    texts = load_texts(language)
    if rng.random() < 0.4:
        return Lie("told", disguise(fill(rng.choice(texts.false), texts, rng), rng))
    kind = rng.choice(("denial", "attribute", "swapped", "card", "owned", "number", "cause", "pronoun"))
    template = rng.choice(texts.true)
    match kind:
        case "denial":
            return Lie(kind, insert_word(fill(template, texts, rng), rng.choice(texts.denials), rng))
        case "attribute":
            attributes = ("{colour}", "{material}", "{maker}")
            template = rng.choice([t for t in texts.true if any(name in t for name in attributes)])
            return Lie(kind, fill(template, texts, rng, swapped=True))
        case "swapped":
            return Lie(kind, fill(rng.choice(texts.swapped), texts, rng, swapped=True))
        case "card" | "pronoun":
            owner = rng.randrange(len(texts.items))
            said = texts.pronoun if kind == "pronoun" else rng.choice(texts.cards)
            return Lie(kind, said.format(**texts.items[owner]._asdict()), owner)
        case "owned":
            template = rng.choice([t for t in texts.true if "{owned}" in t and "{noun}" not in t])
            return Lie(kind, fill(template, texts, rng, owned=rng.choice(texts.items)[rng.randrange(2)]))
        case "number":
            template = rng.choice([t for t in texts.true if "{count}" in t or "3" in t])
            text = template.replace("3", rng.choice(_DAYS)).replace("{count}", rng.choice(texts.counts[1:]))
            return Lie(kind, fill(text, texts, rng))
        case _:
            first, second = (fill(rng.choice(texts.true), texts, rng) for _ in range(2))
            return Lie(kind, f"{first[:-1]} {rng.choice(texts.causes)} {second}")


def fill(template: str, texts: HostileTexts, rng: Random, *, swapped: bool = False, owned: str = "") -> str:
    """Fill a template from the facts; `swapped`: attributes are of another item. `owned`: what the client is said to
    have."""
    one, other = rng.sample(texts.items, 2)
    attributes = {name: getattr(other if swapped else one, name) for name in ("colour", "material", "maker")}
    return template.format(
        title=one.title, noun=one.noun, other=other.noun, owned=owned or texts.owned[0], count=texts.counts[0],
        **attributes,
    )  # fmt: skip


def insert_word(text: str, word: str, rng: Random) -> str:
    """Insert a word at any place of a sentence."""
    words = text.split()
    words.insert(rng.randint(0, len(words)), word)
    return " ".join(words)


def disguise(text: str, rng: Random) -> str:
    """Write a text in disguise now and then: wide letters, look-alikes, invisible signs, spaced or small letters."""
    match rng.randrange(12):
        case 0:
            return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
        case 1:
            return text.replace("a", "а").replace("o", "о")
        case 2:
            return "\u200b".join(text)
        case 3:
            return " ".join(text)
        case 4:
            return text.lower().rstrip(".")
        case _:
            return text


def write_draft(brief: Mapping[str, Any], lie: Lie | None, rng: Random) -> dict[str, Any]:
    """Write a draft from what the brief offers to say, with the lie, if any, at any place."""
    ids = [fact["id"] for fact in (*brief["facts"], *brief["items"])]
    told = [_say(fact["say"][0], fact["id"]) for fact in brief["facts"] if fact.get("say")]
    style, action = _say(brief["style"]["paragraph"][0]), _say(brief["style"]["call_to_action"][0])
    draft: dict[str, Any] = {
        "subject": style,
        "preheader": style,
        "paragraphs": [[*rng.sample(told, min(len(told), 2)), style]],
        "items": [{"item_id": i["item_id"], "sentences": [_say(i["say"][0], i["id"])]} for i in brief["items"]],
        "call_to_action": action,
    }
    if lie is None:
        return draft
    rests_on = rng.choice([["style"], rng.sample(ids, min(len(ids), 6)), [rng.choice(ids)]])
    said = {"text": lie.text, "rests_on": rests_on}
    place = "items" if lie.kind == "card" else rng.choice(PLACES)
    if place == "paragraphs":
        draft["paragraphs"][0].insert(rng.randint(0, len(draft["paragraphs"][0])), said)
    elif place == "items":
        cards = [card for i, card in enumerate(draft["items"]) if i != lie.true_of]
        rng.choice(cards)["sentences"].append(said)
    else:
        draft[place] = said
    return draft


def _say(text: str, *facts: str) -> dict[str, Any]:
    return {"text": text, "rests_on": list(facts) or ["style"]}
