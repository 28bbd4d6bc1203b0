"""Judge drafts by the rubric of their brief, and sum up and compare writers with intervals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from statistics import median
from typing import Final

import numpy as np

from domain.grounding import list_texts
from domain.statistics.intervals import compute_share_bounds, mean_interval, normal_quantile
from models.mail import EmailDraft
from models.writer_scores import GoldenBrief, RuleScore, WriterResult, WriterScore

RULES: Final = ("answered", "at_first", "grounded", "items", "subject", "length", "language")
REFUSED: Final = "model_refused"
_WORDS: Final = {
    language: frozenset(words.split(" "))
    for language, words in (
        ("en", "the and you your for with from we us are is of to a in this that have"),
        ("de", "der die das und sie ihr ihre ihnen für mit von wir uns sind ist ein eine zu im den bei"),
        ("fr", "le la les et vous votre vos pour avec de des nous est sont un une à en dans du au"),
    )
}
"""Words that nearly every text of a language has."""


def judge_draft(golden: GoldenBrief, draft: EmailDraft | None, calls: int, *, grounded: bool) -> dict[str, bool]:
    """Judge the draft of a brief, None where there is none, by every rule. `grounded`: whether it may be sent as
    the model wrote it."""
    if draft is None:
        return dict.fromkeys(RULES, False)
    rubric = golden.rubric
    return {
        "answered": True,
        "at_first": calls == 1,
        "grounded": grounded,
        "items": {blurb.item_id for blurb in draft.items} == set(rubric.items),
        "subject": len(draft.subject) <= rubric.subject_at_most,
        "length": len(draft.paragraphs) <= rubric.paragraphs_at_most,
        "language": guess_language(draft) == rubric.language,
    }


def guess_language(draft: EmailDraft) -> str:
    """Guess the language of a draft by the commonest words of each."""
    words = Counter(re.findall(r"[^\W\d_]+", " ".join(text for _, text in list_texts(draft)).lower()))
    return max(_WORDS, key=lambda language: sum(words[word] for word in _WORDS[language]))


def score_writer(model: str, prompts: str, results: Sequence[WriterResult]) -> WriterScore:
    """Sum up the results of one writer."""
    failures = Counter(result.code for result in results if result.code)
    shares = [_estimate_share(rule, [_read(result, rule) for result in results]) for rule in ("passed", *RULES)]
    count = max(1, len(results))
    return WriterScore(
        model=model,
        prompts=prompts,
        briefs=len(results),
        rules=tuple(shares),
        failures=dict(failures),
        refusals=failures[REFUSED],
        calls_a_brief=sum(result.calls for result in results) / count,
        tokens_a_brief=sum(result.tokens for result in results) / count,
        cost_a_brief=sum(result.micros for result in results) / count / 1_000_000,
        median_seconds=median([result.seconds for result in results] or [0.0]),
    )


def compare_writers(first: Sequence[WriterResult], second: Sequence[WriterResult]) -> tuple[RuleScore, ...]:
    """Compare two writers on the same briefs: the difference of each share, second less first."""
    by_name = {result.name: result for result in first}
    pairs = [(by_name[result.name], result) for result in second]
    return tuple(_estimate(rule, [_read(b, rule) - _read(a, rule) for a, b in pairs]) for rule in ("passed", *RULES))


def _read(result: WriterResult, rule: str) -> float:
    return float(result.has_passed if rule == "passed" else result.rules[rule])


def _estimate_share(rule: str, values: Sequence[float]) -> RuleScore:
    share = float(np.mean(values))
    low, high = compute_share_bounds(share, len(values), normal_quantile(0.95))
    return RuleScore(rule=rule, share=share, low=low, high=high)


def _estimate(rule: str, values: Sequence[float]) -> RuleScore:
    interval = mean_interval(np.asarray(values, dtype=float))
    return RuleScore(rule=rule, share=float(np.mean(values)), low=float(interval.low), high=float(interval.high))
