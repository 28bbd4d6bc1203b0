"""Who may act on a page, and that it is their own page that acts.

A form carries a signed token for exactly what it shows, so that another site cannot post it and what changed meanwhile
is not decided on by mistake. Pages that only read ask for nothing. Acting asks for a sign-in with the API key, except
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
from web.api.requests import body_of
from web.context import Context, context_of
from web.templating import page

COOKIE: Final = "selvedge_person"
SHIFT_S: Final = 12 * 3600
"""Seconds for which a sign-in, and a form left open, hold."""
LARGEST_FORM: Final = 20_000  # bytes
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
NAME: Final = TypeAdapter(By)

router: Final = APIRouter(include_in_schema=False)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form that one of our own pages sent. Raises Forbidden where another site sent it."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("this form was not sent by a page of ours")
    body = await body_of(request, LARGEST_FORM)
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=50, errors="strict"))
    except ValueError:  # a UnicodeDecodeError is one
        raise BadInput("cannot be read as a form", "body") from None


def token_for(context: Context, *shown: str) -> str:
    """The token of a form about `shown`: an id, and what the reader saw of it."""
    return _signer(context.settings, "form").dumps(shown)


def check_token(context: Context, token: str, *shown: str) -> None:
    """Raises Forbidden unless `token` is ours and fresh, and BadInput unless it was made for the same as shown now."""
    try:
        made_for = _signer(context.settings, "form").loads(token, max_age=SHIFT_S)
    except BadData:
        raise Forbidden("this form is too old or not ours: open the page again") from None
    if tuple(made_for) != shown:
        raise BadInput("it has changed since the page was opened: look again, then decide")


def person_of(request: Request) -> str | None:
    """Who acts: the name under which they signed in, "" where nobody needs to sign in, None: they must."""
    settings = context_of(request).settings
    try:
        return NAME.validate_python(_signer(settings, "person").loads(request.cookies.get(COOKIE, ""), max_age=SHIFT_S))
    except (BadData, ValidationError):
        return "" if settings.web_host in LOOPBACK else None


def must_sign_in(back: str) -> Response:
    """On to the sign-in, and then to the page at `back`."""
    return RedirectResponse(f"/sign-in?next={back}", status_code=303)


@router.get("/sign-in")
def ask(request: Request, next: str = "/") -> Response:
    """Ask for a name and the API key."""
    return page(request, "sign_in.html", next=_ours(next), wrong="")


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """Let them in for a shift."""
    form, context = await form_of(request), context_of(request)
    onward = _ours(form.get("next", "/"))
    if not hmac.compare_digest(form.get("key", "").strip().encode(), context.settings.keys.api.encode()):
        return page(request, "sign_in.html", 401, next=onward, wrong="That is not the key.")
    try:
        name = NAME.validate_python(form.get("name", "").strip())
    except ValidationError:
        return page(request, "sign_in.html", 422, next=onward, wrong="A name has at most 64 characters.")
    return remember(context, RedirectResponse(onward, status_code=303), name)


def remember(context: Context, answer: Response, name: str) -> Response:
    """`answer`, with which the browser keeps who acts."""
    signed = _signer(context.settings, "person").dumps(name)
    secure = context.settings.base_url.startswith("https:")
    answer.set_cookie(COOKIE, str(signed), max_age=SHIFT_S, httponly=True, samesite="strict", secure=secure)
    return answer


def _ours(path: str) -> str:
    """A path of this site; a sign-in leads nowhere else."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def _signer(settings: Settings, purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.keys.signing, salt=f"console/{purpose}")
