"""Random filters of clients, over words that the random clients of a test have."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Final

from models.segment_words import (
    CampaignPlace,
    ChoiceField,
    Count,
    CountOp,
    FlagField,
    Happened,
    MomentField,
    NumberField,
    NumberOp,
    SpanUnit,
    TimeSpan,
    TimeWindow,
    Worth,
)
from models.segments import (
    SUBJECTS,
    AllOf,
    AnyOf,
    Enrolment,
    Everyone,
    Filter,
    Flag,
    Happening,
    Known,
    Moment,
    Not,
    Number,
    WordChoice,
)

DAY: Final = date(2026, 6, 1)
WORDS: Final[dict[str, tuple[str, ...]]] = {
    ChoiceField.PHASE: ("active", "at_risk", "lapsed"),
    ChoiceField.BAND: ("active", "cooling"),
    ChoiceField.LANGUAGE: ("en", "de", "pt"),
    ChoiceField.COUNTRY: ("GB", "DE", "BR"),
    ChoiceField.COHORT: ("2025-12", "2026-03", "2026-05"),
    ChoiceField.TAG: ("vip", 'quo"te', "über uns", "100%", "nobody"),
    ChoiceField.SIZE: ("M", "L", "EU 42"),
    ChoiceField.STYLE: ("classic", "boho"),
    "attr.colour": ("red", "yes", "it's \\ blue"),
    "attr.points": ("5",),
}
SUBJECT_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "categories": ("knitwear", "coats", "nothing"),
    "brands": ("acme", "o'neil"),
    "items": ("j1", "c1"),
    "campaigns": ("spring", "autumn"),
    "kinds": ("campaign", "missed"),
}
NUMBERS: Final = (0.0, 1.0, 0.29, 0.5, 12.5, 40.0, 100.0, -1.0)


def draw_filter(rng: Random, depth: int = 3) -> Filter:
    """Draw a filter of at most `depth` levels."""
    kind = rng.random()
    if depth <= 1 or kind < 0.35:
        return draw_leaf(rng)
    if kind < 0.5:
        return Not(part=draw_filter(rng, depth - 1))
    parts = tuple(draw_filter(rng, depth - 1) for _ in range(rng.randint(2, 3)))
    return AllOf(parts=parts) if kind < 0.75 else AnyOf(parts=parts)


def draw_leaf(rng: Random) -> Filter:
    """Draw one condition."""
    draw = rng.choice(
        (_draw_choice, _draw_number, _draw_moment, _draw_flag, *(_draw_happening,) * 4, _draw_enrolment, _draw_known)
    )
    return draw(rng)


def _draw_choice(rng: Random) -> Filter:
    field = rng.choice(sorted(WORDS))
    return WordChoice(field=field, values=tuple(rng.sample(WORDS[field], rng.randint(1, min(2, len(WORDS[field]))))))


def _draw_number(rng: Random) -> Filter:
    field = rng.choice([*NumberField, "attr.points"])
    return Number(field=field, op=rng.choice(list(NumberOp)), value=rng.choice(NUMBERS))


def _draw_moment(rng: Random) -> Filter:
    return Moment(field=rng.choice([*MomentField, "attr.birthday"]), window=draw_window(rng))


def _draw_flag(rng: Random) -> Filter:
    return Flag(field=rng.choice([*FlagField, "attr.vip"])) if rng.random() < 0.7 else Everyone()


def _draw_known(rng: Random) -> Filter:
    return Known(field=rng.choice(["attr.colour", "attr.points", "attr.birthday", "attr.vip"]))


def _draw_enrolment(rng: Random) -> Filter:
    return Enrolment(place=rng.choice(list(CampaignPlace)), campaign=rng.choice(SUBJECT_WORDS["campaigns"]))


def _draw_happening(rng: Random) -> Filter:
    what = rng.choice([*Happened, *(Happened.ORDERED,) * 6])
    subjects = {
        name: tuple(rng.sample(SUBJECT_WORDS[name], rng.randint(1, 2))) for name in SUBJECTS[what] if rng.random() < 0.3
    }
    amount: dict[str, Count | Worth] = {}
    if rng.random() < 0.4:
        amount["count"] = Count(op=rng.choice(list(CountOp)), times=rng.randint(0, 3))
    elif what in (Happened.ORDERED, Happened.RETURNED) and rng.random() < 0.3:
        op: CountOp = rng.choice([CountOp.AT_LEAST, CountOp.AT_MOST])
        amount["worth"] = Worth.model_validate({"op": op, "amount": rng.choice([0.0, 0.29, 12.5, 100.0])})
    window = draw_window(rng) if rng.random() < 0.6 else None
    return Happening(what=what, window=window, **subjects, **amount)


def draw_window(rng: Random) -> TimeWindow:
    """Draw a window."""
    bounds: dict[str, TimeSpan | date] = {}
    begin, end = rng.choice(("last", "since", "")), rng.choice(("before", "ago", "", ""))
    if begin == "last" or not begin + end:
        bounds["last"] = _draw_span(rng)
    elif begin:
        bounds["since"] = DAY - timedelta(days=rng.randint(0, 200))
    if end == "before":
        bounds["before"] = DAY - timedelta(days=rng.randint(-2, 60))
    elif end:
        bounds["ago"] = _draw_span(rng)
    return TimeWindow.model_validate(bounds)


def _draw_span(rng: Random) -> TimeSpan:
    return TimeSpan(amount=rng.choice((1, 2, 7, 30, 90)), unit=rng.choice(list(SpanUnit)))
