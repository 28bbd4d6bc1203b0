"""Say of each client of a campaign where they stand, and try again what may be tried again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.campaign_life import OVER
from domain.campaign_people import describe_place, explain_refusal
from domain.permissions import Action
from errors import BadInput, NotFound
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug, ClientId
from models.campaign_people import CampaignPeople, CampaignPerson, RetryOrder, RetryResult
from models.states import EnrolmentState, OutreachState, Overdue
from store.activity import write_activity
from store.campaigns import campaigns, enrolments, people
from store.campaigns.campaigns import CampaignRow
from store.campaigns.people import PersonRow
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.mail import ledger

PAGE: Final = 1_000
RETRY: Final = "retried"
"""The code of a mail that a person asked to be tried again; it waits for the client's turn."""
MOST_REASONS: Final = 100
"""Clients for whom it is said why they are not tried again."""


def list_people(
    engine: Engine,
    slug: CampaignSlug,
    now: datetime,
    state: EnrolmentState | None = None,
    code: str = "",
    after: ClientId = "",
    limit: int = PAGE,
) -> CampaignPeople:
    """List a page of the clients of a campaign. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = campaigns.load_campaign(connection, slug)
        found = people.list_people(
            connection, slug, of_phase=row.sequence is not None, state=state, code=code, after=after, limit=limit
        )
    return CampaignPeople(
        people=tuple(_tell(row, person, now) for person in found),
        after=found[-1].client_id if len(found) >= limit else None,
    )


def iterate_people(
    engine: Engine, slug: CampaignSlug, now: datetime, state: EnrolmentState | None = None, code: str = ""
) -> Iterator[CampaignPerson]:
    """Iterate over all clients of a campaign, a page at a time. Raises NotFound."""
    after: ClientId | None = ""
    while after is not None:
        page = list_people(engine, slug, now, state, code, after)
        yield from page.people
        after = page.after


def _tell(row: CampaignRow, person: PersonRow, now: datetime) -> CampaignPerson:
    told = describe_place(person.place, row.state, row.ends_at)
    return CampaignPerson(
        client_id=person.client_id,
        entry=person.entry,
        state=person.seen_as,
        code=told.code,
        why=told.why,
        since=person.since,
        until=told.until if told.until is not None and told.until > now else None,
        n=person.n,
        mail_state=person.place.mail_state,
        arm=person.arm,
        may_retry=row.state not in OVER and not explain_refusal(person.place, now),
    )


def retry_people(
    engine: Engine, actor: Actor, slug: CampaignSlug, order: RetryOrder, now: datetime, real_now: datetime
) -> RetryResult:
    """Try those clients of a campaign again whose mail failed, expired, or was decided on by nobody.

    Their mail queues for the client's turn, is written anew and passes the send gate like every mail.

    Raises: NotAllowed; NotFound; BadInput when the campaign is over or no client in it has one of these ids.
    """
    permissions.require(actor, Action.RETRY_CAMPAIGN)
    with write_transaction(engine) as connection:
        row = campaigns.load_campaign(connection, slug)
        if row.state in OVER:
            raise BadInput("this campaign has ended", "slug")
        found = _find_people(connection, row, order)
        refused = {person.client_id: why for person in found if (why := explain_refusal(person.place, now))}
        chosen = [person for person in found if person.client_id not in refused]
        for person in chosen:
            _retry(connection, row, person, now)
        outbox.push_nudges(connection, "client", [person.client_id for person in chosen], real_now)
        outbox.push_nudges(connection, "campaign", [slug], real_now)
        if chosen:
            subject = Subject(kind=SubjectKind.CAMPAIGN, id=slug)
            write_activity(connection, actor, Action.RETRY_CAMPAIGN, subject, now, real_now, {"mails": len(chosen)})
    return RetryResult(slug=slug, retried=len(chosen), refused=dict(list(refused.items())[:MOST_REASONS]))


def _find_people(connection: Connection, row: CampaignRow, order: RetryOrder) -> list[PersonRow]:
    slug, of_phase = row.slug, row.sequence is not None
    if order.client_ids:
        found = people.list_people(
            connection, slug, of_phase=of_phase, client_ids=order.client_ids, limit=len(order.client_ids)
        )
        if missing := set(order.client_ids) - {person.client_id for person in found}:
            raise NotFound(f"{slug} has no client {min(missing)}", "client_ids")
        return found
    found, after = [], ""
    for state in (EnrolmentState.FAILED, EnrolmentState.DROPPED):
        after = ""
        while page := people.list_people(
            connection, slug, of_phase=of_phase, state=state, code=order.code, after=after, limit=PAGE
        ):
            found += [person for person in page if person.n is not None]
            after = page[-1].client_id
    return found


def _retry(connection: Connection, row: CampaignRow, person: PersonRow, now: datetime) -> None:
    """Park the mail, so that it asks for the client's turn; overdue by a second, it is written anew."""
    if person.n is None:
        return
    values = {"overdue": Overdue.REPLAN, "epoch": row.epoch, "send_at": now - timedelta(seconds=1), "refusals": 0}
    if ledger.move_mail(connection, person.client_id, person.n, OutreachState.PARKED, now, code=RETRY, values=values):
        enrolments.reopen(connection, row.slug, person.client_id, person.entry, now)
