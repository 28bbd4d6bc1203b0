"""Save a client whom the shop sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput, ErasedClient
from mail.address import normalise_address
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.clients import Client, ClientRow
from store.activity import write_activity
from store.clients import clients
from store.database import write_transaction
from store.mail import mailboxes
from store.mail.policy import ShopPolicy
from store.mail.suppressions import ERASED


class SavedClient(NamedTuple):
    """The client as stored, whether they are new, and how often each note applies."""

    client: Client
    new: bool
    notes: Mapping[str, int]
    sharing: tuple[ClientId, ...] = ()
    """Other clients who carry the same mailbox."""


def save_client(
    engine: Engine, actor: Actor, row: ClientRow, policy: ShopPolicy, now: datetime, real_now: datetime
) -> SavedClient:
    """Create or change a client; fields left out keep their values. The workflow of a new one is asked to start.

    Raises: NotAllowed; ErasedClient for an id that was erased; BadInput naming the field.
    """
    permissions.require(actor, Action.SAVE_CLIENT)
    row = row.model_copy(update={"email": normalise_address(row.email)})
    with write_transaction(engine) as connection:
        batch = clients.upsert_clients(connection, [row], policy, now, real_now)
        for refusal in batch.refused:
            raise (ErasedClient if refusal.reason == ERASED else BadInput)(refusal.reason, refusal.field)
        if not batch.same:
            subject = Subject(kind=SubjectKind.CLIENT, id=row.client_id)
            data = {"new": bool(batch.new)}
            write_activity(connection, actor, Action.SAVE_CLIENT, subject, now, real_now, data)
        client = clients.require_client(connection, row.client_id)
        mailbox = mailboxes.find_mailboxes(connection, [row.client_id])[row.client_id]
        carriers = mailboxes.list_carriers(connection, [mailbox]).get(mailbox, [])
        sharing = tuple(other for other in carriers if other != row.client_id)
        return SavedClient(client, bool(batch.new), batch.notes, sharing)
