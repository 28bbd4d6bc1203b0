"""Measure what a campaign brings."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from domain.holdouts import RE_ENGAGEMENT
from domain.mail_metrics import judge_mails
from models.base import CampaignSlug
from models.lift import CampaignLift
from models.states import Phase
from store.campaigns import campaigns, lift, mail_counts
from store.database import read_transaction

_DRIFTING: Final = frozenset({Phase.AT_RISK, Phase.LAPSED})


def measure_lift(engine: Engine, slug: CampaignSlug, holdout_share: float, now: datetime) -> CampaignLift:
    """Compare the clients of a campaign with those held out of it, by business time `now`.

    Args: `holdout_share` is the share of clients held out of re-engagement mail; it counts for that slug, and for the
    sequences of the lifecycle for clients who drift, which share one comparison.
    Raises: NotFound when there is no such campaign.
    """
    with read_transaction(engine) as connection:
        if slug == RE_ENGAGEMENT:
            return lift.compute_re_engagement_lift(connection, holdout_share, now)
        row = campaigns.load_campaign(connection, slug)
        if row.sequence is not None and set(row.spec.audience.phases) <= _DRIFTING:
            measured = lift.compute_re_engagement_lift(connection, holdout_share, now)
        else:
            measured = lift.compute_lift(connection, slug, now)
        counts = mail_counts.count_mails(connection, slug)
    mails = judge_mails(counts, row.spec.guardrails)
    return measured.model_copy(update={"slug": slug, "mails": mails})
