"""Sign-in, and protection of forms against other sites and outdated pages.

A form carries a signed token for exactly what it shows, so that another site cannot post it and nobody decides on
something that changed meanwhile. Reading needs no sign-in. Changing something needs a sign-in with the API key, except
where the server listens on this machine alone.
"""

from __future__ import annotations

import hmac
from typing import Final
from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import TypeAdapter, ValidationError

from errors import BadInput, Forbidden
from models.fixes import By
from settings import Settings
from web.context import WebContext, get_context
from web.templating import render_page

COOKIE: Final = "selvedge_person"
SHIFT_S: Final = 12 * 3600
"""Seconds for which a sign-in, and a form left open, are valid."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
NAME: Final = TypeAdapter(By)

router: Final = APIRouter(include_in_schema=False)


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a form that one of our own pages sent. Raises Forbidden where another site sent it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("this form was not sent by a page of ours")
    body = await request.body()
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=300, errors="strict"))
    except ValueError:  # a UnicodeDecodeError is one
        raise BadInput("cannot be read as a form", "body") from None


def build_token(context: WebContext, *shown: str) -> str:
    """Build the token of a form about `shown`: an id, and what the reader saw of it."""
    return _build_signer(context.settings, "form").dumps(shown)


def check_token(context: WebContext, token: str, *shown: str) -> None:
    """Raise Forbidden unless `token` is ours and fresh, and BadInput unless it was made for the same as shown now."""
    try:
        signed_subject = _build_signer(context.settings, "form").loads(token, max_age=SHIFT_S)
    except BadData:
        raise Forbidden("this form is too old or not ours: open the page again") from None
    if tuple(signed_subject) != shown:
        raise BadInput("it has changed since the page was opened: look again, then decide")


def get_person(request: Request) -> str | None:
    """Return the name under which the reader signed in; "" where no sign-in is needed, None where it is missing."""
    settings = get_context(request).settings
    try:
        return NAME.validate_python(
            _build_signer(settings, "person").loads(request.cookies.get(COOKIE, ""), max_age=SHIFT_S)
        )
    except (BadData, ValidationError):
        return "" if settings.web_host in LOOPBACK else None


def redirect_to_sign_in(back: str) -> Response:
    """Redirect to the sign-in, which then leads to the page at `back`."""
    return RedirectResponse(f"/sign-in?next={back}", status_code=303)


@router.get("/sign-in")
def show_sign_in(request: Request, next: str = "/") -> Response:
    """Ask for a name and the API key."""
    return render_page(request, "sign_in.html", next=to_local_path(next), wrong="")


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Sign the person in for a shift."""
    form, context = await read_form(request), get_context(request)
    onward = to_local_path(form.get("next", "/"))
    if not hmac.compare_digest(form.get("key", "").strip().encode(), context.settings.keys.api.encode()):
        return render_page(request, "sign_in.html", 401, next=onward, wrong="That is not the key.")
    try:
        name = NAME.validate_python(form.get("name", "").strip())
    except ValidationError:
        return render_page(request, "sign_in.html", 422, next=onward, wrong="A name has at most 64 characters.")
    return remember(context, RedirectResponse(onward, status_code=303), name)


def remember(context: WebContext, answer: Response, name: str) -> Response:
    """Set the cookie that holds who signed in, and return `answer`."""
    signed = _build_signer(context.settings, "person").dumps(name)
    secure = context.settings.base_url.startswith("https:")
    answer.set_cookie(COOKIE, str(signed), max_age=SHIFT_S, httponly=True, samesite="strict", secure=secure)
    return answer


def to_local_path(path: str) -> str:
    """Return a path of this site; a sign-in leads nowhere else."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def _build_signer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.keys.signing, salt=f"console/{purpose}")
