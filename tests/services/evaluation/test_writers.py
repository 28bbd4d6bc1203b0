"""Writers on the golden set, against an endpoint that speaks the real wire."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import cli
from agents.golden_set import load_golden_set
from agents.languages import find_draft_faults
from agents.template_writer import compose_draft
from domain.writer_scores import RULES, compare_writers, judge_draft, score_writer
from models.writer_scores import WriterResult
from tests.doubles.chat_server import ChatServer


@pytest.fixture(scope="module")
def endpoint() -> Iterator[ChatServer]:
    with ChatServer() as server:
        yield server


def test_the_golden_set_is_whole_and_its_facts_may_be_said() -> None:
    golden = load_golden_set()
    kinds = Counter((one.brief.kind, one.rubric.language) for one in golden)
    assert (len(golden), len({one.name for one in golden}), set(kinds.values()), len(kinds)) == (60, 60, {4}, 15)
    for one in golden:
        assert set(one.rubric.items) == {item.item_id for item in one.brief.items}
        draft = compose_draft(one.brief)
        assert find_draft_faults(draft, one.brief) == [], one.name
        assert draft.language == one.rubric.language or one.brief.message


def test_a_rule_that_is_broken_is_named() -> None:
    golden = load_golden_set()[0]
    draft = compose_draft(golden.brief)
    assert all(judge_draft(golden, draft, 1, grounded=True).values())
    spoilt = draft.model_copy(update={"subject": "x" * 80, "items": (), "paragraphs": ("It is free.",) * 4})
    broken = {rule for rule, kept in judge_draft(golden, spoilt, 2, grounded=False).items() if not kept}
    assert broken >= {"at_first", "grounded", "items", "subject", "length"}
    assert set(judge_draft(golden, None, 3, grounded=False).values()) == {False}


def test_two_writers_are_compared_brief_by_brief() -> None:
    def build_results(good: int) -> list[WriterResult]:
        kept = [dict.fromkeys(RULES, k < good) for k in range(40)]
        return [WriterResult(name=str(k), kind="welcome", language="en", rules=r) for k, r in enumerate(kept)]

    first, second = build_results(10), build_results(30)
    passed = compare_writers(first, second)[0]
    assert (passed.rule, passed.share) == ("passed", 0.5)
    assert 0 < passed.low < 0.5 < passed.high
    assert compare_writers(first, first)[0].share == 0
    assert score_writer("m", "p", first).rules[0].share == 0.25


def test_the_command_measures_two_sets_of_prompts(
    endpoint: ChatServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "writer.md").write_text("Write as you like.")
    variables = {"LLM_BASE_URL": endpoint.base_url, "LLM_API_KEY": "key", "HOME": str(tmp_path)}
    for name, value in variables.items():
        monkeypatch.setenv(f"SELVEDGE_{name}", value)
    monkeypatch.setenv("SELVEDGE_LLM_PRICES", "gpt-4o-mini=1/1")
    endpoint.next("writer", "refusal", times=3)
    arguments = ["agents", "evaluate", "--against-prompts", str(tmp_path), "--json"]
    monkeypatch.setattr(sys, "argv", ["selvedge", *arguments])
    assert cli.run() == 0
    found = json.loads(capsys.readouterr().out)
    first, second = found["first"], found["second"]
    assert (first["briefs"], first["refusals"], second["refusals"]) == (60, 3, 0)
    assert first["failures"]["model_refused"] == 3
    answered = next(rule for rule in first["rules"] if rule["rule"] == "answered")
    assert 0 < answered["low"] < answered["share"] < answered["high"] < 1, "the double writes English alone"
    assert first["prompts"] != second["prompts"]
    assert first["cost_a_brief"] > 0
    assert endpoint.requests[-1].body["messages"][0]["content"] == "Write as you like."
