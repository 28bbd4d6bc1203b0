"""A split comes back from the database as it went in, and older rows are read too."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from models.slot_policies import SlotPolicy, SlotSplit, parse_split
from store.sql.types import SplitText

SPLIT = SlotSplit(champion="one", shares={"one": 0.75, "two": 0.25})
DIALECT = create_engine("sqlite://").dialect


@pytest.mark.parametrize(
    ("stored", "expected"),
    [("", None), ("one 0.75, two 0.25", SPLIT), (SPLIT.model_dump_json(), SPLIT)],
)
def test_every_form_of_the_column_is_read(stored: str, expected: SlotSplit | None) -> None:
    assert SplitText().process_result_value(stored, DIALECT) == expected


@given(
    st.dictionaries(
        st.sampled_from(["two", "three", "four"]), st.floats(0.001, 0.3, allow_nan=False), min_size=1, max_size=3
    )
)
def test_a_split_in_force_survives_its_column_and_its_words(split: dict[str, float]) -> None:
    in_force = SlotPolicy(champion="one", split=split).experiment
    assert in_force is not None
    stored = SplitText().process_bind_param(in_force, DIALECT)
    assert SplitText().process_result_value(stored, DIALECT) == in_force
    assert parse_split(str(in_force)) == in_force, "as rows written before are read"
    assert in_force.challengers == tuple(split)


def test_nothing_is_split_without_challengers() -> None:
    assert SlotPolicy(champion="one").experiment is None
    assert SplitText().process_bind_param(None, DIALECT) == ""
