"""`/m/<token>`: a mail in the browser, as it was sent."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from mail.links import Links, OwnPage
from services.client_pages.past_mail import render_past_mail
from web.context import Here
from web.public.answers import PRIVATE_HEADERS

router = APIRouter(include_in_schema=False)

POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""A mail styles itself in place; nothing in it runs or is sent."""


@router.api_route("/m/{token}", methods=["GET", "HEAD"])
def show_mail(token: str, request: Request, context: Here) -> Response:
    """Show the mail. Opening it here records nothing."""
    client_id, n = Links.from_settings(context.settings).read_page(OwnPage.VIEW, token)
    rendered = render_past_mail(context.engine, context.settings, client_id, n)
    return HTMLResponse(rendered.html, headers={"Content-Security-Policy": POLICY, **PRIVATE_HEADERS})
