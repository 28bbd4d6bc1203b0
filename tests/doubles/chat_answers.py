"""What a model could answer to our agents' prompts: well, and in every wrong way that we know of."""

from __future__ import annotations

import json
import re
from typing import Any

AGENTS = {"EmailDraft": "writer", "Review": "reviewer", "SendPlan": "scheduler", "NoteFields": "notes"}
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
            return NOTES.get(behaviour) or {"must_have": data_in(body, "catalogue")["categories"][:1]}
        case _:
            facts = data_in(body, "facts")
            late = behaviour == "late"
            return {"send_at": "2099-01-01T00:00:00Z" if late else facts["earliest"], "why": "as early as possible"}


NOTES: dict[str, dict[str, Any]] = {
    "strange_word": {"must_have": ["spaceship"]},
    "contradiction": {"must_have": ["coat"], "exclude_categories": ["coat"]},
    "price": {"budget": "1"},
    "price_of_one": {"item_cap": "1"},
    "strange_exclusion": {"exclude_categories": ["spaceship"]},
    "strange_colour": {"exclude_colours": ["octarine"]},
    "strange_wish": {"colours": ["octarine"]},
    "unknown_fields": {"address": "12 Weaver's Yard"},
    "everything": {
        "must_have": ["COAT"],
        "exclude_categories": ["Shoes"],
        "exclude_colours": ["Black"],
        "colours": ["rust "],
        "budget": "1200.00",
        "item_cap": "90.50",
    },
}
"""Answers of the reader of notes; but for the last, none must be taken."""


def _draft(brief: dict[str, Any]) -> dict[str, Any]:
    fact = brief["facts"][0] if brief["facts"] else "We have put a few pieces aside."
    return {
        "subject": "A short selection, chosen with you in mind",
        "preheader": "Pieces that follow from what we know of your taste",
        "greeting": f"Hello {brief['first_name']}," if brief["first_name"] else "Hello,",
        "paragraphs": [fact, "These are the pieces we would show you first."],
        "items": [{"item_id": i["item_id"], "text": f"Part of our {i['category']} selection."} for i in brief["items"]],
        "call_to_action": "See your selection",
    }


def _spoilt_draft(draft: dict[str, Any], behaviour: str) -> dict[str, Any]:
    spoilt = dict(draft)
    match behaviour:
        case "wrong_item":
            spoilt["items"] = [{"item_id": "not-picked", "text": "A piece of my own choosing."}]
        case "link":
            spoilt["paragraphs"] = ["Have a look at www.evil.example right away."]
        case "price":
            spoilt["paragraphs"] = ["All of it for just £20."]
        case "wrong_name":
            spoilt["greeting"] = "Dear Beatrice,"
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
