"""Filters as people type them: read, written back, refused at the place, and no way out of the language."""

from __future__ import annotations

import json
import re
from random import Random

import pytest

from domain.segments.limits import validate_tree
from domain.segments.rendering import render_text
from domain.segments.sentence import say_filter
from domain.segments.text import parse_text
from errors import BadInput, TooLarge
from models.segments import AllOf, Filter, Happening, Not, WordChoice, dump_filter
from tests.support.random_filters import draw_filter

EXAMPLE = 'phase = at_risk and ordered("knitwear") in 180 days and not opened in 30 days'


def draw_filters(count: int) -> list[Filter]:
    rng = Random(5)
    return [draw_filter(rng, depth=4) for _ in range(count)]


def test_the_example_reads_as_a_tree() -> None:
    tree = parse_text(EXAMPLE)
    assert isinstance(tree, AllOf)
    phase, ordered, opened = tree.parts
    assert phase == WordChoice(field="phase", values=("at_risk",))
    assert isinstance(ordered, Happening)
    assert ordered.categories == ("knitwear",)
    assert isinstance(opened, Not)


def test_text_and_json_give_back_the_same_tree() -> None:
    for tree in draw_filters(500):
        assert parse_text(render_text(tree)) == tree, render_text(tree)
        assert validate_tree(json.loads(json.dumps(dump_filter(tree)))) == tree


def test_letters_of_a_name_may_have_any_case() -> None:
    assert parse_text("ATTR.Points IS KNOWN and Consent") == parse_text("attr.points is known and consent")


def test_every_filter_is_said_in_one_sentence() -> None:
    for tree in draw_filters(300):
        said = say_filter(tree)
        assert said.endswith(".")
        assert "\n" not in said


@pytest.mark.parametrize(
    ("text", "reason", "under"),
    [
        ("phse = at_risk", "did you mean phase?", "phse"),
        ("phase = atrisk", "did you mean at_risk?", "atrisk"),
        ("consent and ordred in 3 days", "did you mean ordered?", "ordred"),
        ("ordered(colour = red)", "narrowed by category, brand, item", "colour"),
        ("score = high", "score is a number", "high"),
        ("ordered = 3", "something that happens", "ordered"),
        ("country = gb", "two letters such as GB", "gb"),
        ("last_order since 2026-02-30", "no day of the calendar", "2026-02-30"),
        ("tag = 'vip'", 'cannot read "\'"', "'"),
        ("consent 5", '"5" cannot stand here', "5"),
    ],
)
def test_a_fault_is_pointed_at(text: str, reason: str, under: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_text(text)
    first, shown, carets = str(refused.value).splitlines()
    assert reason in first
    marked = re.search(r"\^+", carets)
    assert marked
    assert shown[marked.start() : marked.end()] == under


HOSTILE = [
    "'; DROP TABLE clients; --",
    'tag = "x"); DELETE FROM clients; --',
    'tag = "x" /* and */ or 1=1',
    "tag = \u202evip",
    "tag = \x00",
    'tag = "a\nb"',
    "tag = \uff02x\uff02",
    "ｐｈａｓｅ = active",
    "__import__('os').system('true')",
    "not " * 2_400 + "consent",
    "score = 1e9",
    "score = inf",
    "{{ 7 * 7 }}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        parse_text(text)


def test_what_is_too_large_is_refused_in_one_line() -> None:
    million, nested = "a" * 1_000_000, "(" * 10_000 + "consent" + ")" * 10_000
    for text in (million, nested, " or ".join(["consent"] * 300)):
        with pytest.raises(TooLarge) as refused:
            parse_text(text)
        assert "\n" not in str(refused.value)


def test_nested_json_is_refused_in_one_line() -> None:
    tree: dict[str, object] = {"kind": "flag", "field": "consent"}
    for _ in range(10_000):
        tree = {"kind": "not", "part": tree}
    with pytest.raises(TooLarge):
        validate_tree(tree)
    with pytest.raises(BadInput, match="did you mean choice"):
        validate_tree({"kind": "choise"})


def test_quotes_in_a_value_stay_a_value() -> None:
    tree = WordChoice(field="tag", values=('"; or consent --\\',))
    assert parse_text(render_text(tree)) == tree
