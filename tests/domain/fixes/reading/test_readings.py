"""The reader reads the open notes as it did: a change of the rules shows here in every note that it touches.

What is right is another matter (`python -m bench.notes_reading open`). After a change that was meant:
`python -m tests.domain.fixes.reading.test_readings` writes the readings anew, and their difference is to be read.
"""

from __future__ import annotations

import json
from pathlib import Path

from demo.catalogue import BRANDS, CATEGORIES
from domain.fixes.reading.reader import read_wishes
from services.fixes.vocabulary_files import load_vocabulary

READINGS = Path(__file__).with_name("readings.txt")
NOTES = Path(__file__).parents[4] / "bench" / "data" / "notes" / "open.jsonl"
SIGNS = {"must": "", "prefer": "?", "avoid": "!"}
"""Before a wish: as in tests/domain/fixes/test_notes.py."""


def read_notes() -> list[str]:
    """One line for each note: its number, its wishes, and how many stretches were not understood."""
    vocabulary = load_vocabulary(None, tuple(sorted(CATEGORIES)), tuple(sorted(BRANDS)))
    lines = []
    for number, line in enumerate(NOTES.read_text(encoding="utf-8").splitlines()):
        reading = read_wishes(json.loads(line)["note"], vocabulary)
        wishes = " ".join(sorted(SIGNS[wish.strength] + wish.key.replace(" ", "_") for wish in reading.wishes))
        lines.append(f"{number}: {wishes} | {len(reading.not_understood)}")
    return lines


def test_the_open_notes_are_read_as_before() -> None:
    assert read_notes() == READINGS.read_text(encoding="utf-8").splitlines()


if __name__ == "__main__":
    READINGS.write_text("\n".join(read_notes()) + "\n", encoding="utf-8")
