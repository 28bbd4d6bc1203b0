"""A filter of clients as a tree: the only truth of a segment. Its text, its sentence and its SQL are made from it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter, model_validator

from models.base import CampaignSlug, StrictInput
from models.events import Label
from models.segment_words import (
    MOST_VALUES,
    AttributeField,
    CampaignPlace,
    ChoiceField,
    Count,
    FlagField,
    Happened,
    MomentField,
    NumberField,
    NumberOp,
    TimeWindow,
    Worth,
)
from models.states import Band, Phase, TouchKind


class Everyone(StrictInput):
    kind: Literal["everyone"] = "everyone"


class AllOf(StrictInput):
    kind: Literal["all"] = "all"
    parts: tuple[Filter, ...] = Field(min_length=2)


class AnyOf(StrictInput):
    kind: Literal["any"] = "any"
    parts: tuple[Filter, ...] = Field(min_length=2)


class Not(StrictInput):
    kind: Literal["not"] = "not"
    part: Filter


_WORDS: Final[dict[str, tuple[str, ...]]] = {
    ChoiceField.PHASE: tuple(str(phase) for phase in Phase if phase is not Phase.ERASED),
    ChoiceField.BAND: tuple(str(band) for band in Band),
}
_FORMS: Final[dict[str, tuple[str, str]]] = {
    ChoiceField.LANGUAGE: (r"^[a-z]{2,3}$", "a language such as en"),
    ChoiceField.COUNTRY: (r"^[A-Z]{2}$", "a country of two letters such as GB"),
    ChoiceField.COHORT: (r"^(19|20|21)\d\d-(0[1-9]|1[0-2])$", "a month of signing up such as 2026-03"),
}


def list_words(field: str) -> tuple[str, ...]:
    """List the only words that a field may hold; none: any."""
    return _WORDS.get(field, ())


class WordChoice(StrictInput):
    """The field is, or holds, one of `values`. Values of attributes and sizes are compared as they are written."""

    kind: Literal["choice"] = "choice"
    field: ChoiceField | AttributeField
    values: tuple[Label, ...] = Field(min_length=1, max_length=MOST_VALUES)

    @model_validator(mode="after")
    def _hold_words(self) -> WordChoice:
        words, (form, example) = list_words(self.field), _FORMS.get(self.field, ("", ""))
        for value in self.values:
            if words and value not in words:
                raise ValueError(f"{self.field} is one of {', '.join(words)}, not {value!r}")
            if form and not re.fullmatch(form, value):
                raise ValueError(f"{self.field} is {example}, not {value!r}")
        return self


class Number(StrictInput):
    """A figure compared with `value`. Who has none matches nothing; orders and value are 0 before the first order."""

    kind: Literal["number"] = "number"
    field: NumberField | AttributeField
    op: NumberOp
    value: float = Field(ge=-1e12, le=1e12, allow_inf_nan=False)


class Moment(StrictInput):
    """A moment, or a day of an attribute, lies in the window. Who has none matches nothing."""

    kind: Literal["moment"] = "moment"
    field: MomentField | AttributeField
    window: TimeWindow


class Flag(StrictInput):
    """Something is so. Consent: the client may be mailed, by their own word and their mailbox's."""

    kind: Literal["flag"] = "flag"
    field: FlagField | AttributeField


class Known(StrictInput):
    """The attribute has a value."""

    kind: Literal["known"] = "known"
    field: AttributeField


class Happening(StrictInput):
    """Something happened in the window, once or as often as `count` says, or for as much as `worth` says in all.

    An order counts once, however many lines it has. `categories`, `brands`, `items`: about any of these items;
    `campaigns`, `kinds`: mails of any of these.
    """

    kind: Literal["happening"] = "happening"
    what: Happened
    categories: tuple[Label, ...] = Field(default=(), max_length=MOST_VALUES)
    brands: tuple[Label, ...] = Field(default=(), max_length=MOST_VALUES)
    items: tuple[Label, ...] = Field(default=(), max_length=MOST_VALUES)
    campaigns: tuple[CampaignSlug, ...] = Field(default=(), max_length=MOST_VALUES)
    kinds: tuple[TouchKind, ...] = ()
    count: Count | None = None
    worth: Worth | None = None
    window: TimeWindow | None = None

    @model_validator(mode="after")
    def _fit_together(self) -> Happening:
        for name in ("categories", "brands", "items", "campaigns", "kinds"):
            if getattr(self, name) and name not in SUBJECTS[self.what]:
                raise ValueError(f"{self.what} knows no {name}")
        if self.worth and self.what not in _WORTH:
            raise ValueError(f"{self.what} has no value; ordered and returned have")
        if self.worth and self.count:
            raise ValueError("either how often or for how much, not both")
        return self


class Enrolment(StrictInput):
    """The client's place in a campaign. `was_in_campaign`: enrolled at any time, held out or not."""

    kind: Literal["campaign"] = "campaign"
    place: CampaignPlace
    campaign: CampaignSlug


Filter = Annotated[
    Everyone | AllOf | AnyOf | Not | WordChoice | Number | Moment | Flag | Known | Happening | Enrolment,
    Field(discriminator="kind"),
]
"""A filter of clients."""

for _model in (AllOf, AnyOf, Not):
    _model.model_rebuild()

FilterText = Annotated[str, Field(max_length=10_000)]
"""A filter as people type it; `domain.segments.text` reads it."""

FILTER: Final[TypeAdapter[Filter]] = TypeAdapter(Filter)
"""Validates one filter, by its `kind`."""

_ITEM: Final = ("categories", "brands", "items")
_MAIL: Final = ("campaigns", "kinds")
_H = Happened
SUBJECTS: Final[dict[Happened, tuple[str, ...]]] = {
    **dict.fromkeys(Happened, ()),
    **dict.fromkeys((_H.ORDERED, _H.RETURNED, _H.VIEWED, _H.CLICKED_ITEM, _H.CARTED, _H.WISHLISTED), _ITEM),
    **dict.fromkeys((_H.KEPT, _H.SENT_BACK), _ITEM),
    **dict.fromkeys((_H.OPENED, _H.CLICKED, _H.MAILED, _H.BOUNCED), _MAIL),
}
"""By which of its fields each happening may be narrowed; the first is meant by a bare value in the text form."""
_WORTH: Final = frozenset({Happened.ORDERED, Happened.RETURNED})


def dump_filter(tree: Filter) -> dict[str, Any]:
    """Dump a filter as JSON, without what it leaves open."""
    dumped: dict[str, Any] = tree.model_dump(mode="json", exclude_defaults=True)
    return _add_kinds(tree, dumped)


def _add_kinds(tree: Filter, dumped: dict[str, Any]) -> dict[str, Any]:
    dumped = {"kind": tree.kind, **dumped}
    if isinstance(tree, AllOf | AnyOf):
        dumped["parts"] = [dump_filter(part) for part in tree.parts]
    if isinstance(tree, Not):
        dumped["part"] = dump_filter(tree.part)
    return dumped
