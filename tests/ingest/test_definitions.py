"""Definitions of campaigns in files: those that come with the product, and faults named with their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ingest.definitions import list_faults, read_definition
from tests.gates.source_tree import REPOSITORY

GOOD: dict[str, Any] = {"slug": "x", "name": "X", "steps": [{"id": "a", "mail": {"message": "Hello."}}]}


@pytest.mark.parametrize("file", sorted((REPOSITORY / "examples/campaigns").glob("*.yaml")), ids=lambda file: file.name)
def test_what_ships_has_no_faults(file: Path) -> None:
    assert read_definition(file).slug == file.stem


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"audienc": {}}, "audienc: there is no such field; did you mean audience?"),
        ({"audience": {"phases": ["atrisk"]}}, "did you mean at_risk?"),
        ({"entry": {"on": "event", "event": "add_to_cart"}}, "did you mean added_to_cart?"),
        (
            {"entry": {"on": "event", "event": "searched", "wat": "4h"}},
            "entry.wat: there is no such field; did you mean",
        ),
        ({"steps": [{"id": "a", "wait": "3 days"}]}, "steps[0].wait: is no span of time"),
        ({"steps": [{"id": "a", "wait": "3d", "stop": True}]}, "steps[0]: a step does one thing"),
        (
            {"steps": [GOOD["steps"][0], {"id": "b", "branch": {"when": {}, "then": "a"}}]},
            "steps[1].branch.then: a stands",
        ),
        ({"re_entry": "soon"}, "re_entry: is no span of time"),
    ],
)
def test_a_fault_is_one_line_with_its_place(change: dict[str, Any], said: str) -> None:
    (fault,) = list_faults(GOOD | change)
    assert said in fault
