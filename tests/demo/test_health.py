"""The line that the demo prints says why mails wait when the language model does not answer."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from commands.shared.runtime import open_database
from demo.health import render_status_line
from models.base import utc
from models.model_call import ModelCall
from settings import Settings
from store.database import write_transaction
from tests.support.model_calls import save_calls

FAILED = ModelCall(
    at=utc(2026, 11, 21, 7), client_id="ann", agent="writer", prompt_version="1", model="m", verdict="unavailable"
)


def test_a_model_that_does_not_answer_is_told(tmp_path: Path) -> None:
    house = Settings(home=tmp_path)
    model = Settings(home=tmp_path, llm_api_key=SecretStr("any"))
    engine = open_database(house)
    assert "0 mails delivered" in render_status_line(model, engine)
    assert "language model" not in render_status_line(model, engine)
    with write_transaction(engine) as connection:
        save_calls(connection, [FAILED] * 5)
    assert render_status_line(model, engine).endswith("language model fail (unavailable); see SELVEDGE_LLM_*")
    assert "language model" not in render_status_line(house, engine)
    engine.dispose()
