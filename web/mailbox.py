"""`/mailbox`: the mails that the embedded mail server took, to be read in the browser.

A mail's HTML is shown in a sandboxed frame under a policy of its own: no script, no form, no font or picture from
elsewhere, whatever the mail says.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from errors import Unavailable
from mail.mailbox import Delivered, Mailbox
from mail.sink import mailbox_file
from mail.smtp_url import parse
from models.base import ClientId
from store.clients import clients
from store.database import read_transaction
from store.mail import messages
from web.context import Context, context_of
from web.templating import page

router = APIRouter(include_in_schema=False)
Here = Annotated[Context, Depends(context_of)]

PAGE: Final = 40


@router.get("/mailbox.json")
def listed(
    context: Here,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int | None, Query(ge=1)] = None,
) -> StreamingResponse:
    """All delivered mails, oldest first, as a JSON array; `after` leaves out those up to that id."""
    return StreamingResponse(
        _array(Mailbox(mailbox_file(context.settings)), after, limit), media_type="application/json"
    )


@router.get("/mailbox")
def box(
    request: Request,
    context: Here,
    to: Annotated[str, Query(max_length=254)] = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> Response:
    """Newest first. `to`: part of an address, or a client's id."""
    mailbox = Mailbox(mailbox_file(context.settings))
    recipient = _address(context, to.strip())
    mails = mailbox.newest(PAGE + 1, before=before, recipient=recipient)
    shown = mails[:PAGE]
    return page(
        request,
        "mailbox.html",
        mails=shown,
        senders=_ledger(context, shown),
        to=to.strip(),
        total=mailbox.count(recipient),
        older=shown[-1].id if len(mails) > PAGE else None,
        newest=before is None,
        elsewhere=parse(context.settings.smtp_url).name if context.settings.smtp_url else "",
    )


@router.get("/mailbox/{mail_id}")
def letter(request: Request, context: Here, mail_id: int, view: str = "html") -> Response:
    """One mail: as it looks, as text, or its headers."""
    mail = Mailbox(mailbox_file(context.settings)).get(mail_id)
    sender = _ledger(context, [mail]).get(mail.message_id)
    return page(request, "mailbox_letter.html", mail=mail, sender=sender, view=view)


@router.get("/mailbox/{mail_id}/html")
def framed(context: Here, mail_id: int) -> HTMLResponse:
    """The HTML part, for the frame."""
    mail = Mailbox(mailbox_file(context.settings)).get(mail_id)
    pictures = f"'self' data: {context.settings.base_url}"
    return HTMLResponse(
        mail.html.replace("<head>", '<head><base target="_blank">', 1),  # a click must not replace the mail
        headers={
            "Content-Security-Policy": (
                f"sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src {pictures};"
                " style-src 'unsafe-inline'; frame-ancestors 'self'"
            ),
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "no-referrer",
        },
    )


@router.get("/mailbox/{mail_id}/raw")
def raw(context: Here, mail_id: int) -> Response:
    """The message as it was taken."""
    mail = Mailbox(mailbox_file(context.settings)).get(mail_id)
    name = f'attachment; filename="mail-{mail.id}.eml"'
    return Response(mail.raw, media_type="message/rfc822", headers={"Content-Disposition": name})


def _array(mailbox: Mailbox, after: int, limit: int | None) -> Iterator[bytes]:
    """The array piece by piece, so that a full mailbox does not have to fit into memory."""
    yield b"["
    for count, mail in enumerate(mailbox.since(after)):
        if limit is not None and count >= limit:
            break
        yield (b",\n" if count else b"\n") + orjson.dumps(mail.as_json())
    yield b"\n]\n"


def _address(context: Context, to: str) -> str:
    """What to look for among recipients: the client's address when `to` is a client's id, else `to` itself."""
    if not to or "@" in to:
        return to
    try:
        with read_transaction(context.engine) as connection:
            client = clients.get(connection, to)
    except Unavailable:
        return to
    return client.email if client else to


def _ledger(context: Context, mails: list[Delivered]) -> dict[str, tuple[ClientId, int]]:
    """Whose each mail is, by Message-ID; the mailbox can be read without it."""
    try:
        with read_transaction(context.engine) as connection:
            return messages.by_message_id(connection, [mail.message_id for mail in mails])
    except Unavailable:
        return {}
