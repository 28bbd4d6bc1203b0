"""What the link of a letter confirms: another address, the client's data, their erasure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.client_links import is_letter_open
from domain.permissions import Action
from errors import OldLink
from mail.links import LetterKind, LetterTarget
from models.actors import Actor, Subject, SubjectKind
from models.clients import Client, ClientRow
from services.client_pages.letters import tag_mailbox
from services.clients.registration import upsert_clients
from services.privacy.requests import export_client, request_erasure
from store.activity import write_activity
from store.clients import clients, pending_addresses
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.privacy import erasure


def check_letter(engine: Engine, policy: ShopPolicy, target: LetterTarget, now: datetime) -> None:
    """Check that a letter's link still confirms something.

    Raises OldLink where it is over, or the address is another by now; NotFound or ErasedClient for who is not there.
    """
    with read_transaction(engine) as connection:
        _check(connection, policy, target, now)


def _check(connection: Connection, policy: ShopPolicy, target: LetterTarget, now: datetime) -> str:
    """Return the address to which the letter went."""
    erasure.require_not_erasing(connection, policy.signing_key, target.client_id)
    client = clients.require_client(connection, target.client_id)
    email = _find_address(connection, client, target)
    asked_at = datetime.fromtimestamp(target.asked_at, UTC)
    if not is_letter_open(asked_at, now) or tag_mailbox(policy.signing_key, email, policy.fold_tags) != target.sent_to:
        raise OldLink("this link confirms nothing any more")
    return email


def _find_address(connection: Connection, client: Client, target: LetterTarget) -> str:
    if target.kind is not LetterKind.ADDRESS:
        return client.email
    pending = pending_addresses.find_pending(connection, target.client_id)
    if pending is None or int(pending.since.timestamp()) != target.asked_at:
        raise OldLink("another address was asked for since, or none")
    return pending.email


def change_address(
    engine: Engine, actor: Actor, policy: ShopPolicy, target: LetterTarget, now: datetime, real_now: datetime
) -> None:
    """Change the client's address to the one that they confirm now. Raises NotAllowed, and as `check_letter`."""
    permissions.require(actor, Action.CHANGE_ADDRESS)
    with write_transaction(engine) as connection:
        email = _check(connection, policy, target, now)
        row = ClientRow(client_id=target.client_id, email=email)
        upsert_clients(connection, [row], policy, now, real_now)
        pending_addresses.save_pending(connection, target.client_id, None, None)
        subject = Subject(kind=SubjectKind.CLIENT, id=target.client_id)
        write_activity(connection, actor, Action.CHANGE_ADDRESS, subject, now, real_now)


def export_own_data(
    engine: Engine, actor: Actor, policy: ShopPolicy, target: LetterTarget, now: datetime, real_now: datetime
) -> Iterator[bytes]:
    """Iterate over the pieces of the client's export. Raises NotAllowed, and as `check_letter`, before the first."""
    check_letter(engine, policy, target, now)
    return export_client(engine, actor, policy.signing_key, target.client_id, now, real_now)


def erase_own_data(
    engine: Engine, actor: Actor, policy: ShopPolicy, target: LetterTarget, now: datetime, real_now: datetime
) -> None:
    """Request the client's erasure, which cannot be called off. Raises NotAllowed, and as `check_letter`."""
    check_letter(engine, policy, target, now)
    request_erasure(engine, actor, policy.signing_key, target.client_id, now, real_now)
