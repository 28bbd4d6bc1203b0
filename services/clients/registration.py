"""Save clients whom the shop sends: one by a request, many from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import available_timezones

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.addresses import normalise_address
from domain.consent import apply_list, may_personalise
from domain.intake import ERASED, TOLERANCE
from domain.mail_consent import may_list_decide
from domain.permissions import Action
from domain.segments.attribute_values import Given, find_attribute_fault
from domain.timing import explain_preferred_hour
from errors import BadInput, ErasedClient
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.clients import Client, ClientPolicy, ClientRow
from models.consents import OTHER_PURPOSES
from services.segments.attributes import set_attributes
from store.activity import write_activity
from store.clients import clients
from store.clients.client_changes import note_changes
from store.clients.clients import ClientValues
from store.clients.purposes import delete_preferences
from store.database import write_transaction
from store.events import outbox
from store.mail import mailboxes
from store.mail.policy import ShopPolicy
from store.mail.suppressions import find_erased, hash_mailbox
from store.mail.withdrawals import find_withdrawals
from store.segments.attributes import load_types
from store.sql.bulk import RowRefusal, UpsertBatch
from store.sql.types import to_micros


class SavedClient(NamedTuple):
    """The client as stored, whether they are new, and how often each note applies."""

    client: Client
    new: bool
    notes: Mapping[str, int]
    sharing: int = 0
    """How many other clients carry the same mailbox."""
    sharers: tuple[ClientId, ...] = ()
    """The first few of them."""


def save_client(
    engine: Engine, actor: Actor, row: ClientRow, policy: ShopPolicy, now: datetime, real_now: datetime
) -> SavedClient:
    """Create or change a client; fields left out keep their values. The workflow of a new one is asked to start.

    Raises: NotAllowed; ErasedClient for an id that was erased; BadInput naming the field.
    """
    permissions.require(actor, Action.SAVE_CLIENT)
    row = row.model_copy(update={"email": normalise_address(row.email)})
    with write_transaction(engine) as connection:
        batch = upsert_clients(connection, [row], policy, now, real_now)
        for refusal in batch.refused:
            raise (ErasedClient if refusal.reason == ERASED else BadInput)(refusal.reason, refusal.field)
        if not batch.same:
            subject = Subject(kind=SubjectKind.CLIENT, id=row.client_id)
            data = {"new": bool(batch.new)}
            write_activity(connection, actor, Action.SAVE_CLIENT, subject, now, real_now, data)
        client = clients.require_client(connection, row.client_id)
        return SavedClient(client, bool(batch.new), batch.notes, *mailboxes.find_sharers(connection, row.client_id))


def upsert_clients(
    connection: Connection,
    rows: Sequence[ClientRow],
    policy: ShopPolicy,
    now: datetime,
    real_now: datetime,
    *,
    start: bool = True,
) -> UpsertBatch[ClientValues]:
    """Save clients. Fields that a row leaves out keep their stored values; saving the same row twice changes nothing.

    A new client's workflow is asked to start, without `start` when the shop says go; so is that of a client who now
    consents. Consent in a row: False withdraws it at `now`; True gives it only while no event has withdrawn it, since a
    shop's list may be older than the withdrawal (`notes` counts these).
    """
    ids = {row.client_id for row in rows}
    batch = UpsertBatch(clients.load_values(connection, ids))
    erased_ids = find_erased(connection, policy.signing_key, ids - batch.stored.keys())
    types = load_types(connection) if any(row.attributes for row in rows) else {}
    given: dict[ClientId, dict[str, Given]] = {}
    for index, row in enumerate(rows):
        if why := _refuse(row, erased_ids, now) or (row.attributes and find_attribute_fault(row.attributes, types)):
            batch.refused.append(RowRefusal(index, *why))
        else:
            given.setdefault(row.client_id, {}).update(row.attributes)
            batch.add_row(row.client_id, lambda before, row=row: _merge(batch, before, row, policy, now))  # type: ignore[misc]
    _keep_withdrawals(connection, batch)
    clients.save_values(connection, batch.rows)
    if types:
        alone = len(set_attributes(connection, given, now) - batch.new.keys() - batch.changed.keys())
        batch.same, batch.changes = batch.same - alone, batch.changes + alone
    if batch.changed:
        note_changes(connection, batch.changed)
    turned = _find_turned(batch)
    if refusing := [key for key in turned if not may_personalise(batch.changed[key].purposes)]:
        delete_preferences(connection, refusing)
    nudged = dict.fromkeys([*batch.new, *_find_freed(batch), *turned])
    outbox.push_nudges(connection, "client", nudged, real_now, held=not start)
    return batch


@cache
def list_time_zones() -> frozenset[str]:
    """List the time zones that this machine knows."""
    return frozenset(available_timezones())


def _refuse(row: ClientRow, erased_ids: set[str], now: datetime) -> tuple[str, str] | None:
    if row.client_id in erased_ids:
        return "client_id", ERASED
    if row.time_zone is not None and row.time_zone not in list_time_zones():
        return "time_zone", f"no such time zone: {row.time_zone[:64]!r}; give one such as Europe/London"
    if row.signed_up_at is not None and row.signed_up_at > now + TOLERANCE:
        return "signed_up_at", "lies in the future"
    return None


def _merge(
    batch: UpsertBatch[ClientValues], before: ClientValues | None, row: ClientRow, policy: ShopPolicy, now: datetime
) -> ClientValues:
    fields_set = row.model_fields_set
    values = before or ClientValues(
        client_id=row.client_id,
        email=row.email,
        first_name=row.first_name,
        time_zone=policy.time_zone,
        time_zone_assumed=True,
        locale=row.locale,
        country=row.country,
        signed_up_at=to_micros(now),
        consent=row.consent,
        consent_at=to_micros(now) if row.consent else None,
        consent_source=row.consent_source if row.consent else "",
        sizes=row.sizes,
        tags=row.tags,
        purposes={},
        policy={},
    )
    plain = {name: getattr(row, name) for name in _PLAIN & fields_set}
    mailbox = hash_mailbox(policy.signing_key, row.email, policy.fold_tags)
    values = values._replace(**plain, email=row.email, mailbox=mailbox)
    if row.time_zone is not None:
        values = values._replace(time_zone=row.time_zone, time_zone_assumed=False)
    if row.signed_up_at is not None:
        values = values._replace(signed_up_at=to_micros(row.signed_up_at))
    if "consent" in fields_set and row.consent != values.consent:
        values = _apply_consent(batch, values, row, now)
    values = _apply_purposes(batch, values, row, now)
    if row.preferred_hour is not None:
        values = values._replace(policy={**values.policy, "preferred_hour": row.preferred_hour})
        if explain_preferred_hour(policy.mail_rules, ClientPolicy(preferred_hour=row.preferred_hour)):
            batch.count_note("hour_in_quiet_time")
    if values.time_zone_assumed:
        batch.count_note("time_zone_assumed")
    return values


_PLAIN: Final = frozenset({"first_name", "locale", "country", "sizes", "tags"})


def _apply_consent(
    batch: UpsertBatch[ClientValues], values: ClientValues, row: ClientRow, now: datetime
) -> ClientValues:
    if not may_list_decide(values.consent_at is not None, row.consent):
        batch.count_note("withdrawal_kept")
        return values
    return values._replace(consent=row.consent, consent_at=to_micros(now), consent_source=row.consent_source)


def _apply_purposes(
    batch: UpsertBatch[ClientValues], values: ClientValues, row: ClientRow, now: datetime
) -> ClientValues:
    purposes = dict(values.purposes)
    for purpose in OTHER_PURPOSES:
        agreed = getattr(row, purpose)
        if agreed is None:
            continue
        record = apply_list(purposes.get(purpose), agreed, now, row.consent_source)
        if record is None:
            batch.count_note("refusal_kept")
        else:
            purposes[purpose] = record
    return values if purposes == values.purposes else values._replace(purposes=purposes)


def _find_freed(batch: UpsertBatch[ClientValues]) -> list[str]:
    """Find the clients who may be mailable now: they consent anew, or have another mailbox."""
    return [
        key
        for key, row in batch.changed.items()
        if (row.consent and not batch.stored[key].consent)
        or (batch.stored[key].mailbox and row.mailbox != batch.stored[key].mailbox)
    ]


def _find_turned(batch: UpsertBatch[ClientValues]) -> list[str]:
    """Find the clients who refuse personalisation now and did not before, or the other way round."""
    return [
        key
        for key, row in batch.changed.items()
        if may_personalise(row.purposes) != may_personalise(batch.stored[key].purposes)
    ]


def _keep_withdrawals(connection: Connection, batch: UpsertBatch[ClientValues]) -> None:
    """Give no consent by a file to a new client whose mailbox has withdrawn it under another id."""
    fresh = {row.mailbox: key for key, row in batch.new.items() if row.consent}
    for mailbox, at in find_withdrawals(connection, fresh).items():
        for key, row in batch.new.items():
            if row.mailbox == mailbox and row.consent:
                batch.new[key] = row._replace(consent=False, consent_at=to_micros(at))
                batch.count_note("withdrawal_kept")
