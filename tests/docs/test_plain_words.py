"""Pages use the field's words, and none that only this project understands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PAGES = [*REPOSITORY.glob("*.md"), *sorted((REPOSITORY / "docs").rglob("*.md"))]
PRIVATE = {
    r"the house|house writer": "built-in, template writer, the shop",
    r"foretold|foretells?|foretelling": "predict",
    r"by lot|the lot": "randomised",
    r"learnt anew|anew": "trained again, again",
    r"told apart|bears? (each other|it) out|believed as far": "say it plainly",
    r"at the door|the door": "send gate",
    r"hold-outs?": "holdout",
    r"rhythms?": "purchase cadence",
    r"dearer|afresh|whosoever": "say it plainly",
}
"""Words that must not come back, and what to write instead."""


def find_private_words(text: str) -> list[str]:
    """Return the private words in a page, outside of code, with what to write instead."""
    prose = re.sub(r"```.*?```|`[^`\n]+`", "", text, flags=re.S)
    found = [(match[0], instead) for word, instead in PRIVATE.items() for match in re.finditer(rf"\b({word})\b", prose)]
    return [f"{word}: {instead}" for word, instead in found]


def name_page(file: Path) -> str:
    """Return how a test names a page."""
    return str(file.relative_to(REPOSITORY))


@pytest.mark.parametrize("file", PAGES, ids=name_page)
def test_a_page_has_no_private_words(file: Path) -> None:
    assert find_private_words(file.read_text()) == []


def test_a_private_word_is_found() -> None:
    canary = "Asked at the door.\nNobody foretells it. `--anew` is code, `the house` too. A warehouse door is none."
    assert find_private_words(canary) == ["foretells: predict", "at the door: send gate"]
