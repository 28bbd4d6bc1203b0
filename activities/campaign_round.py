"""One round of a campaign: apply orders, enrol or drain a share of the audience, count."""

from __future__ import annotations

from activities.declaration import declare_activity
from domain.campaign_life import OVER
from models.actors import SYSTEM, TEMPORAL
from models.campaign import CampaignRound, CampaignStep
from models.states import CampaignState
from services.campaigns import finishing, guardrails, rounds, scheduled, steering
from services.context import ServiceContext
from store.campaigns import campaigns
from store.database import write_transaction


class CampaignSteps:
    """The step by which a campaign moves on."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity("campaign_round")
    def run_campaign_round(self, step: CampaignStep) -> CampaignRound:
        """Write rows and nudges in one transaction, so that nobody is enrolled without a nudge, or twice."""
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            steering.apply_commands(connection, TEMPORAL, step.slug, step.commands, now, self._context.wall())
            starts_at = scheduled.start_in_time(connection, SYSTEM, step.slug, now, self._context.wall())
            row = campaigns.load_campaign(connection, step.slug)
            row = finishing.finish_in_time(connection, SYSTEM, row, now, self._context.wall())
            row = guardrails.pause_beyond_limits(connection, SYSTEM, row, now, self._context.wall())
            running = row.state == CampaignState.RUNNING
            real_now = self._context.resolve_real_time(step.at)
            if running:
                done = rounds.drain_and_enrol(self._context, connection, row, now, real_now)
            else:
                done = rounds.release_left(self._context, connection, row, real_now)
            row = campaigns.load_campaign(connection, step.slug)
            progress = campaigns.count_progress(connection, step.slug)
            busy = done.moved > 0 or done.lanes > 0 or (running and not row.enrolled_all)
            lease_left = done.next_lease - real_now if done.next_lease is not None else None
            entry_left = clock.real_wait(done.next_entry, now) if done.next_entry is not None else None
            looks = [left for left in (lease_left, entry_left) if left is not None]
            rest = rounds.compute_wait(
                row, progress, clock, now, step.quiet_rounds, self._context.look_again, min(looks, default=None)
            )
            return CampaignRound(
                progress=progress,
                clock=clock,
                moved=busy,
                wait=rounds.ROUND_S if busy else rest,
                lanes=done.lanes,
                leased=done.next_lease is not None,
                ends_at=starts_at if starts_at is not None else None if row.state in OVER else row.ends_at,
            )
