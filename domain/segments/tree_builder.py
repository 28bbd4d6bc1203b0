"""Build the tree of a filter while its text is read, and say what is wrong with its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from lark import Token, Transformer
from pydantic import ValidationError

from domain.segments.text_faults import refuse, show
from domain.segments.vocabulary import (
    ARGUMENTS,
    ATTRIBUTE,
    EVERYONE,
    FIELDS,
    HAPPENINGS,
    PLACES,
    find_nearest,
    list_names,
    suggest,
)
from models.segment_words import (
    CampaignPlace,
    Count,
    CountOp,
    Happened,
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
    list_words,
)

Model = TypeVar("Model")
_TRUTH: Final = {"yes": True, "true": True, "no": False, "false": False}
_ONE_DAY: Final = timedelta(days=1)


class TreeBuilder(Transformer[Token, Filter]):
    """One method a rule of the grammar; each gets what its parts were built to."""

    def start(self, parts: list[Filter]) -> Filter:
        return parts[0]

    def any_of(self, parts: list[Filter]) -> Filter:
        return AnyOf.model_construct(parts=tuple(parts))

    def all_of(self, parts: list[Filter]) -> Filter:
        return AllOf.model_construct(parts=tuple(parts))

    def negation(self, parts: list[Filter]) -> Filter:
        return Not.model_construct(part=parts[0])

    never = negation

    def comparison(self, parts: list[Token]) -> Filter:
        name, op, value = parts
        return build_comparison(name, str(op), value)

    def choice(self, parts: list[Token]) -> Filter:
        return build_choice(parts[0], parts[1:])

    def exclusion(self, parts: list[Token]) -> Filter:
        return Not.model_construct(part=build_choice(parts[0], parts[1:]))

    def knowledge(self, parts: list[Token]) -> Filter:
        name, word = parts
        if not name.lower().startswith(ATTRIBUTE):
            refuse(name, f"only attributes are known or unknown, such as {ATTRIBUTE}points")
        known = make(name, Known, field=_fold(name))
        return known if word.lower() == "known" else Not.model_construct(part=known)

    def condition(self, parts: list[Any]) -> Filter:
        return build_condition(parts[0], parts[1:])

    def arguments(self, parts: list[Any]) -> list[list[Token]]:
        return parts

    def argument(self, parts: list[Token]) -> list[Token]:
        return parts

    def count(self, parts: list[Token]) -> Count:
        op, times = parts
        return make(times, Count, op=_fold(op), times=str(times))

    def worth(self, parts: list[Token]) -> Worth:
        op, amount = parts
        if _fold(op) == CountOp.EXACTLY:
            refuse(op, "say for at least or for at most so much")
        return make(amount, Worth, op=_fold(op), amount=str(amount))

    def window(self, parts: list[dict[str, Any]]) -> TimeWindow:
        return TimeWindow.model_validate({name: value for part in parts for name, value in part.items()})

    def last(self, parts: list[TimeSpan]) -> dict[str, Any]:
        return {"last": parts[0]}

    def ago(self, parts: list[TimeSpan]) -> dict[str, Any]:
        return {"ago": parts[0]}

    def since(self, parts: list[Token]) -> dict[str, Any]:
        return {"since": parse_day(parts[0])}

    def before(self, parts: list[Token]) -> dict[str, Any]:
        return {"before": parse_day(parts[0])}

    def span(self, parts: list[Token]) -> TimeSpan:
        amount, unit = parts
        return make(amount, TimeSpan, amount=str(amount), unit=SpanUnit(unit.lower().removesuffix("s") + "s"))


def _fold(token: Token) -> str:
    return " ".join(token.lower().split())


def make(token: Token, model: Callable[..., Model], **values: Any) -> Model:
    """Build a part of the tree. Raises FilterFault at the token when it cannot be."""
    try:
        return model(**values)
    except ValidationError as wrong:
        reason = wrong.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")
        refuse(token, reason.replace("Input should be", "must be", 1))


def read_value(token: Token) -> str:
    """Return the text of a value, without quotes."""
    return token[1:-1].replace('\\"', '"').replace("\\\\", "\\") if token.type == "STRING" else str(token)


def parse_day(token: Token) -> date:
    """Parse a day. Raises FilterFault."""
    try:
        day = date.fromisoformat(token)
    except ValueError:
        refuse(token, f"{token} is no day of the calendar")
    if not 1900 <= day.year <= 2199:
        refuse(token, f"{token} lies outside the years 1900 to 2199")
    return day


def find_kind(name: Token) -> str:
    """Find of what kind a field is; `attribute` for custom ones. Raises FilterFault naming the nearest."""
    word = _fold(name)
    if word.startswith(ATTRIBUTE):
        return "attribute"
    if word in FIELDS:
        return FIELDS[word].kind
    if word in HAPPENINGS or word in PLACES:
        refuse(name, f"{word} is something that happens: say {word} or {word}(…), without a comparison")
    return refuse(name, f"no field {show(word)}{suggest(word, list_names())}")


def build_comparison(name: Token, op: str, value: Token) -> Filter:
    """Build `name op value`; `!=` is the opposite of `=`."""
    if op == "!=":
        return Not.model_construct(part=build_comparison(name, "=", value))
    kind = find_kind(name)
    if kind == "moment" or (kind == "attribute" and value.type == "DATE"):
        return _build_moment(name, op, value)
    if kind == "number" or (kind == "attribute" and value.type == "NUMBER"):
        return _build_number(name, op, value)
    if op != "=":
        refuse(name, f"{_fold(name)} is compared by = or != here, not by {op}")
    if value.type == "NAME" and value.lower() in _TRUTH and kind in ("flag", "attribute"):
        flag = make(name, Flag, field=_fold(name))
        return flag if _TRUTH[value.lower()] else Not.model_construct(part=flag)
    if kind == "flag":
        refuse(value, f"{_fold(name)} is yes or no")
    return build_choice(name, [value])


def _build_moment(name: Token, op: str, value: Token) -> Filter:
    if value.type != "DATE":
        refuse(value, f"{_fold(name)} is compared with a day such as 2026-01-31; or say {_fold(name)} in 30 days")
    day = parse_day(value)
    bounds = {
        "=": {"since": day, "before": day + _ONE_DAY},
        "<": {"before": day},
        "<=": {"before": day + _ONE_DAY},
        ">": {"since": day + _ONE_DAY},
        ">=": {"since": day},
    }
    return make(name, Moment, field=_fold(name), window=make(value, TimeWindow, **bounds[op]))


def _build_number(name: Token, op: str, value: Token) -> Filter:
    if value.type != "NUMBER":
        refuse(value, f"{_fold(name)} is a number")
    return make(value, Number, field=_fold(name), op=NumberOp(op), value=float(value))


def build_choice(name: Token, values: Sequence[Token]) -> Filter:
    """Build `name in (values)`."""
    kind, field = find_kind(name), _fold(name)
    if kind not in ("choice", "attribute"):
        refuse(name, f"{field} is no word: say for example {FIELDS[field].example}")
    words = list_words(field)
    for value in values:
        if words and read_value(value) not in words:
            near = find_nearest(read_value(value), words)
            known = f"did you mean {near}?" if near else f"there are {', '.join(words)}"
            refuse(value, f"no {field} {show(read_value(value))}; {known}")
    return make(values[0], WordChoice, field=field, values=tuple(read_value(value) for value in values))


def build_condition(name: Token, rest: Sequence[Any]) -> Filter:
    """Build a condition that begins with a name: a happening, a place in a campaign, a flag or a moment."""
    word = _fold(name)
    arguments = next((part for part in rest if isinstance(part, list)), None)
    amount = next((part for part in rest if isinstance(part, Count | Worth)), None)
    window = next((part for part in rest if isinstance(part, TimeWindow)), None)
    if word in HAPPENINGS:
        return _build_happening(name, arguments or [], amount, window)
    if word in PLACES:
        return _build_enrolment(name, arguments or [], amount or window)
    kind = "everyone" if word == EVERYONE else find_kind(name)
    if arguments is not None or amount is not None:
        refuse(name, f"{word} takes neither brackets nor a number of times")
    if window is not None and kind in ("moment", "attribute"):
        return make(name, Moment, field=word, window=window)
    if window is None and kind in ("flag", "attribute"):
        return make(name, Flag, field=word)
    if window is None and kind == "everyone":
        return Everyone()
    example = f": say for example {FIELDS[word].example}" if word in FIELDS else ""
    return refuse(name, f"{word} needs a comparison{example}")


def _build_enrolment(name: Token, arguments: list[list[Token]], more: Any) -> Filter:
    if len(arguments) != 1 or len(arguments[0]) != 1 or more is not None:
        refuse(name, f"{name} takes one campaign, as in {PLACES[CampaignPlace(_fold(name))].example}")
    (campaign,) = arguments[0]
    return make(campaign, Enrolment, place=_fold(name), campaign=read_value(campaign))


def _build_happening(
    name: Token, arguments: list[list[Token]], amount: Count | Worth | None, window: TimeWindow | None
) -> Filter:
    what = Happened(_fold(name))
    subjects: dict[str, list[str]] = {}
    for argument in arguments:
        field, values = _read_argument(what, name, argument)
        subjects.setdefault(field, []).extend(read_value(value) for value in values)
    more = {"count" if isinstance(amount, Count) else "worth": amount} if amount else {}
    return make(name, Happening, what=what, window=window, **{k: tuple(v) for k, v in subjects.items()}, **more)


def _read_argument(what: Happened, name: Token, argument: list[Token]) -> tuple[str, list[Token]]:
    """Read one argument: a bare value means the first subject of the happening."""
    allowed = SUBJECTS[what]
    if not allowed:
        refuse(argument[0], f"{name} takes nothing in brackets")
    if len(argument) == 1:
        return allowed[0], argument
    label, values = argument[0], argument[1:]
    if values[0].type == "OP":
        if values[0] != "=":
            refuse(values[0], "in brackets only = and in (…) stand")
        values = values[1:]
    field = ARGUMENTS.get(_fold(label), "")
    if field not in allowed:
        known = [short for short, long in ARGUMENTS.items() if long in allowed]
        refuse(label, f"{name} is narrowed by {', '.join(known)}, not by {show(str(label))}")
    return field, values
