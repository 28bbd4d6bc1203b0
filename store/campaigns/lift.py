"""Orders of a campaign's clients before and after they were enrolled, read for both arms alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import BigInteger, Connection, and_, case, cast, func, select

from domain.campaign_lift import DAY_S, EnrolmentOutcomes, HoldoutPolicy, measure_lift
from domain.holdouts import build_re_engagement_slug
from models.base import CampaignSlug
from models.lift import CampaignLift
from models.states import Arm
from store.campaigns import campaigns
from store.sql.epoch import epoch
from store.tables import enrolments, events

BATCH: Final = 50_000
BEFORE_DAYS: Final = 90
RE_ENGAGEMENT_DAYS: Final = 28
"""The window of mail to clients who drift: its sequence takes two weeks, and the last mail takes effect after."""


def compute_lift(connection: Connection, slug: CampaignSlug, now: datetime) -> CampaignLift:
    """Compute what the campaign brought by `now`. Raises NotFound."""
    spec = campaigns.load_campaign(connection, slug).spec
    design = HoldoutPolicy(slug, spec.control_share, spec.window_days)
    return measure_lift(load_outcomes(connection, design, now), design, now)


def compute_re_engagement_lift(connection: Connection, share: float, now: datetime) -> CampaignLift:
    """Compute what re-engagement mail brought by `now`, while `share` of the clients are held out of it."""
    design = HoldoutPolicy(build_re_engagement_slug(share), share, RE_ENGAGEMENT_DAYS)
    return measure_lift(load_outcomes(connection, design, now), design, now)


def load_outcomes(connection: Connection, design: HoldoutPolicy, now: datetime) -> EnrolmentOutcomes:
    """Load the outcome of every client enrolled in an arm, counted from their first enrolment. Orders of one UTC day
    count as one; what was returned still counts as sold."""
    query = _outcomes_query(design, now)
    parts = [np.zeros((0, 6))]
    for rows in connection.execute(query, execution_options={"yield_per": BATCH}).partitions():
        parts.append(np.array([tuple(row) for row in rows], np.float64))
    control, at, orders, cents, before, ordered_before = np.concatenate(parts).T
    return EnrolmentOutcomes(control > 0, at, orders, cents, before, ordered_before > 0)


def _outcomes_query(design: HoldoutPolicy, now: datetime) -> Any:
    e, window = events.c, design.window_days * DAY_S
    first = (
        select(enrolments.c.client_id, enrolments.c.arm, func.min(enrolments.c.enrolled_at).label("at"))
        .where(enrolments.c.campaign == design.slug, enrolments.c.arm != Arm.NEITHER)
        .group_by(enrolments.c.client_id, enrolments.c.arm)
        .subquery()
    )
    since = epoch(e.occurred_at) - epoch(first.c.at)
    after, before = and_(since >= 0, since < window), since < 0
    day = cast(epoch(e.occurred_at), BigInteger) // int(DAY_S)
    ordered = and_(
        e.client_id == first.c.client_id,
        e.type == "order_placed",
        e.occurred_at <= now,
        since >= -max(BEFORE_DAYS * DAY_S, window),
        since < window,
    )
    recent = and_(before, since >= -BEFORE_DAYS * DAY_S)
    return (
        select(
            case((first.c.arm == Arm.CONTROL, 1), else_=0),
            epoch(first.c.at).label("enrolled"),
            func.count(case((after, day)).distinct()),
            func.coalesce(func.sum(case((after, e.value_cents))), 0),
            func.coalesce(func.sum(case((recent, e.value_cents))), 0),
            func.count(case((and_(before, since >= -window), 1))),
        )
        .select_from(first.outerjoin(events, ordered))
        .group_by(first.c.client_id, first.c.arm, first.c.at)
        .order_by("enrolled", first.c.client_id)
    )
