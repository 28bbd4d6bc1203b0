"""A change of shares moves only the clients who must move."""

from __future__ import annotations

from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from domain.experiments import assign_variant

CLIENTS: Final = [f"c{n}" for n in range(600)]
SHARES = st.tuples(st.floats(0.01, 0.98), st.floats(0.01, 0.98)).filter(lambda pair: sum(pair) <= 1)


def assign_all(parts: dict[str, float]) -> list[str]:
    return [assign_variant(client, "e", parts, "champion") for client in CLIENTS]


@given(SHARES, SHARES)
def test_nobody_goes_from_one_challenger_to_the_other_unless_both_cannot_keep_them(
    before: tuple[float, float], after: tuple[float, float]
) -> None:
    was, now = (assign_all(dict(zip("ab", pair, strict=True))) for pair in (before, after))
    moved = {(old, new) for old, new in zip(was, now, strict=True) if old != new}
    for k, name in enumerate("ab"):
        assert after[k] < before[k] or all(old != name for old, _ in moved), "who grows keeps everybody"
        assert after[k] > before[k] or all(new != name for _, new in moved), "who shrinks gains nobody"


@given(st.lists(st.floats(0.01, 0.3), min_size=1, max_size=3))
def test_each_challenger_has_its_share(parts: list[float]) -> None:
    found = assign_all({str(k): part for k, part in enumerate(parts)})
    for k, part in enumerate(parts):
        assert abs(found.count(str(k)) / len(CLIENTS) - part) < 0.08


def test_with_two_challengers_the_second_keeps_everybody_when_the_first_grows() -> None:
    few, more = assign_all({"a": 0.1, "b": 0.2}), assign_all({"a": 0.4, "b": 0.2})
    assert [k for k, name in enumerate(few) if name == "b"] == [k for k, name in enumerate(more) if name == "b"]
    assert {old for old, new in zip(few, more, strict=True) if old != new} == {"champion"}
