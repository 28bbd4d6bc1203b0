"""What is wrong with a typed filter, and where: the place is shown under the text with a caret."""

from __future__ import annotations

from typing import Final, NoReturn

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from domain.segments.grammar import EXPECTED
from errors import BadInput

AROUND: Final = 40
"""Characters of the text that are shown on each side of a fault."""


class FilterFault(Exception):
    """Something is wrong with the text from `start` to `end`."""

    def __init__(self, reason: str, start: int, end: int) -> None:
        super().__init__(reason)
        self.reason, self.start, self.end = reason, start, end


def refuse(token: Token, reason: str) -> NoReturn:
    """Refuse the text because of a token. Raises FilterFault."""
    start = token.start_pos or 0
    raise FilterFault(reason, start, token.end_pos or start + 1)


def locate_unexpected(wrong: UnexpectedInput, text: str) -> FilterFault:
    """Build the fault of a text that the grammar does not know."""
    if isinstance(wrong, UnexpectedCharacters) and wrong.char == '"':
        return FilterFault("a text in quotes that is not closed on its line", wrong.pos_in_stream or 0, len(text))
    if isinstance(wrong, UnexpectedCharacters):
        return FilterFault(
            f"cannot read {show(wrong.char)} here", wrong.pos_in_stream or 0, (wrong.pos_in_stream or 0) + 1
        )
    if isinstance(wrong, UnexpectedToken) and wrong.token.type != "$END":
        start = wrong.token.start_pos or 0
        return FilterFault(_explain_token(wrong), start, wrong.token.end_pos or start + 1)
    expected = wrong.accepts or wrong.expected if isinstance(wrong, UnexpectedToken) else set()
    return FilterFault(f"ends too early{_name_expected(set(expected))}", len(text), len(text) + 1)


def _explain_token(wrong: UnexpectedToken) -> str:
    return f"{show(str(wrong.token))} cannot stand here{_name_expected(set(wrong.accepts or wrong.expected))}"


def _name_expected(expected: set[str]) -> str:
    words = [word for name, word in EXPECTED.items() if name in expected]
    return f"; expected {' or '.join(words[:4])}" if words else ""


def show(word: str) -> str:
    """Return a word in quotes as an error shows it: short, on one line."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in word)
    return f'"{plain[:40]}{"…" if len(plain) > 40 else ""}"'


def point_at(fault: FilterFault, text: str) -> BadInput:
    """Build the refusal that shows the part of the text around the fault, with carets under it."""
    begin = max(0, fault.start - AROUND)
    part = "".join(letter if letter.isprintable() else " " for letter in text[begin : fault.start + AROUND])
    width = max(1, min(fault.end, begin + len(part)) - fault.start)
    lead = "…" if begin else ""
    carets = " " * (len(lead) + fault.start - begin) + "^" * width
    where = f"{fault.reason} (character {fault.start + 1})"
    return BadInput(f"{where}\n  {lead}{part}\n  {carets}", "filter")
