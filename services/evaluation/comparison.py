"""The champion against its shadows, and variants against each other, from recorded answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from domain.comparison.agreement import measure_agreement, summarise_answers
from domain.comparison.counterfactual import BY_FIRST, BY_ORDERS, estimate_counterfactual_reward
from domain.comparison.outcomes import (
    AnswerOutcome,
    attribute_reactions,
    compare_variants,
    select_closed,
    summarise_variant,
)
from domain.comparison.records import LiveAnswer, ShadowAnswer
from domain.comparison.similarity import extract_ids
from store.learning import comparisons
from store.learning.session_answers import SLOT as SESSION


def compare(
    connection: Connection, slot: str, since: datetime, until: datetime, within: timedelta, k: int = 10
) -> dict[str, Any]:
    """Compare the answers of a slot from `since` to `until` (business time). What clients did `within` that time of
    seeing an answer counts for it; answers for which that time is not over are left out of the earnings. `k`: positions
    of two lists that are compared."""
    lives = comparisons.load_live_answers(connection, slot, since, until)
    beside: dict[str, dict[str, ShadowAnswer]] = defaultdict(dict)
    for shadow in comparisons.iterate_shadow_answers(connection, slot, {live.question for live in lives}):
        beside[shadow.name][shadow.question] = shadow
    clients = {live.client_id for live in lives if live.shown_at is not None}
    actions = comparisons.iterate_outcomes(connection, clients, since, until, touches=slot == SESSION)
    outcomes = attribute_reactions(lives, actions, within) if clients else []
    closed_outcomes = select_closed(outcomes, within, until)
    return {
        "slot": slot,
        "since": since.isoformat(),
        "until": until.isoformat(),
        "within_days": within / timedelta(days=1),
        "answers": len(lives),
        "variants": _summarise_variants(lives, outcomes, closed_outcomes),
        "shadows": {
            name: _summarise_shadow(name, slot, lives, closed_outcomes, records, k)
            for name, records in sorted(beside.items())
        },
    }


def _summarise_variants(
    lives: list[LiveAnswer], outcomes: list[AnswerOutcome], closed: list[AnswerOutcome]
) -> dict[str, Any]:
    """Summarise each variant, and compare challengers with the champion over the answers of the last split in force.
    `closed`: the outcomes whose time is over."""
    names = sorted({live.variant for live in lives})
    summary: dict[str, Any] = {
        name: asdict(summarise_answers(name, *_list_durations([live for live in lives if live.variant == name])))
        | {
            "earned": _summarise_earnings(_select_variant(name, outcomes), _select_variant(name, closed)),
            "touched": _compute_touch_rates(_select_variant(name, closed)),
        }
        for name in names
    }
    split = lives[-1].experiment if lives else None
    if split is None:
        return summary
    tried = [outcome for outcome in closed if outcome.live.experiment == split]
    for name in split.challengers:
        gained = compare_variants(_select_variant(name, tried), _select_variant(split.champion, tried))
        summary.setdefault(name, {})["over"] = {"champion": split.champion, "experiment": str(split)} | {
            figure: estimate.as_json for figure, estimate in gained._asdict().items()
        }
    return summary


def _select_variant(name: str, outcomes: list[AnswerOutcome]) -> list[AnswerOutcome]:
    return [outcome for outcome in outcomes if outcome.live.variant == name]


def _summarise_earnings(outcomes: list[AnswerOutcome], closed: list[AnswerOutcome]) -> dict[str, Any]:
    return summarise_variant(closed, len(outcomes) - len(closed))._asdict()


def _compute_touch_rates(closed: list[AnswerOutcome]) -> dict[str, float] | None:
    """Compute the share of answers with any item touched, and with the first touched; None where nothing is listed."""
    pages = [outcome for outcome in closed if extract_ids(outcome.live.answer)]
    if not pages:
        return None
    count = len(pages)
    return {
        "any": sum(bool(page.touched) for page in pages) / count,
        "first": sum(page.first_touched for page in pages) / count,
    }


def _list_durations(lives: list[LiveAnswer]) -> tuple[list[float], list[tuple[str, ...]]]:
    return [live.seconds for live in lives], [live.faults for live in lives]


def _summarise_shadow(
    name: str,
    slot: str,
    lives: list[LiveAnswer],
    outcomes: list[AnswerOutcome],
    records: dict[str, ShadowAnswer],
    k: int,
) -> dict[str, Any]:
    pairs = [(live, records[live.question]) for live in lives if live.question in records]
    shadows = [shadow for _, shadow in pairs]
    reward_kind = BY_FIRST if slot == SESSION else BY_ORDERS
    estimate = estimate_counterfactual_reward(
        [(outcome, records[outcome.live.question]) for outcome in outcomes if outcome.live.question in records],
        reward_kind,
    )
    summary = summarise_answers(name, [shadow.seconds for shadow in shadows], [shadow.faults for shadow in shadows])
    return asdict(summary) | {
        "agreement": asdict(measure_agreement(pairs, k)),
        "foretold": estimate if isinstance(estimate, str) else _serialise_estimates(estimate._asdict()),
    }


def _serialise_estimates(values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: asdict(value) | {"enough": value.enough} if hasattr(value, "enough") else value
        for name, value in values.items()
    }
