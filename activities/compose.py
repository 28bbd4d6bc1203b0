"""Pick, write, review and schedule in one step with the house writer: approved copy, deterministic and grounded."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import perf_counter
from typing import Final

from sqlalchemy import Connection, select
from temporalio import activity

from activities.house import House
from activities.recommending import Recommender
from activities.steer import moment
from activities.steps import client_of, found, told
from agents import house as house_writer
from algorithms.slots import Recommendation
from domain.grounding import violations
from domain.timing import cap_opens_at
from errors import ModelFault
from models.base import ItemId
from models.lifecycle import OutreachStep, StepDone
from models.mail import Brief, EmailDraft
from models.states import OutreachState
from store import briefs, decisions, ledger, mail_facts
from store.database import reading, writing
from store.ledger import Ledger
from store.tables import outreaches

SHOWN: Final = 4
"""Items in a mail."""
NOT_AGAIN: Final = timedelta(days=45)
"""Business time for which an item shown to a client is not shown to them again."""
PREPARING: Final = frozenset(
    {OutreachState.BRIEFED, OutreachState.PICKED, OutreachState.DRAFTED, OutreachState.IN_REVIEW}
)


class Compose:
    """See the module."""

    def __init__(self, house: House, recommender: Recommender) -> None:
        self._house, self._recommender = house, recommender

    @activity.defn
    def compose(self, step: OutreachStep) -> StepDone:
        """The mail, written and scheduled. A mail that is further on already stays as it is."""
        with reading(self._house.engine) as connection:
            clock, now = self._house.time(connection, step.at)
            row = found(connection, step.client_id, step.n)
            if row.state not in PREPARING:
                return told(row, clock)
            send_at = planned(self._house, connection, row, None, now)
            chosen, brief, latency_ms = picked(self._house, self._recommender, connection, row, send_at)
        draft = house_writer.compose(brief)
        grounded(draft, brief)
        with writing(self._house.engine) as connection:
            keep_decision(connection, row, chosen, latency_ms, now)
            values = {
                "send_at": send_at,
                "brief": brief.model_dump(mode="json"),
                "draft": draft.model_dump(mode="json"),
                "picks": [pick.model_dump(mode="json") for pick in chosen.picks],
                "composed_by": "house",
                "prompt_version": house_writer.VERSION,
            }
            ledger.move(connection, row.client_id, row.n, OutreachState.SCHEDULED, now, values=values)
            return told(found(connection, step.client_id, step.n), clock)


def planned(house: House, connection: Connection, row: Ledger, proposed: datetime | None, now: datetime) -> datetime:
    """When the mail is to leave: not before the caps allow it, and inside the client's day."""
    client = client_of(connection, row.client_id)
    sent_at = mail_facts.sent_at(connection, row.client_id, now)
    opens = cap_opens_at(house.mail_rules, client.policy, sent_at, now) or now
    return moment(house, client.time_zone, client.policy, proposed, opens)


def picked(
    house: House, recommender: Recommender, connection: Connection, row: Ledger, at: datetime
) -> tuple[Recommendation, Brief, float]:
    """The items for this mail, the brief that is true at `at`, when the client will read it, and how long the pick
    took, in milliseconds."""
    begun = perf_counter()
    chosen = recommender.recommend(
        connection, row.client_id, SHOWN, at, exclude=lately_shown(connection, row, at - NOT_AGAIN)
    )
    latency_ms = (perf_counter() - begun) * 1000
    why = {pick.item_id: pick.why for pick in chosen.picks}
    brief = briefs.build_brief(connection, row, chosen.picks, house.settings, at, why)
    return chosen, brief, latency_ms


def lately_shown(connection: Connection, row: Ledger, since: datetime) -> tuple[ItemId, ...]:
    """Items that the client's other mails have shown since."""
    drafts = connection.scalars(
        select(outreaches.c.draft).where(
            outreaches.c.client_id == row.client_id,
            outreaches.c.n != row.n,
            outreaches.c.state == OutreachState.SENT,
            outreaches.c.sent_at > since,
        )
    )
    return tuple(blurb["item_id"] for draft in drafts if draft for blurb in draft["items"])


def grounded(draft: EmailDraft, brief: Brief) -> None:
    """Nothing leaves that is not grounded, whoever wrote it. Raises ModelFault."""
    wrong = violations(draft, brief)
    if wrong:
        raise ModelFault(f"the draft breaks {wrong[0].code}")


def keep_decision(
    connection: Connection, row: Ledger, chosen: Recommendation, latency_ms: float, now: datetime
) -> None:
    """Record what the ranking slot answered, so that what was shown can be replayed."""
    decisions.record(
        connection,
        slot="ranking",
        algorithm=chosen.algorithm,
        version=chosen.version,
        client_id=row.client_id,
        n=row.n,
        at=now,
        snapshot=chosen.snapshot,
        answer=[pick.model_dump(mode="json") for pick in chosen.picks],
        latency_ms=latency_ms,
    )
