"""What became of a campaign's mails: each metric with its interval, one plain sentence, and its limit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from domain.statistics.intervals import compute_share_bounds, normal_quantile
from models.guardrails import Guardrails
from models.lift import MailMetric

MIN_MAILS: Final = 100
"""Mails from which on a share is told."""
LEAST: Final = 2
"""Cases from which on a guardrail pauses: one person alone stops no campaign."""


class MailCounts(NamedTuple):
    """Mails of a campaign: tried (accepted, or refused for good), delivered as far as is known, and the answers."""

    tried: int = 0
    delivered: int = 0
    hard_bounces: int = 0
    complaints: int = 0
    clicks: int = 0
    """Delivered mails in which a person followed a link."""
    unsubscribes: int = 0


_SAID: Final[Mapping[str, str]] = {
    "clicks": "were clicked by a person",
    "unsubscribes": "were answered by unsubscribing",
    "complaints": "were called spam",
    "hard_bounces": "went to an address that leads nowhere",
}


def judge_mails(counts: MailCounts, guardrails: Guardrails) -> tuple[MailMetric, ...]:
    """Judge each metric of a campaign's mails by itself."""
    limits = guardrails.model_dump()
    return tuple(_judge(name, counts, limits.get(name)) for name in _SAID)


def find_breach(counts: MailCounts, guardrails: Guardrails) -> MailMetric | None:
    """Find the metric that has passed its limit, the gravest first; None where all are within."""
    judged = {metric.name: metric for metric in judge_mails(counts, guardrails)}
    for name in ("complaints", "hard_bounces", "unsubscribes"):
        metric = judged[name]
        if metric.limit is not None and metric.count >= LEAST and metric.count > metric.limit * metric.of:
            return metric
    return None


def _judge(name: str, counts: MailCounts, limit: float | None) -> MailMetric:
    of = counts.tried if name == "hard_bounces" else counts.delivered
    count = min(getattr(counts, name), of)
    low, high = compute_share_bounds(count / of, of, normal_quantile(0.95)) if of else (0.0, 1.0)
    metric = MailMetric(name=name, count=count, of=of, low=low, high=high, limit=limit, said="")
    return metric.model_copy(update={"said": _explain(metric)})


def _explain(metric: MailMetric) -> str:
    what = f"{metric.count:,} of {metric.of:,} mails {_SAID[metric.name]}"
    if metric.of < MIN_MAILS:
        return f"{what}: too few mails to tell a share."
    share = f"{what}: {metric.count / metric.of:.2%}, between {metric.low:.2%} and {metric.high:.2%}"
    if metric.limit is None:
        return f"{share}."
    if metric.low > metric.limit:
        return f"{share}, above the limit of {metric.limit:.2%} beyond chance."
    if metric.high < metric.limit:
        return f"{share}, below the limit of {metric.limit:.2%} beyond chance."
    return f"{share}, not yet to be told from the limit of {metric.limit:.2%}."
