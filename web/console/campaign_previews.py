"""`/campaigns/<slug>/preview`: whom a campaign would mail, what stops the others, its mails as real clients would get
them, and a test mail to somebody of the team.

A mail's HTML comes back from the page into a sandboxed frame, signed as the page wrote it: nothing else can be put
there, it is not written a second time, and it is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput, ConfigError, MailFault
from ingest.faults import parse_model
from models.actors import Actor
from models.base import ID_PATTERN, CampaignSlug
from models.campaign_preview import PreviewMail, PreviewOrder
from models.staff_sends import StaffSendOrder, StaffSendResult
from services.campaigns.preview import show_preview
from services.campaigns.staff_sends import send_to_staff
from services.context import ServiceContext
from store.campaigns import campaigns
from store.database import read_transaction
from web.auth.callers import By
from web.auth.forms import check_token, read_form
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.console.fields import explain_refusal
from web.console.mail_frames import frame_mail
from web.console.names import name_campaigns, name_clients
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/campaigns/{slug}/preview"
FRAME: Final = "preview-frame"
"""The purpose of the token that signs a mail's HTML."""
SlugPath = Annotated[CampaignSlug, Path(pattern=ID_PATTERN)]
Fields = Mapping[str, str]


@router.get(PAGE, dependencies=[needs(Disclosure.PREVIEW)])
def show_campaign_preview(
    request: Request,
    context: Here,
    actor: By,
    slug: SlugPath,
    version: Annotated[str, Query(max_length=6)] = "",
    client: Annotated[str, Query(max_length=64)] = "",
    writer: Annotated[str, Query(max_length=8)] = "house",
) -> Response:
    """Show a preview: of the newest version where none is named, for a client who is named or a sample."""
    return _render(request, context, actor, slug, {"version": version, "client": client.strip(), "writer": writer})


@router.post(PAGE, dependencies=[needs(Action.TEST_CAMPAIGN)])
async def send_test(request: Request, context: Here, slug: SlugPath) -> Response:
    """Send one mail of each text to somebody of the team, and return to the preview; a refusal is shown there."""
    actor, fields = await receive_form(request, "preview", slug)
    try:
        sent = await run_in_threadpool(_send, request, context, actor, slug, fields)
    except (BadInput, ConfigError, MailFault) as wrong:
        words = explain_refusal(wrong) if isinstance(wrong, BadInput) else str(wrong)
        return await run_in_threadpool(_render, request, context, actor, slug, fields, words)
    version = f"&version={sent.version}" if sent.version else ""
    return RedirectResponse(f"/campaigns/{slug}/preview?sent={len(sent.mails)}{version}", status_code=303)


@router.post(f"{PAGE}/frame", dependencies=[needs(Disclosure.PREVIEW)])
async def show_frame(request: Request, context: Here, slug: SlugPath) -> Response:
    """Show the HTML of a mail that a preview wrote for whoever is signed in, and no other."""
    form = await read_form(request)
    html = _unify_lines(form.get("html", ""))
    check_token(request, form.get("token", ""), FRAME, slug, _compute_digest(html))
    return frame_mail(html, context.settings.base_url)


def _unify_lines(html: str) -> str:
    """Return the text with the line ends that it had: browsers send others."""
    return html.replace("\r\n", "\n")


def _compute_digest(html: str) -> str:
    return sha256(html.encode()).hexdigest()


def _send(request: Request, context: WebContext, actor: Actor, slug: str, fields: Fields) -> StaffSendResult:
    values = {"to": [fields.get("to", "").strip()], "version": fields.get("version") or None}
    order = parse_model(StaffSendOrder, {**values, "client": fields.get("client") or None})
    recommender = request.app.state.recommender
    return send_to_staff(_get_services(context), recommender, actor, slug, order, context.business_now())


def _get_services(context: WebContext) -> ServiceContext:
    return ServiceContext(settings=context.settings, engine=context.engine)


def _render(
    request: Request, context: WebContext, actor: Actor, slug: str, fields: Fields, wrong: str = ""
) -> Response:
    with read_transaction(context.engine) as connection:
        campaign = campaigns.load_campaign(connection, slug)
    preview, refused = None, ""
    try:
        values: dict[str, Any] = {"writer": fields.get("writer") or "house", "version": fields.get("version") or None}
        if fields.get("client"):
            values["clients"] = [fields["client"]]
        order = parse_model(PreviewOrder, values)
        recommender, now = request.app.state.recommender, context.business_now()
        preview = show_preview(_get_services(context), recommender, actor, slug, order, now)
    except BadInput as unknown:
        refused = explain_refusal(unknown)
    return render_page(
        request,
        "campaign_preview.html",
        422 if wrong or refused else 200,
        campaign=campaign,
        preview=preview,
        campaign_names=name_campaigns(context.engine, (one.slug for one in preview.others) if preview else ()),
        names=name_clients(context.engine, (mail.client_id for mail in preview.mails) if preview else ()),
        mails=[(mail, _sign(request, slug, mail)) for mail in preview.mails] if preview else [],
        fields=fields,
        refused=refused,
        wrong=wrong,
        token=build_form_token(request, "preview", slug),
    )


def _sign(request: Request, slug: str, mail: PreviewMail) -> str:
    return build_form_token(request, FRAME, slug, _compute_digest(_unify_lines(mail.html)))
