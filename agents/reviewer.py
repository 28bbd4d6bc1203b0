"""The reviewer: first the grounding rules, which no prompt can change, then a model's judgement."""

from __future__ import annotations

from pydantic import ConfigDict, Field

from agents.languages import find_draft_faults
from agents.llm import PromptAnswerer
from agents.prompt import load_instructions, quote_data
from agents.writer import build_model_brief
from models.mail import Brief, EmailDraft, Issue, Review, ReviewVerdict, Severity

VERSION = load_instructions("reviewer").version


class ReviewIssue(Issue):
    """One thing to mend."""

    model_config = ConfigDict(extra="forbid")

    severity: Severity = Field(description="minor, major or blocking, as the rubric says.")
    where: str = Field(max_length=40, description="The field it is in.")
    what: str = Field(max_length=400, description="What to mend, in one sentence.")


class Judgement(Review):
    """The verdict on one draft, with every issue found."""

    model_config = ConfigDict(extra="forbid", title="Review", hide_input_in_errors=True)

    verdict: ReviewVerdict = Field(description="approve, revise or reject, as the rubric says.")
    issues: tuple[ReviewIssue, ...] = Field(default=(), max_length=12, description="Empty when there is none.")


async def review_draft(model: PromptAnswerer, brief: Brief, draft: EmailDraft) -> Review:
    """Review `draft`. A draft that breaks the grounding rules goes back without asking a model.

    Raises what `agents.llm.ModelSession.ask` raises.
    """
    broken = review_grounding(brief, draft)
    if broken is not None:
        return broken
    text = draft.model_dump(exclude={"sentences"})
    data = f"{quote_data('brief', build_model_brief(brief))}\n\n{quote_data('draft', text)}"
    answer = await model.ask(load_instructions("reviewer").build_prompt(data), Judgement, _check_consistency)
    return Review.model_validate(answer.value.model_dump())


def review_grounding(brief: Brief, draft: EmailDraft) -> Review | None:
    """Review a draft by the grounding rules alone; None when it keeps them."""
    violations = find_draft_faults(draft, brief)[:12]
    if not violations:
        return None
    issues = (Issue(severity=Severity.BLOCKING, where=v.where[:40], what=v.what[:400]) for v in violations)
    return Review(verdict=ReviewVerdict.REVISE, issues=tuple(issues))


def _check_consistency(answer: Judgement) -> list[str]:
    grave = any(issue.severity is not Severity.MINOR for issue in answer.issues)
    if answer.verdict is ReviewVerdict.APPROVE and grave:
        return ["verdict: a draft with a major or blocking issue is not approved"]
    if answer.verdict is not ReviewVerdict.APPROVE and not answer.issues:
        return ["issues: say what to mend, or approve"]
    return []
