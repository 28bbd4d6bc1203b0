"""Prompts: a text under version, and data quoted so that nothing in it can pose as part of the prompt."""

from __future__ import annotations

import json
import unicodedata
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

_BRACKETS: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e"})
_FOLDER: Final = Path(__file__).parent / "prompts"


class Prompt(NamedTuple):
    """One question to a model. `version` names the text of the instructions, whatever the data."""

    agent: str
    version: str
    system: str
    user: str


class Instructions(NamedTuple):
    """A prompt file. Its version is made of its content, so that no change goes unrecorded."""

    agent: str
    version: str
    text: str

    def about(self, user: str) -> Prompt:
        """These instructions with the data of one question."""
        return Prompt(agent=self.agent, version=self.version, system=self.text, user=user)


@cache
def instructions(agent: str) -> Instructions:
    """The prompt file of `agent`, read once."""
    text = (_FOLDER / f"{agent}.md").read_text(encoding="utf-8").strip()
    return Instructions(agent=agent, version=f"{agent}-{sha256(text.encode()).hexdigest()[:10]}", text=text)


def quoted(tag: str, data: Any) -> str:
    """`data` as JSON between `<tag>` and `</tag>`; no text in it can close the tag."""
    text = json.dumps(data, ensure_ascii=False, indent=1).translate(_BRACKETS)
    return f"<{tag}>\n{text}\n</{tag}>"


def foreign(text: str, longest: int = 300) -> str:
    """Words of a stranger, without invisible signs and cut to length, to be given to a model as data."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(visible.split())[:longest]
