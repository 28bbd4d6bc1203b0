"""`/mailbox`: the mails that the embedded mail server accepted, to read in the browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from domain.permissions import Disclosure
from errors import Unavailable
from mail.mailbox import Mailbox
from mail.sink import get_mailbox_path
from mail.smtp_url import parse_smtp_url
from models.base import ClientId
from store.clients import clients
from store.database import read_transaction
from store.mail import messages
from web.auth.rules import needs
from web.console.mail_frames import frame_mail
from web.context import Here, WebContext
from web.templating import render_page

router = APIRouter(include_in_schema=False)

PAGE: Final = 40


@router.get("/mailbox.json", dependencies=[needs(Disclosure.PERSONAL)])
def list_mails(
    context: Here,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> StreamingResponse:
    """List all delivered mails, oldest first, as a JSON array; `after` leaves out those up to that id."""
    return StreamingResponse(
        _stream_json(Mailbox(get_mailbox_path(context.settings)), after, limit), media_type="application/json"
    )


@router.get("/mailbox", dependencies=[needs(Disclosure.PERSONAL)])
def show_mailbox(
    request: Request,
    context: Here,
    to: Annotated[str, Query(max_length=254)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Response:
    """Show the mails, newest first. `to`: part of an address, or a client's id."""
    mailbox = Mailbox(get_mailbox_path(context.settings))
    recipient = _resolve_recipient(context, to.strip())
    mails = mailbox.list_newest(PAGE + 1, before=before, recipient=recipient)
    shown = mails[:PAGE]
    return render_page(
        request,
        "mailbox.html",
        mails=shown,
        senders=_load_senders(context, [mail.summary.message_id for mail in shown]),
        to=to.strip(),
        total=mailbox.count(recipient),
        older=shown[-1].id if len(mails) > PAGE else None,
        newest=before is None,
        elsewhere=parse_smtp_url(context.settings.smtp_url).name if context.settings.smtp_url else "",
    )


@router.get("/mailbox/{mail_id}", dependencies=[needs(Disclosure.PERSONAL)])
def show_mail(request: Request, context: Here, mail_id: int, view: str = "html") -> Response:
    """Show one mail: as it looks, as text, or its headers."""
    mail = Mailbox(get_mailbox_path(context.settings)).get(mail_id)
    sender = _load_senders(context, [mail.message_id]).get(mail.message_id)
    return render_page(request, "mailbox_mail.html", mail=mail, sender=sender, view=view)


@router.get("/mailbox/{mail_id}/html", dependencies=[needs(Disclosure.PERSONAL)])
def show_mail_html(context: Here, mail_id: int) -> HTMLResponse:
    """Return the HTML part, for the frame."""
    mail = Mailbox(get_mailbox_path(context.settings)).get(mail_id)
    return frame_mail(mail.html, context.settings.base_url)


@router.get("/mailbox/{mail_id}/raw", dependencies=[needs(Disclosure.PERSONAL)])
def download_mail(context: Here, mail_id: int) -> Response:
    """Return the message as it was received."""
    mail = Mailbox(get_mailbox_path(context.settings)).get(mail_id)
    name = f'attachment; filename="mail-{mail.id}.eml"'
    return Response(mail.raw, media_type="message/rfc822", headers={"Content-Disposition": name})


def _stream_json(mailbox: Mailbox, after: int, limit: int | None) -> Iterator[bytes]:
    """Yield the array piece by piece, so that a full mailbox does not have to fit into memory."""
    yield b"["
    for count, mail in enumerate(mailbox.iterate_since(after)):
        if limit is not None and count >= limit:
            break
        yield (b",\n" if count else b"\n") + orjson.dumps(mail.as_json())
    yield b"\n]\n"


def _resolve_recipient(context: WebContext, to: str) -> str:
    """Return the client's address when `to` is a client's id, else `to` itself."""
    if not to or "@" in to:
        return to
    try:
        with read_transaction(context.engine) as connection:
            client = clients.load_client(connection, to)
    except Unavailable:
        return to
    return client.email if client else to


def _load_senders(context: WebContext, message_ids: list[str]) -> dict[str, tuple[ClientId, int]]:
    """Load client and number of each mail, by Message-ID; empty when the database is down."""
    try:
        with read_transaction(context.engine) as connection:
            return messages.find_by_message_id(connection, message_ids)
    except Unavailable:
        return {}
