"""What authors of algorithms read of the slots."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from fastapi.testclient import TestClient

from algorithms.slots.samples import build_sample_question
from algorithms.slots.slot_table import SLOTS, Slot

DOCS = Path(__file__).parents[3] / "docs" / "slots"


@pytest.mark.parametrize("slot", list(SLOTS))
def test_a_slot_tells_its_schema_without_a_key_as_the_docs_do(site: TestClient, slot: str) -> None:
    answer = site.get(f"/v1/slots/{slot}/schema")
    assert answer.status_code == 200
    assert answer.json() == json.loads((DOCS / f"{slot}.json").read_text()), (
        "selvedge algorithms schema --write docs/slots"
    )


@pytest.mark.parametrize("slot", SLOTS.values(), ids=list(SLOTS))
def test_questions_and_built_in_answers_keep_the_published_schema(slot: Slot) -> None:
    schema = slot.build_schema()
    for size in (0, 1, 30):
        asked_question = build_sample_question(slot.name, 7, size)
        jsonschema.validate(json.loads(asked_question.model_dump_json()), schema["question"])
        jsonschema.validate(json.loads(slot.built_in.answer(asked_question).model_dump_json()), schema["answer"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([], schema["answer"])


def test_all_slots_are_listed_and_an_unknown_one_is_refused_with_their_names(site: TestClient) -> None:
    assert [slot["slot"] for slot in site.get("/v1/slots").json()] == list(SLOTS)
    refused = site.get("/v1/slots/rank/schema")
    assert refused.status_code == 404
    assert "ranking" in refused.text
