"""A double of an endpoint behind which an honest, able copywriter sits.

It answers with one mail's sentences, and rewords or strikes those that come back with a fault.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from openai.types.chat import ChatCompletion

from bench.honest_mails import HonestMail, PlayedMail
from domain.sentences.checking import STYLE
from domain.sentences.naming import build_item_id, list_fact_ids

FACTS: Final = 6
"""A sentence may cite so many."""
_FAULT: Final = re.compile(r"sentences\[(\d+)\]: (.*?)(?=; sentences\[|$)", re.DOTALL)
_UNCITED: Final = re.compile(r"it rests on (.+?) without saying so")


@dataclass
class Wording:
    """What the writer says in one place. `again`: the plainer wording that is left; empty: it would be struck."""

    place: str
    text: str
    facts: list[str]
    again: str
    may_be_struck: bool = True

    def reword(self, fault: str) -> None:
        """Replace what a fault names: give a missing citation, else take the plainer wording, else strike."""
        if uncited := _UNCITED.search(fault):
            self.facts = [*self.facts, *uncited[1].split(", ")][-FACTS:]
        elif self.again or self.may_be_struck:
            self.text, self.again = self.again, ""


class HonestWriter:
    """Stands where the client of an endpoint does. `answers`: what it wrote so far, the first wording first."""

    def __init__(self, mail: HonestMail) -> None:
        self.chat = SimpleNamespace(completions=self)
        self.answers: list[dict[str, Any]] = []
        self._mail, self._wordings = mail, list(_list_wordings(mail))

    def count_sentences(self) -> int:
        """Count the sentences of the mail as it was written first."""
        return len(self._wordings)

    async def create(self, *, messages: Sequence[Mapping[str, Any]], tools: Any, **_: Any) -> ChatCompletion:
        """Answer one request, as the tool that it forces; the same hand agrees to all as its reviewer."""
        name = tools[0]["function"]["name"]
        if name == "Review":
            return _build_completion(name, {"verdict": "approve", "issues": []})
        if self.answers:
            self._rewrite(str(messages[-1].get("content")))
        self.answers.append(self._write())
        return _build_completion(name, self.answers[-1])

    def _rewrite(self, faults: str) -> None:
        shown = [wording for wording in self._wordings if wording.text]
        for number, fault in _FAULT.findall(faults):
            shown[int(number)].reword(fault)

    def _write(self) -> dict[str, Any]:
        said: dict[str, list[dict[str, Any]]] = {}
        for wording in self._wordings:
            if wording.text:
                words = {"text": wording.text, "rests_on": wording.facts or [STYLE]}
                said.setdefault(wording.place, []).append(words)
        return {
            "subject": said["subject"][0],
            "preheader": said["preheader"][0],
            "paragraphs": [words for place, words in said.items() if place.startswith("paragraph ")],
            "items": [
                {"item_id": item.item_id, "sentences": said[f"item {item.item_id}"]}
                for item in self._mail.brief.items
                if f"item {item.item_id}" in said
            ],
            "call_to_action": said["action"][0],
        }


class PlayedWriter:
    """Answers what a hand that played the model answered, in its order; the last answer again when asked once more."""

    def __init__(self, mail: PlayedMail) -> None:
        self.chat = SimpleNamespace(completions=self)
        self.answers: list[Mapping[str, Any]] = []
        self._mail = mail

    def count_sentences(self) -> int:
        """Count the sentences of the first answer."""
        return sum(1 for _ in list_written(self._mail.answers[0]))

    async def create(self, *, messages: Sequence[Mapping[str, Any]], tools: Any, **_: Any) -> ChatCompletion:
        """Answer one request, as the tool that it forces; the reviewer agrees to all."""
        name = tools[0]["function"]["name"]
        if name == "Review":
            return _build_completion(name, {"verdict": "approve", "issues": []})
        answers = self._mail.answers
        self.answers.append(answers[min(len(self.answers), len(answers) - 1)])
        return _build_completion(name, self.answers[-1])


def list_written(answer: Mapping[str, Any]) -> Iterator[str]:
    """List the sentences of an answer."""
    yield from (answer[place]["text"] for place in ("subject", "preheader", "call_to_action"))
    for said in (*answer["paragraphs"], *(item["sentences"] for item in answer.get("items", ()))):
        yield from (sentence["text"] for sentence in said)


def _list_wordings(mail: HonestMail) -> Iterator[Wording]:
    """List what the mail says, in the order in which its draft is cut into sentences."""
    ids = {item.item_id: build_item_id(item.item_id) for item in mail.brief.items}
    known, copy = list_fact_ids(mail.brief), mail.copy

    def list_facts(said: Mapping[str, Any]) -> list[str]:
        return [fact for told in said["facts"] if (fact := ids.get(told, told)) in known][:FACTS]

    places = [(f"paragraph {n}", said) for n, part in enumerate(copy["paragraphs"]) for said in part]
    spoken = {item["item_id"]: item["sentences"] for item in copy["items"]}
    places += [(f"item {item_id}", said) for item_id in ids for said in spoken.get(item_id, ())]
    # The hands gave no facts for the subject and its like: it rests on what the mail rests on.
    every = list(dict.fromkeys([fact for _, said in places for fact in list_facts(said)]))[:FACTS]
    yield Wording("subject", copy["subject"][0], every, copy["subject"][1], may_be_struck=False)
    yield Wording("preheader", copy["preheader"][0], every, copy["preheader"][1], may_be_struck=False)
    for place, said in places:
        yield Wording(place, said["text"], list_facts(said), said.get("again", ""))
    yield Wording("action", copy["action"][0], every, copy["action"][1], may_be_struck=False)


def _build_completion(tool: str, answer: Mapping[str, Any]) -> ChatCompletion:
    function = {"name": tool, "arguments": json.dumps(answer, ensure_ascii=False)}
    call = {"id": "call_1", "type": "function", "function": function}
    message = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [call]}
    return ChatCompletion.model_validate(
        {
            "id": "chatcmpl-honest",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": "honest",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
        }
    )
