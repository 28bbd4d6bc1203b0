"""Measure a writing model on the golden set, with the endpoint in force. No client has a part in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Final

from agents.attempts import BudgetAccount
from agents.golden_set import load_golden_set
from agents.languages import find_draft_faults
from agents.llm import Check, LanguageModel, ModelAnswer, PromptAnswerer, T
from agents.prompt import Prompt
from agents.writer import VERSION, write_draft
from domain.writer_scores import compare_writers, judge_draft, score_writer
from errors import BadInput, ModelFault, Unavailable
from models.mail import EmailDraft
from models.model_call import ModelBudget, ModelCall
from models.writer_scores import GoldenBrief, WriterComparison, WriterResult
from settings import Settings

AT_ONCE: Final = 4
"""Briefs under way at once."""
PLENTY: Final = ModelBudget(calls=1_000, tokens=10**9)


@dataclass(frozen=True)
class WriterChoice:
    """A model, empty for the one in force, and a folder of prompts, None for our own."""

    model: str = ""
    prompts: Path | None = None


class _OtherPrompts:
    """Asks with the instructions of another folder, for agents that have a file there."""

    def __init__(self, inner: PromptAnswerer, folder: Path | None) -> None:
        self._inner, self._folder = inner, folder

    async def ask(
        self,
        prompt: Prompt,
        output: type[T],
        check: Check[T] | None = None,
        can_mend: Callable[[T], bool] | None = None,
    ) -> ModelAnswer[T]:
        """Ask the model."""
        if self._folder is not None:
            text = (self._folder / f"{prompt.agent}.md").read_text(encoding="utf-8").strip()
            prompt = prompt._replace(system=text, version=_name_version(prompt.agent, text))
        return await self._inner.ask(prompt, output, check, can_mend)


async def evaluate_writers(
    settings: Settings, choices: Sequence[WriterChoice], report: Callable[[int], None]
) -> WriterComparison:
    """Measure one writer, or two on the same briefs; `report` is told of each brief that is done.

    Raises:
        ConfigError: no model is configured, or the endpoint does not accept the key or the model.
        BadInput: field `prompts`, for a folder without writer.md.
    """
    golden, results, scores = load_golden_set(), [], []
    for choice in choices:
        if choice.prompts is not None and not (choice.prompts / "writer.md").is_file():
            raise BadInput(f"{choice.prompts} has no writer.md", "prompts")
        own = settings.model_copy(update={"llm_model": choice.model or settings.llm_model, "llm_fallbacks": ""})
        async with LanguageModel.from_settings(own) as model:
            done = await _write_all(model, golden, choice, report)
        results.append(done)
        scores.append(score_writer(own.llm_model, _describe_prompts(choice), done))
    if len(choices) == 1:
        return WriterComparison(first=scores[0])
    return WriterComparison(first=scores[0], second=scores[1], differences=compare_writers(results[0], results[1]))


async def _write_all(
    model: LanguageModel, golden: Sequence[GoldenBrief], choice: WriterChoice, report: Callable[[int], None]
) -> list[WriterResult]:
    turn = asyncio.Semaphore(AT_ONCE)

    async def write_one(one: GoldenBrief) -> WriterResult:
        async with turn:
            result = await _write_one(model, one, choice)
        report(1)
        return result

    return list(await asyncio.gather(*map(write_one, golden)))


async def _write_one(model: LanguageModel, golden: GoldenBrief, choice: WriterChoice) -> WriterResult:
    calls: list[ModelCall] = []
    account, began = BudgetAccount(PLENTY, calls.append), time.perf_counter()
    session = model.session(golden.brief.client_id, None, datetime.now(UTC), account)
    draft, code = None, ""
    try:
        draft = await write_draft(_OtherPrompts(session, choice.prompts), golden.brief)
    except (ModelFault, Unavailable) as fault:
        code = fault.code
    return WriterResult(
        name=golden.name,
        kind=golden.brief.kind,
        language=golden.rubric.language,
        rules=judge_draft(golden, draft, len(calls), grounded=_is_grounded(draft, golden, calls)),
        code=code,
        calls=len(calls),
        tokens=sum(call.tokens_in + call.tokens_out for call in calls),
        micros=sum(call.cost_micros for call in calls),
        seconds=time.perf_counter() - began,
    )


def _is_grounded(draft: EmailDraft | None, golden: GoldenBrief, calls: Sequence[ModelCall]) -> bool:
    """Return whether a draft may be sent as the model wrote it, with nothing that code had to mend."""
    mended = any(call.verdict == "mended" for call in calls)
    return draft is not None and not mended and not find_draft_faults(draft, golden.brief)


def _describe_prompts(choice: WriterChoice) -> str:
    if choice.prompts is None:
        return VERSION
    return _name_version("writer", (choice.prompts / "writer.md").read_text(encoding="utf-8").strip())


def _name_version(agent: str, text: str) -> str:
    return f"{agent}-{sha256(text.encode()).hexdigest()[:10]}"
