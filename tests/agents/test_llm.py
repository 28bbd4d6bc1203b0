"""The real openai and instructor against an endpoint that misbehaves: every fault has its error and its record."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from email.utils import formatdate
from pathlib import Path

import pytest

from agents.endpoint_errors import parse_retry_after
from agents.llm import REASKS, LanguageModel
from agents.writer import VERSION, write_draft
from errors import BudgetSpent, ConfigError, ModelFault, ModelRefused, RateLimited, SelvedgeError, Unavailable
from models.model_call import ModelUsage
from settings import Settings
from tests.agents.briefs import NOW
from tests.agents.briefs import build_grounded_brief as brief

MODES = ["tools", "json_schema", "json"]


@pytest.mark.parametrize("mode", MODES)
async def test_a_good_answer_takes_one_call_and_is_on_record(open_desk, mode) -> None:
    desk = open_desk(mode=mode)
    draft = await write_draft(desk.session, brief())
    assert draft.greeting == "Hello Ana,"
    (call,) = desk.calls
    assert (call.verdict, call.agent, call.model, call.prompt_version) == ("ok", "writer", "test-model", VERSION)
    assert (call.client_id, call.n, call.at) == ("c-17", 3, NOW)
    assert call.tokens_in > 400
    assert call.tokens_out > 50
    assert call.latency_ms > 0


FATAL = [
    ("rate_limited", RateLimited, "rate_limited"),
    ("timeout", Unavailable, "unavailable"),
    ("conflict", Unavailable, "unavailable"),
    ("error", Unavailable, "unavailable"),
    ("overloaded", Unavailable, "unavailable"),
    ("garbled", Unavailable, "unavailable"),
    ("html", Unavailable, "unavailable"),
    ("empty_choices", Unavailable, "unavailable"),
    ("bad_request", ModelFault, "http_400"),
    ("unauthorized", ConfigError, "config"),
    ("forbidden", ConfigError, "config"),
    ("not_found", ConfigError, "config"),
    ("truncated", ModelFault, "truncated"),
    ("refusal", ModelRefused, "model_refused"),
    ("content_filter", ModelRefused, "model_refused"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("behaviour", "error", "code"), FATAL)
async def test_a_fault_of_the_endpoint_ends_the_question_at_once(open_desk, behaviour, error, code, mode) -> None:
    desk = open_desk(mode=mode)
    desk.server.next("writer", behaviour)
    with pytest.raises(SelvedgeError) as raised:
        await write_draft(desk.session, brief())
    assert type(raised.value) is error
    assert raised.value.code == code
    assert len(desk.server.requests) == 1
    assert desk.verdicts == [code]


MENDED = [
    ("malformed", "invalid"),
    ("no_tool", "invalid"),
    ("unknown_fields", "invalid"),
    ("missing_field", "invalid"),
    ("wrong_item", "ungrounded"),
    ("no_items", "ungrounded"),
    ("link", "ungrounded"),
    ("price", "ungrounded"),
]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("behaviour", "code"), MENDED)
async def test_a_wrong_answer_is_asked_for_again_and_taken_when_mended(open_desk, behaviour, code, mode) -> None:
    desk = open_desk(mode=mode)
    desk.server.next("writer", behaviour, times=REASKS)
    draft = await write_draft(desk.session, brief())
    assert draft.items[0].item_id == "i-1"
    assert desk.verdicts == [code, code, "ok"]


@pytest.mark.parametrize(("behaviour", "code"), MENDED)
async def test_after_two_re_asks_the_question_ends(desk, behaviour, code) -> None:
    desk.server.always("writer", behaviour)
    with pytest.raises(ModelFault) as raised:
        await write_draft(desk.session, brief())
    assert raised.value.code == code
    assert raised.value.permanent
    assert len(desk.server.requests) == 1 + REASKS
    assert desk.verdicts == [code] * (1 + REASKS)


async def test_a_name_that_no_fact_gives_goes_after_one_rewrite(desk, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    desk.server.always("writer", "wrong_name")
    draft = await write_draft(desk.session, brief())
    assert "Beatrice" not in draft.model_dump_json()
    assert "Beatrice" not in caplog.text
    assert desk.verdicts == ["ungrounded", "mended"]


async def test_two_answers_at_once_are_none(desk) -> None:
    desk.server.next("writer", "two_calls")
    with pytest.raises(ModelFault) as raised:
        await write_draft(desk.session, brief())
    assert raised.value.code == "two_calls"
    assert desk.verdicts == ["two_calls"]


async def test_the_model_is_told_what_was_wrong(desk) -> None:
    desk.server.next("writer", "price")
    await write_draft(desk.session, brief())
    messages = json.dumps(desk.server.requests[1].body["messages"])
    assert "sentences[2]: a currency sign" in messages


async def test_a_fault_after_a_wrong_answer_is_that_fault(desk) -> None:
    desk.server.next("writer", "link")
    desk.server.next("writer", "overloaded")
    with pytest.raises(Unavailable):
        await write_draft(desk.session, brief())
    assert desk.verdicts == ["ungrounded", "unavailable"]


async def test_the_wait_that_was_asked_for_is_told(desk) -> None:
    desk.server.next("writer", "rate_limited")
    with pytest.raises(RateLimited) as raised:
        await write_draft(desk.session, brief())
    assert raised.value.retry_after == 7.0
    assert not raised.value.permanent


@pytest.mark.parametrize(
    ("header", "seconds"), [("12", 12.0), ("0.5", 0.5), ("", None), ("soon", None), ("-3", None), ("999999", 3600.0)]
)
def test_retry_after_in_seconds(header, seconds) -> None:
    assert parse_retry_after({"retry-after": header}) == seconds


def test_retry_after_as_a_date() -> None:
    import time

    assert parse_retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)}) == pytest.approx(60, abs=3)
    assert parse_retry_after({"retry-after": formatdate(time.time() - 60, usegmt=True)}) is None


async def test_a_hang_ends_in_the_time_allowed(open_desk) -> None:
    desk = open_desk(timeout_s=0.3)
    desk.server.next("writer", "hang")
    with pytest.raises(Unavailable):
        await asyncio.wait_for(write_draft(desk.session, brief()), timeout=5)
    assert desk.verdicts == ["unavailable"]
    assert desk.calls[0].latency_ms >= 290


async def test_a_question_given_up_is_on_record(desk) -> None:
    desk.server.next("writer", "hang")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(write_draft(desk.session, brief()), timeout=0.3)
    assert desk.verdicts == ["cancelled"]


async def test_nobody_listening_is_unavailable(open_desk) -> None:
    from tests.support.ports import free_port

    desk = open_desk(base_url=f"http://127.0.0.1:{free_port()}/v1")
    with pytest.raises(Unavailable):
        await write_draft(desk.session, brief())
    assert desk.verdicts == ["unavailable"]


async def test_an_endpoint_that_does_not_count_tokens_is_served(desk) -> None:
    desk.server.next("writer", "no_usage")
    await write_draft(desk.session, brief())
    assert (desk.calls[0].tokens_in, desk.calls[0].verdict) == (0, "ok")


async def test_a_spent_budget_asks_nobody(open_desk) -> None:
    desk = open_desk(ModelUsage(calls=12), calls_per_client_day=12)
    with pytest.raises(BudgetSpent):
        await write_draft(desk.session, brief())
    assert desk.server.requests == []


@pytest.mark.parametrize("limit", [{"calls_per_client_day": 2}, {"tokens_per_client_day": 2_500}])
async def test_a_budget_ends_the_re_asks_too(open_desk, limit) -> None:
    desk = open_desk(**limit)
    desk.server.always("writer", "link")
    with pytest.raises(BudgetSpent):
        await write_draft(desk.session, brief())
    assert desk.verdicts == ["ungrounded", "ungrounded"]


async def test_nothing_of_a_client_or_model_reaches_a_log_or_a_message(desk, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    desk.server.next("writer", "link", times=3)
    with pytest.raises(ModelFault) as raised:
        await write_draft(desk.session, brief(first_name="Zuleika", client_words=("Quincunx.",)))
    asked = json.dumps(desk.server.requests[0].body)
    assert "Quincunx" in asked
    assert "Zuleika" not in asked, "the shop greets; a model needs no name"
    for words in ("Zuleika", "Quincunx"):
        assert words not in caplog.text
        assert words not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


async def test_what_goes_over_the_wire_is_the_prompt_and_no_id_of_ours(desk) -> None:
    await write_draft(desk.session, brief())
    request = desk.server.requests[0]
    assert request.headers["authorization"] == "Bearer a key"
    assert "openai-organization" not in request.headers
    assert request.body["model"] == "test-model"
    assert {key: value for key, value in request.body.items() if key == "stream"} in ({}, {"stream": False})
    sent = json.dumps(request.body)
    assert "c-17" not in sent
    assert "a-1" not in sent


def test_without_a_key_there_is_no_model() -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_LLM_API_KEY"):
        LanguageModel.from_settings(Settings(_env_file=None))


def test_importing_the_agents_imports_no_model_library() -> None:
    """A command that asks no model must start quickly; openai takes seconds."""
    code = (
        "import sys, agents.llm, agents.writer, agents.reviewer, agents.scheduler, agents.template_writer;"
        "print([m for m in ('openai', 'instructor', 'httpx2') if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
