"""Prompts: versioned instructions, and data quoted so that nothing in it can pose as part of the prompt."""

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
    """One question to a model. `version` identifies the text of the instructions, whatever the data."""

    agent: str
    version: str
    system: str
    user: str


class Instructions(NamedTuple):
    """A prompt file. Its version is a hash of its content, so that no change goes unrecorded."""

    agent: str
    version: str
    text: str

    def build_prompt(self, user: str) -> Prompt:
        """Build the prompt from these instructions and the data of one question."""
        return Prompt(agent=self.agent, version=self.version, system=self.text, user=user)


@cache
def load_instructions(agent: str) -> Instructions:
    """Load the prompt file of `agent`, once."""
    text = (_FOLDER / f"{agent}.md").read_text(encoding="utf-8").strip()
    return Instructions(agent=agent, version=f"{agent}-{sha256(text.encode()).hexdigest()[:10]}", text=text)


def quote_data(tag: str, data: Any) -> str:
    """Return `data` as JSON between `<tag>` and `</tag>`; no text in it can close the tag."""
    text = json.dumps(data, ensure_ascii=False, indent=1).translate(_BRACKETS)
    return f"<{tag}>\n{text}\n</{tag}>"


def clean_foreign_text(text: str, longest: int = 300) -> str:
    """Return a stranger's text without invisible signs and cut to length, to be given to a model as data."""
    visible = "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)
    return " ".join(visible.split())[:longest]
