"""One round of a campaign: apply orders, enrol or drain a share of the audience, count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from temporalio import activity

from activities.house import House
from models.campaign import CampaignChange, CampaignSpec
from models.lifecycle import CampaignCommand, CampaignRound, CampaignStep
from models.states import CampaignState
from store import campaigns, outbox
from store.database import writing

ROUND_S: Final = 5.0
"""Real seconds between rounds while there is something to enrol or drain."""
WATCH_S: Final = 30.0
LONGEST_WATCH_S: Final = 3600.0
"""Real seconds between counts while mail is on its way: short at first, then longer and longer."""


class Campaigning:
    """See the module."""

    def __init__(self, house: House) -> None:
        self._house = house

    @activity.defn
    def campaign_round(self, step: CampaignStep) -> CampaignRound:
        """Rows and nudges in one transaction, so that nobody is enrolled without being told, or twice."""
        with writing(self._house.engine) as connection:
            clock, now = self._house.time(connection, step.at)
            _apply(connection, step.slug, step.commands, now)
            row = campaigns.get(connection, step.slug)
            spec = CampaignSpec.model_validate(row.spec)
            if spec.ends_at is not None and now >= spec.ends_at and row.state != CampaignState.ENDED:
                _end(connection, step.slug, now)
                row = campaigns.get(connection, step.slug)
            moved = 0
            if row.state == CampaignState.RUNNING:
                share = max(1, round(spec.throughput_per_minute * ROUND_S / 60))
                drained = campaigns.drain(connection, step.slug, row.epoch, share)
                enrolled = [] if row.enrolled_all else campaigns.enrol(connection, row, share - len(drained), now)
                outbox.push(connection, "client", [*drained, *enrolled], self._house.wall())
                moved = len(drained) + len(enrolled)
            progress = campaigns.progress(connection, step.slug)
            busy = moved > 0 or (row.state == CampaignState.RUNNING and not row.enrolled_all)
            watch = (
                min(WATCH_S * 2**step.quiet_rounds, LONGEST_WATCH_S)
                if progress.pending + progress.under_way > 0
                else None
            )
            return CampaignRound(
                progress=progress,
                clock=clock,
                moved=busy,
                wait=ROUND_S if busy else watch,
                ends_at=None if row.state == CampaignState.ENDED else spec.ends_at,
            )


def _apply(connection: Connection, slug: str, commands: Sequence[CampaignCommand], now: datetime) -> None:
    for command in commands:
        row = campaigns.get(connection, slug)
        if row.state == CampaignState.ENDED:
            continue
        match command.kind:
            case "pause":
                campaigns.change(connection, slug, now, state=CampaignState.PAUSED, reason=command.reason)
            case "resume" if row.state == CampaignState.PAUSED:
                running = {"state": CampaignState.RUNNING, "epoch": row.epoch + 1, "reason": ""}
                campaigns.change(connection, slug, now, overdue=command.overdue, **running)
                campaigns.mark_overdue(connection, slug, command.overdue)
            case "adjust":
                change = CampaignChange.model_validate(command.change).model_dump(mode="json", exclude_none=True)
                campaigns.change(connection, slug, now, spec={**row.spec, **change})
            case "end":
                _end(connection, slug, now)


def _end(connection: Connection, slug: str, now: datetime) -> None:
    campaigns.change(connection, slug, now, state=CampaignState.ENDED)
    campaigns.drop_pending(connection, slug, now)
