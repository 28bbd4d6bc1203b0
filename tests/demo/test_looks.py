"""The line that the demo prints says why mails wait when the language model does not answer."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from commands._shared import database
from demo.looks import status_line
from models.base import utc
from models.model_call import ModelCall
from settings import Settings
from store.database import write_transaction
from store.mail.model_calls import record

FAILED = ModelCall(
    at=utc(2026, 11, 21, 7), client_id="ann", agent="writer", prompt_version="1", model="m", verdict="unavailable"
)


def test_a_model_that_does_not_answer_is_told(tmp_path: Path) -> None:
    house = Settings(home=tmp_path)
    model = Settings(home=tmp_path, llm_api_key=SecretStr("any"))
    engine = database(house)
    assert "0 mails delivered" in status_line(model, engine)
    assert "language model" not in status_line(model, engine)
    with write_transaction(engine) as connection:
        record(connection, [FAILED] * 5)
    assert status_line(model, engine).endswith("language model fail (unavailable); see SELVEDGE_LLM_*")
    assert "language model" not in status_line(house, engine)
    engine.dispose()
