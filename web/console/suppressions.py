"""`/suppressions`: the mailboxes that are not mailed: which, why, add, lift. No address stands in a URL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from domain.permissions import Disclosure
from errors import BadInput
from ingest.faults import parse_model
from models.actors import Actor
from models.suppressions import SuppressionEntry, SuppressionOrder, SuppressionRemoval
from services.csv_lines import format_line
from services.returns import suppressions
from store.clients.lists import list_summaries
from store.database import read_transaction
from store.mail.suppressions import count_suppressions
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.console.fields import read_text
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/suppressions"
ROWS: Final = 100
COLUMNS: Final = ("address_hash", "reason", "at", "by", "note", "clients")
"""As `selvedge suppressions export` writes them."""


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_suppressions(
    request: Request,
    context: Here,
    reason: Annotated[str, Query(max_length=32)] = "",
    after: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    """List the mailboxes that are not mailed, with a reason or all."""
    return _render(request, context, reason, after)


@router.get("/suppressions.csv", dependencies=[needs(Disclosure.SHOP)])
def export_suppressions(context: Here) -> Response:
    """Write the list as CSV."""
    headers = {"Content-Disposition": 'attachment; filename="suppressions.csv"'}
    return StreamingResponse(_write(context), media_type="text/csv; charset=utf-8", headers=headers)


def _write(context: WebContext) -> Iterator[str]:
    yield format_line(COLUMNS)
    after = ""
    while page := suppressions.list_entries(context.engine, after, 1_000):
        after = page[-1].address_hash
        for one in page:
            known = (one.address_hash, one.reason, one.at.isoformat(), one.by, one.note)
            yield format_line((*known, " ".join(one.clients)))


@router.post(PAGE, dependencies=[needs(Disclosure.PERSONAL)])
async def act_on_mailbox(request: Request, context: Here) -> Response:
    """Find a mailbox, suppress it, or lift its suppression; a refusal comes back to the form."""
    form = await receive_form(request, "suppressions")
    try:
        found, said = await run_in_threadpool(_act, context, form.actor, form.fields)
    except BadInput as refused:
        return await run_in_threadpool(_render, request, context, fields=form.fields, refused=refused)
    return await run_in_threadpool(_render, request, context, found=found, said=said)


def _act(context: WebContext, actor: Actor, fields: Mapping[str, str]) -> tuple[SuppressionEntry, str]:
    email, act = read_text(fields, "email"), fields.get("act", "find")
    now, real_now = context.business_now(), context.real_now()
    if act == "add":
        values = {"email": email, "reason": read_text(fields, "reason") or "person", "note": read_text(fields, "note")}
        order = parse_model(SuppressionOrder, values)
        added = suppressions.add_entries(context.engine, actor, context.policy, [order], now, real_now)
        said = "No mail goes there any more." if added else "It was on the list already."
        return suppressions.show_entry(context.engine, context.policy, email), said
    if act == "remove":
        removal = parse_model(SuppressionRemoval, {"email": email, "why": read_text(fields, "why")})
        entry = suppressions.remove_entry(context.engine, actor, context.policy, removal, now, real_now)
        return entry, "It may be mailed again, where its clients consent."
    if not email:
        raise BadInput("give an address", "email")
    return suppressions.show_entry(context.engine, context.policy, email), ""


def _render(
    request: Request,
    context: WebContext,
    reason: str = "",
    after: str = "",
    *,
    fields: Mapping[str, str] | None = None,
    found: SuppressionEntry | None = None,
    said: str = "",
    refused: BadInput | None = None,
) -> Response:
    entries = suppressions.list_entries(context.engine, after, ROWS + 1, reason)
    shown = entries[:ROWS] + ((found,) if found else ())
    with read_transaction(context.engine) as connection:
        counts = count_suppressions(connection)
        names = list_summaries(connection, [client for one in shown for client in one.clients])
    return render_page(
        request,
        "suppressions.html",
        422 if refused else 200,
        entries=entries[:ROWS],
        more=entries[ROWS - 1].address_hash if len(entries) > ROWS else "",
        counts=counts,
        names={one.client_id: one.first_name for one in names},
        asked=reason,
        after=after,
        found=found,
        said=said,
        fields=fields or {},
        wrong=(refused.field or "") if refused else "",
        reason=refused.reason if refused else "",
        token=build_form_token(request, "suppressions"),
    )
