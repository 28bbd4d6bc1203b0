"""What the bench counts of a note that was read."""

from __future__ import annotations

from bench.notes_reading import NoteScore, score_note
from models.wishes import ClientWish


def wish(kind: str, value: str, strength: str = "must") -> ClientWish:
    return ClientWish.model_validate({"kind": kind, "value": value, "strength": strength, "quote": value})


def test_optional_wishes_are_neither_missed_nor_wrong() -> None:
    answers = [
        {"kind": "category", "value": "coat", "strength": "must"},
        {"kind": "colour", "value": "red", "strength": "avoid"},
        {"kind": "season", "value": "winter", "strength": "prefer", "optional": True},
        {"kind": "warmth", "value": "warm", "strength": "prefer", "optional": True},
    ]
    read = [wish("category", "coat", "prefer"), wish("season", "winter"), wish("colour", "red")]
    score = score_note({"language": "en", "wishes": answers}, read)
    assert score == NoteScore("en", answers=2, read=2, found=1, strengths=0)
