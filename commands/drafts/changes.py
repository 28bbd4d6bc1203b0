"""Other words for sentences of a draft: from options, or from an editor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from errors import BadInput
from models.drafts import SentenceChange

if TYPE_CHECKING:
    from models.drafts import DraftSentence

SENTENCE = click.option("--sentence", "numbers", multiple=True, type=click.IntRange(1, 100), help="Which, by number.")
TEXT = click.option("--text", "texts", multiple=True, help="Its new words; empty: it goes. One for each --sentence.")

_LINE: Final = re.compile(r"^\s*(\d{1,3}):[ \t]?(.*)$")
_HEAD: Final = """\
# Change what stands after a number; delete the words, and the sentence goes. Lines with # are left out.
"""


def pair_changes(numbers: Sequence[int], texts: Sequence[str]) -> tuple[SentenceChange, ...]:
    """Pair each number with its words. Raises BadInput when one is missing."""
    if len(numbers) != len(texts):
        raise BadInput("give one --text for each --sentence", "text")
    return tuple(SentenceChange(sentence=number, text=text) for number, text in zip(numbers, texts, strict=True))


def ask_editor(sentences: Sequence[DraftSentence]) -> tuple[SentenceChange, ...]:
    """Open $EDITOR on the sentences, and return what was changed; nothing when it was left without saving.

    Raises:
        BadInput: a line has no number.
    """
    body, where = [_HEAD], ""
    for sentence in sentences:
        if sentence.where != where:
            body.append(f"# {(where := sentence.where)}\n")
        body.append(f"{sentence.number}: {sentence.text}\n")
    answer = click.edit("".join(body), extension=".txt")
    return () if answer is None else parse_changes(answer, sentences)


def parse_changes(text: str, sentences: Sequence[DraftSentence]) -> tuple[SentenceChange, ...]:
    """Parse what an editor returned: the sentences whose words differ. A sentence without a line goes."""
    words = {sentence.number: "" for sentence in sentences}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if (found := _LINE.match(line)) is None:
            raise BadInput(f"{line.strip()[:40]!r} has no number; one sentence a line, as in 3: words", "text")
        words[int(found[1])] = found[2].strip()
    before = {sentence.number: sentence.text for sentence in sentences}
    return tuple(SentenceChange(sentence=n, text=new) for n, new in words.items() if new != before.get(n))
