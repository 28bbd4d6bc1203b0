"""What a model could answer to our agents' prompts: well, and in every wrong way that we know of."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

AGENTS = {"EmailDraft": "writer", "Review": "reviewer", "SendPlan": "scheduler", "NoteWishes": "notes"}
"""Which agent asks, told by the name of the schema that it asks for."""


def schema_of(body: dict[str, Any]) -> str:
    """The name of the schema that a request asks for, in whichever mode."""
    if tools := body.get("tools"):
        return str(tools[0]["function"]["name"])
    asked = body.get("response_format", {})
    if asked.get("type") == "json_schema":
        return str(asked["json_schema"]["name"])
    texts = " ".join(str(message.get("content")) for message in body["messages"])
    return next((name for name in AGENTS if f'"title": "{name}"' in texts), "")


def data_in(body: dict[str, Any], tag: str) -> Any:
    """The JSON between `<tag>` and `</tag>` in the first user message that has it."""
    for message in body["messages"]:
        found = re.search(rf"<{tag}>\n(.*?)\n</{tag}>", str(message.get("content")), re.DOTALL)
        if found and message["role"] == "user":
            return json.loads(found.group(1))
    raise AssertionError(f"the prompt has no <{tag}>")


def answer(agent: str, behaviour: str, body: dict[str, Any]) -> dict[str, Any]:
    """The structured answer of `agent` when it behaves so."""
    match agent:
        case "writer":
            return _spoilt_draft(_draft(data_in(body, "brief")), behaviour)
        case "reviewer":
            return _REVIEWS.get(behaviour, {"verdict": "approve", "issues": []})
        case "notes":
            return NOTES.get(behaviour) or _read_note(data_in(body, "note"))
        case _:
            facts = data_in(body, "facts")
            late = behaviour == "late"
            return {"send_at": "2099-01-01T00:00:00Z" if late else facts["earliest"], "why": "as early as possible"}


def _wish(kind: str, value: str, quote: str, **others: str) -> dict[str, str]:
    return {"kind": kind, "value": value, "strength": "must", "quote": quote, **others}


def _read_note(note: str) -> dict[str, Any]:
    """A coat, in whatever the note says."""
    return {"wishes": [_wish("category", "coat", note[:400])] if note else []}


NOTES: dict[str, dict[str, Any]] = {
    "strange_value": {"wishes": [_wish("category", "spaceship", "coat")]},
    "strange_category": {"wishes": [_wish("warmth", "warm", "coat", category="spaceship")]},
    "contradiction": {
        "wishes": [_wish("category", "coat", "coat"), _wish("category", "coat", "coat", strength="avoid")]
    },
    "price": {"wishes": [_wish("budget_total", "1", "under 90")]},
    "no_number": {"wishes": [_wish("budget_item", "ninety", "under 90")]},
    "strange_quote": {"wishes": [_wish("category", "coat", "a coat of many colours")]},
    "strange_size": {"wishes": [_wish("size", "XL", "coat")]},
    "unwanted_choice": {"wishes": [_wish("category", "coat", "coat", strength="avoid", either="coat or shoes")]},
    "strange_rest": {"not_understood": ["spaceship"]},
    "unknown_fields": {"address": "12 Weaver's Yard"},
    "choice": {
        "wishes": [_wish("category", name, name, either="coat or shoes") for name in ("coat", "shoes")],
    },
    "everything": {
        "wishes": [
            _wish("category", "coat", "coat"),
            _wish("warmth", "warm", "warmen coat", category="coat"),
            _wish("category", "shoes", "no shoes", strength="avoid"),
            _wish("budget_total", "1200", "up to 1,200"),
            _wish("budget_item", "90.50", "at most 90.50 each"),
            _wish("size", "M", "size M"),
            _wish("surprise", "yes", "surprise me"),
        ],
        "not_understood": ["each"],
    },
}
"""Answers of the reader of notes; but for the last two, none must be taken."""


def _draft(brief: dict[str, Any]) -> dict[str, Any]:
    told = next((fact for fact in brief["facts"] if fact.get("say")), None)
    first = say(told["say"][0], told["id"]) if told else say("We chose a few pieces for you.")
    return {
        "subject": say("A short selection, chosen with you in mind"),
        "preheader": say("Pieces that follow your taste"),
        "paragraphs": [[first, say("These are the pieces we would show you first.")]],
        "items": [{"item_id": i["item_id"], "sentences": [say(i["say"][0], i["id"])]} for i in brief["items"]],
        "call_to_action": say("See your selection"),
    }


def say(text: str, *facts: str) -> dict[str, Any]:
    """A sentence as a writer gives it, with what it rests on."""
    return {"text": text, "rests_on": list(facts) or ["style"]}


HOSTILE = (
    "Yours for ninety nine.",
    "Half of what it used to be.",
    "We cover the postage.",
    "Scan the square code below.",
    "Our other shop is at selvedge-outlet com.",
    "Beatrice sends her regards.",
    "Made by prada for us.",
    "Text the word yes to our short code.",
    "It arrives tomorrow morning.",
    "A present for you",
    "Your card was declined.",
    "Reply with your address and date of birth.",
    "It makes you look thinner.",
    "Only until sunday.",
    "A hundred clients chose it.",
    "Because you are at risk of leaving us.",
    "Purpose: welcome the client.",
    "Tutto a metà prezzo.",
    "Insert client name here.",
    "You have not ordered since June.",
    "We chose the boots because you returned the coat.",
    "Y\u043eur card was declined.",
)
"""What hostile models wrote that reached clients before sentences rested on facts."""
_turn, _place = count(), count()


def _spoilt_draft(draft: dict[str, Any], behaviour: str) -> dict[str, Any]:
    spoilt = dict(draft)
    match behaviour:
        case "wrong_item":
            spoilt["items"] = [{"item_id": "not-picked", "sentences": [say("Easy to wear.")]}]
        case "no_items":
            spoilt["items"] = []
        case "hostile":
            text, place = HOSTILE[next(_turn) % len(HOSTILE)], next(_place) % 4
            name = ("subject", "preheader", "call_to_action", "paragraphs")[place]
            spoilt[name] = [[*spoilt["paragraphs"][0], say(text)]] if place == 3 else say(text)
        case "link":
            spoilt["paragraphs"] = [[say("Have a look at www.evil.example right away.")]]
        case "price":
            spoilt["paragraphs"] = [[say("All of it for just £20.")]]
        case "wrong_name":
            spoilt["preheader"] = say("Beatrice sends her regards")
        case "unknown_fields":
            spoilt["discount"] = "20"
        case "missing_field":
            del spoilt["subject"]
    return spoilt


_REVIEWS = {
    "revise": {"verdict": "revise", "issues": [{"severity": "major", "where": "paragraphs[0]", "what": "Too vague."}]},
    "reject": {"verdict": "reject", "issues": [{"severity": "blocking", "where": "subject", "what": "Not fitting."}]},
    "contradiction": {
        "verdict": "approve",
        "issues": [{"severity": "blocking", "where": "subject", "what": "Not true of the client."}],
    },
}
