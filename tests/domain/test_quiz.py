"""The questions that a shop's quiz asks."""

from __future__ import annotations

from domain.histories import Quiz
from domain.quiz import build_questions
from tests.mail.samples import item


def test_a_shop_with_nothing_to_sell_asks_nothing() -> None:
    assert build_questions([], Quiz(), "USD") == []
    assert build_questions([item("i1", "One", tags=("plain",))], Quiz(), "USD")[0].name == "sizes", (
        "one word is no choice"
    )


def test_sizes_are_read_as_people_read_them_and_old_answers_stay() -> None:
    goods = [item(str(n), "A", sizes=(size,), colour=colour) for n, (size, colour) in enumerate(SIZES)]
    by_name = {question.name: question for question in build_questions(goods, Quiz(colours=("puce",)), "USD")}
    assert [option.value for option in by_name["sizes"].options] == ["XS", "M", "L", "36", "40", "one size"]
    assert [(o.value, o.chosen) for o in by_name["colours"].options if o.chosen] == [("puce", True)]
    assert not by_name["budget"].options[-1].value, "and nobody has to name a price"
    assert by_name["budget"].options[0].words.startswith("Up to $"), "prices are written as on every page"


SIZES = (("L", "red"), ("40", "blue"), ("one size", "red"), ("XS", "red"), ("36", "blue"), ("M", "red"))
