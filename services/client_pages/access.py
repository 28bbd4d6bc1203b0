"""Open a client's own page by a link of their mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain.client_links import is_link_open
from errors import NotFound, OldLink
from models.base import ClientId
from models.clients import Client
from store.clients import clients
from store.mail import messages
from store.privacy import erasure


def open_client_page(connection: Connection, signing_key: str, client_id: ClientId, n: int, now: datetime) -> Client:
    """Return the client whose page a link of mail `n` opens.

    Raises:
        NotFound: no such client or mail; ErasedClient: they are being erased.
        OldLink: the mail is too old, or went to another address than theirs is now.
    """
    erasure.require_not_erasing(connection, signing_key, client_id)
    mail = messages.find_link_mail(connection, client_id, n)
    if mail is None:
        raise NotFound("no such mail", "n")
    if not is_link_open(mail.sent_at, mail.sent_to, mail.mailbox, now):
        raise OldLink("this link is too old, or went to another address")
    return clients.require_client(connection, client_id)
