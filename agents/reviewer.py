"""The reviewer: first the rules of grounding, which no prompt can talk round, then a model's judgement."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from agents.llm import Asker
from agents.prompting import instructions, quoted
from agents.writer import brief_for_model
from domain.grounding import violations
from models.mail import Brief, EmailDraft, Issue, Review, Severity, Verdict

VERSION = instructions("reviewer").version


class Finding(Issue):
    """One thing to mend."""

    model_config = ConfigDict(extra="forbid")

    severity: Severity = Field(description="minor, major or blocking, as the rubric says.")
    where: str = Field(max_length=40, description="The field it is in.")
    what: str = Field(max_length=400, description="What to mend, in one sentence.")


class Judgement(Review):
    """The verdict on one draft, with every issue found."""

    model_config = ConfigDict(extra="forbid", title="Review", hide_input_in_errors=True)

    verdict: Verdict = Field(description="approve, revise or reject, as the rubric says.")
    issues: tuple[Finding, ...] = Field(default=(), max_length=12, description="Empty when there is none.")


async def review(model: Asker, brief: Brief, draft: EmailDraft) -> Review:
    """The review of `draft`. A draft that breaks the rules goes back without a model being asked.

    Raises what `agents.llm.ModelSession.ask` raises.
    """
    broken = ground_review(brief, draft)
    if broken is not None:
        return broken
    data = f"{quoted('brief', brief_for_model(brief))}\n\n{quoted('draft', draft.model_dump())}"
    answer = await model.ask(instructions("reviewer").about(data), Judgement, _consistent)
    return Review.model_validate(answer.value.model_dump())


def ground_review(brief: Brief, draft: EmailDraft) -> Review | None:
    """The review of a draft that breaks the rules of grounding; None for one that keeps them. Asks no model."""
    found = violations(draft, brief)[:12]
    if not found:
        return None
    issues = (Issue(severity=Severity.BLOCKING, where=v.where[:40], what=v.what[:400]) for v in found)
    return Review(verdict=Verdict.REVISE, issues=tuple(issues))


def _consistent(answer: Judgement) -> list[str]:
    grave = any(issue.severity is not Severity.MINOR for issue in answer.issues)
    if answer.verdict is Verdict.APPROVE and grave:
        return ["verdict: a draft with a major or blocking issue is not approved"]
    if answer.verdict is not Verdict.APPROVE and not answer.issues:
        return ["issues: say what to mend, or approve"]
    return []
