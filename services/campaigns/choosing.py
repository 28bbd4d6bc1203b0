"""Put clients whom somebody chose into a campaign that runs, and take them out again as long as nothing came of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.campaign_life import UNDER_WAY
from domain.campaign_people import explain
from domain.enrolment import NewEnrolment, begin_enrolments
from domain.journeys.choosing import find_choice_refusal, name_choice
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug, ClientId
from models.campaign_definition import CampaignDefinition
from models.campaign_people import EnrolResult
from models.states import Arm, EnrolmentState
from services.clients.selection import split_batches
from store.activity import find_change_time, list_changed_clients, write_activities
from store.campaigns import campaigns, enrolments, places, versions
from store.campaigns.campaigns import CampaignRow
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.privacy.erasure import explain_erasure


def enrol_chosen(
    engine: Engine,
    actor: Actor,
    signing_key: str,
    slug: CampaignSlug,
    ids: Sequence[ClientId],
    now: datetime,
    real_now: datetime,
) -> EnrolResult:
    """Enrol these clients, whatever the campaign waits for otherwise; their arm is drawn as everybody's is. Who may not
    be mailed by it, or is in it already, is refused. Mail begins at the campaign's own rate.

    Raises: NotAllowed; NotFound; BadInput where the campaign is not under way.
    """
    permissions.require(actor, Action.ENROL_CLIENT)
    result = EnrolResult(slug=slug)
    for batch in split_batches(list(dict.fromkeys(ids))):
        with write_transaction(engine) as connection:
            row = campaigns.load_campaign(connection, slug, lock=True)
            if row.state not in UNDER_WAY:
                raise BadInput("is not running: nobody can enter it", "campaign")
            if row.sequence is not None:
                raise BadInput("is for who comes into a phase of the lifecycle: nobody is put into it", "campaign")
            definition = _load_definition(connection, row)
            new, refused = _choose(connection, signing_key, row, definition, batch, now)
            entry = name_choice(row.spec.entry, definition, now)
            enrolments.save_enrolments(connection, slug, entry, new, now, row.version)
            subjects = [(Subject(kind=SubjectKind.CLIENT, id=one.client_id), {"campaign": slug}) for one in new]
            write_activities(connection, actor, Action.ENROL_CLIENT, subjects, now, real_now)
            mailed = [one.client_id for one in new if one.arm is Arm.TREATED]
            for due, share in _spread(row, mailed, result.enrolled, real_now):
                outbox.push_nudges(connection, "client", share, due)
            outbox.push_nudges(connection, "campaign", [slug], real_now)
        result = EnrolResult(
            slug=slug,
            enrolled=result.enrolled + len(mailed),
            held_out=result.held_out + len(new) - len(mailed),
            refused={**result.refused, **refused},
        )
    return result


def undo_enrolment(
    engine: Engine,
    actor: Actor,
    slug: CampaignSlug,
    chosen_at: datetime,
    now: datetime,
    real_now: datetime,
) -> EnrolResult:
    """Take out those whom this very act of the actor put in, as long as no mail of theirs was begun. Raises NotAllowed,
    NotFound."""
    permissions.require(actor, Action.ENROL_CLIENT)
    with read_transaction(engine) as connection:
        campaigns.load_campaign(connection, slug)
        ids = list_changed_clients(connection, Action.ENROL_CLIENT, actor.who, chosen_at)
        enrolled_at = find_change_time(connection, Action.ENROL_CLIENT, actor.who, chosen_at) or now
    undone, refused = Counter[EnrolmentState](), dict[ClientId, str]()
    for batch in split_batches(ids):
        with write_transaction(engine) as connection:
            out = enrolments.delete_untouched(connection, slug, batch, enrolled_at)
            subjects = [(Subject(kind=SubjectKind.CLIENT, id=one), {"campaign": slug, "undone": True}) for one in out]
            write_activities(connection, actor, Action.ENROL_CLIENT, subjects, now, real_now)
        undone.update(out.values())
        refused |= dict.fromkeys(sorted(set(batch) - set(out)), "is on the way already: a mail may be being written")
    held_out = undone[EnrolmentState.HELD_OUT]
    return EnrolResult(slug=slug, enrolled=undone.total() - held_out, held_out=held_out, refused=refused)


def _choose(
    connection: Connection,
    signing_key: str,
    row: CampaignRow,
    definition: CampaignDefinition | None,
    ids: Sequence[ClientId],
    now: datetime,
) -> tuple[list[NewEnrolment], dict[ClientId, str]]:
    """Choose who enters, and say of all others why not."""
    known = {member.client_id: member for member in enrolments.list_members(connection, ids)}
    inside = _list_inside(connection, definition, ids, now)
    last = places.find_last_entries(connection, row.slug, ids)
    refused: dict[ClientId, str] = {}
    for client_id in ids:
        why = "" if client_id in known else "no client has this id"
        why = why or explain_erasure(connection, signing_key, client_id)
        why = why or find_choice_refusal(definition, row.spec.entry, last.get(client_id), client_id in inside, now)
        refused |= {client_id: why} if why else {}
    members = [known[client_id] for client_id in ids if client_id not in refused]
    taken = enrolments.find_enrolled_mailboxes(connection, row.slug, [member.mailbox for member in members])
    begun = begin_enrolments(row.spec, members, taken)
    refused |= {one.client_id: explain(one.code) for one in begun if one.state is EnrolmentState.DROPPED}
    return [one for one in begun if one.state is not EnrolmentState.DROPPED], refused


def _list_inside(
    connection: Connection, definition: CampaignDefinition | None, ids: Sequence[ClientId], now: datetime
) -> frozenset[ClientId]:
    """List who of them is in the audience; all, where leaving it ends nobody's way."""
    if definition is None or not definition.exits.left_audience:
        return frozenset(ids)
    return enrolments.find_in_audience(connection, definition.audience, ids, now)


def _load_definition(connection: Connection, row: CampaignRow) -> CampaignDefinition | None:
    if row.version is None:
        return None
    return versions.load_version(connection, row.slug, row.version).definition


def _spread(
    row: CampaignRow, ids: Sequence[ClientId], before: int, real_now: datetime
) -> Iterator[tuple[datetime, Sequence[ClientId]]]:
    """Spread clients over the minutes that the campaign's rate gives them. `before`: how many had a turn already."""
    rate = row.spec.throughput_per_minute
    shares: dict[int, list[ClientId]] = {}
    for place, client_id in enumerate(ids, before):
        shares.setdefault(place // rate, []).append(client_id)
    yield from ((real_now + timedelta(minutes=minute), share) for minute, share in shares.items())
