"""How well the rules read notes: the wishes of bench/data/notes, which two hands wrote and answered, by language.

`python -m bench.notes_reading open` counts on the notes that may be looked at, `held` on those kept unread until the
reader was done; `--faults` lists what was missed and what is wrong.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from scipy.stats import binomtest

from demo.catalogue import BRANDS, CATEGORIES
from domain.fixes.reading.reader import NoteWords, read_wishes
from models.wishes import ClientWish
from services.fixes.vocabulary_files import load_vocabulary

NOTES: Final = Path(__file__).parent / "data" / "notes"
UNANSWERED: Final = frozenset({"easy_care", "delicate"})
"""Values that the notes were answered without, since wishes could not say them then: read, they are neither found nor
wrong."""
DRAWS: Final = 2_000
Key = tuple[str, str, bool]


class NoteScore(NamedTuple):
    """The wishes of one note: those that are right answers, those read, those of both, and of these with the right
    strength."""

    language: str
    answers: int
    read: int
    found: int
    strengths: int


def build_key(kind: str, value: str, strength: str) -> Key:
    """Build what must agree for a wish to be found: kind, value, wanted or not."""
    return kind, value.casefold().strip(), strength == "avoid"


def score_note(entry: dict[str, Any], wishes: Sequence[ClientWish]) -> NoteScore:
    """Count the wishes of one note. An optional one, on which careful people differ, is neither missed nor wrong."""
    stated = [(build_key(a["kind"], a["value"], a["strength"]), a) for a in entry["wishes"]]
    answers = {key: a["strength"] for key, a in stated if not a.get("optional")}
    optional = {key for key, a in stated if a.get("optional")}
    keys = ((build_key(wish.kind, wish.value, wish.strength), wish.strength) for wish in wishes)
    read = {key: strength for key, strength in keys if key not in optional and key[1] not in UNANSWERED}
    both = answers.keys() & read.keys()
    right = sum(answers[key] == read[key] for key in both)
    return NoteScore(entry["language"], len(answers), len(read), len(both), right)


def load_notes(part: str) -> list[dict[str, Any]]:
    """Load the notes of a part with their answers."""
    return [json.loads(line) for line in (NOTES / f"{part}.jsonl").read_text(encoding="utf-8").splitlines() if line]


def score_part(part: str, vocabulary: NoteWords) -> list[NoteScore]:
    """Read and score all notes of a part."""
    return [score_note(entry, read_wishes(entry["note"], vocabulary).wishes) for entry in load_notes(part)]


def compute_figures(scores: Sequence[NoteScore]) -> dict[str, float]:
    """Compute the shares found, wrong and of the right strength."""
    answers, read, found, strengths = (
        sum(getattr(score, name) for score in scores) for name in ("answers", "read", "found", "strengths")
    )
    return {"found": found / max(1, answers), "wrong": 1 - found / max(1, read), "strength": strengths / max(1, found)}


def draw_interval(scores: Sequence[NoteScore], name: str) -> tuple[float, float]:
    """Draw a 95 % interval of a share by resampling notes, since the wishes of one note stand and fall together."""
    rng = Random(1)
    draws = sorted(compute_figures(rng.choices(scores, k=len(scores)))[name] for _ in range(DRAWS))
    return draws[int(0.025 * DRAWS)], draws[int(0.975 * DRAWS) - 1]


def build_vocabulary() -> NoteWords:
    """Build the vocabulary of the demo shop's catalogue, which the answers are written in."""
    return load_vocabulary(None, tuple(CATEGORIES), tuple(BRANDS))


def measure() -> dict[str, float]:
    """Measure the notes that may be looked at and those that were held."""
    vocabulary = build_vocabulary()
    figures: dict[str, float] = {}
    for part in ("open", "held"):
        scores = score_part(part, vocabulary)
        for language in ("", *sorted({score.language for score in scores})):
            of_language = [score for score in scores if language in ("", score.language)]
            name = f"notes_{part}_{language}_" if language else f"notes_{part}_"
            figures |= {f"{name}{share}_share": value for share, value in compute_figures(of_language).items()}
        for share in ("found", "wrong"):
            low, high = draw_interval(scores, share)
            figures |= {f"notes_{part}_{share}_low": low, f"notes_{part}_{share}_high": high}
    return figures


def list_lines(part: str) -> Iterator[str]:
    """List the figures of a part as lines, by language and in all."""
    scores = score_part(part, build_vocabulary())
    for language in (*sorted({score.language for score in scores}), ""):
        own = [score for score in scores if language in ("", score.language)]
        shares = compute_figures(own)
        counts = [sum(score.found for score in own), sum(score.answers for score in own), sum(s.read for s in own)]
        found, read = (binomtest(counts[0], max(1, n)).proportion_ci(method="wilson") for n in counts[1:])
        yield (
            f"{language or 'all':4} {len(own):3} notes: found {shares['found']:.3f} [{found[0]:.3f}, {found[1]:.3f}] "
            f"of {counts[1]}, wrong {shares['wrong']:.3f} [{1 - read[1]:.3f}, {1 - read[0]:.3f}] of {counts[2]}, "
            f"strength right {shares['strength']:.3f}"
        )
    for share in ("found", "wrong"):
        low, high = draw_interval(scores, share)
        yield f"{share}, by note: [{low:.3f}, {high:.3f}]"


def list_faults(part: str) -> Iterator[str]:
    """List each note with what was missed and what is wrong."""
    vocabulary = build_vocabulary()
    for entry in load_notes(part):
        wishes = read_wishes(entry["note"], vocabulary).wishes
        answers = {build_key(a["kind"], a["value"], a["strength"]): a for a in entry["wishes"]}
        read = {build_key(wish.kind, wish.value, wish.strength): wish for wish in wishes}
        missed = [f"  missed {key} {answers[key]['quote']!r}" for key in answers if key not in read]
        wrong = [f"  wrong  {key} {read[key].quote!r}" for key in read if key not in answers]
        soft = [
            f"  {read[key].strength}, not {answers[key]['strength']} {key} {answers[key]['quote']!r}"
            for key in answers
            if key in read and read[key].strength != answers[key]["strength"]
        ]
        if missed or wrong or soft:
            yield "\n".join([f"{entry['id']} {entry['note']}", *missed, *wrong, *soft])


if __name__ == "__main__":
    named = next((word for word in sys.argv[1:] if not word.startswith("-")), "open")
    print("\n".join(list_faults(named) if "--faults" in sys.argv else list_lines(named)))
