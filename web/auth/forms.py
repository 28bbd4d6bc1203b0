"""Forms of our own pages: their fields, and the token that ties each to the sign-in and to what it showed.

Another site cannot post such a form, and nobody decides on something that changed meanwhile.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from errors import BadInput, Forbidden, StaleForm
from web.auth.callers import get_caller, list_cookie_options
from web.context import WebContext, get_context

TOKEN: Final = "token"  # noqa: S105 - the name of a field
HEADER: Final = "X-Form-Token"
"""Where a script sends the token that a form holds in the field `token`."""
SHIFT_S: Final = 12 * 3600
"""Seconds for which a form left open is valid."""
VISITOR: Final = "selvedge_visitor"
"""Cookie that ties the forms of those who are not signed in to their browser."""
SECRET_FIELDS: Final = ("password", "code", "secret", "key")
"""Fields of these names, or that end so, are never sent back."""


async def read_form(request: Request) -> dict[str, str]:
    """Read the fields of a form that one of our own pages sent. Raises Forbidden where another site sent it."""
    return dict(await read_fields(request))


async def read_fields(request: Request) -> list[tuple[str, str]]:
    """Read the fields of a form in their order, a repeated one as often as it was sent; files are left out.

    Raises: Forbidden where another site sent it; BadInput.
    """
    check_origin(request)
    if request.headers.get("content-type", "").startswith("multipart/"):
        return [(name, value) for name, value in (await request.form()).multi_items() if isinstance(value, str)]
    body = await request.body()
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1_000, errors="strict")
    except ValueError:  # a UnicodeDecodeError is one
        raise BadInput("cannot be read as a form", "body") from None


def check_origin(request: Request) -> None:
    """Raise Forbidden where a page of another site sent this."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin", "")
    host = request.headers.get("host", "")
    foreign = origin not in ("", "null") and urlsplit(origin).netloc != host
    if site not in ("same-origin", "none") or (foreign and "sec-fetch-site" not in request.headers):
        raise Forbidden("this form was not sent by a page of ours")


async def check_form(request: Request) -> None:
    """Check that a form is ours and belongs to this sign-in. Raises Forbidden, StaleForm."""
    check_origin(request)
    token = request.headers.get(HEADER) or (await read_form(request)).get(TOKEN, "")
    _read_token(request, token)


def build_token(request: Request, *shown: str) -> str:
    """Build the token of a form about `shown`: an id, and what the reader saw of it."""
    return _build_signer(get_context(request)).dumps([_get_binding(request), *shown])


def check_token(request: Request, token: str, *shown: str) -> None:
    """Raise Forbidden or StaleForm unless `token` is this sign-in's and fresh, and BadInput unless it was made for the
    same as is shown now."""
    if _read_token(request, token) != shown:
        raise BadInput("it has changed since the page was opened: look again, then decide")


def renew_token(request: Request, token: str) -> str:
    """Build a token of this sign-in for what an older one of ours showed; without an older one, for nothing."""
    try:
        payload = _build_signer(get_context(request)).loads(token)
    except BadData:
        return build_token(request)
    return build_token(request, *payload[1:])


def _read_token(request: Request, token: str) -> tuple[str, ...]:
    try:
        payload: list[Any] = _build_signer(get_context(request)).loads(token, max_age=SHIFT_S)
    except BadData:
        raise StaleForm("this form is too old or not ours: open the page again") from None
    if payload[:1] != [_get_binding(request)]:
        raise StaleForm("this form belongs to another sign-in: look again, then send it")
    return tuple(payload[1:])


def list_carried(fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """List the fields of a refused form that may be sent back: no token, no secret."""
    return [
        (name, value)
        for name, value in fields
        if name != TOKEN and not any(name == secret or name.endswith(f"_{secret}") for secret in SECRET_FIELDS)
    ]


def know_visitor(request: Request) -> None:
    """Give a browser that is not signed in something to which its forms are tied."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = request.cookies.get(VISITOR) or secrets.token_urlsafe(16)


def keep_visitor(request: Request, answer: Response) -> Response:
    """Set the visitor's cookie on an answer."""
    options: Any = list_cookie_options(get_context(request).settings)
    answer.set_cookie(VISITOR, request.state.visitor, max_age=SHIFT_S, **options)
    return answer


def _get_binding(request: Request) -> str:
    caller = get_caller(request)
    if caller is not None:
        return caller.binding
    visitor = getattr(request.state, "visitor", "") or request.cookies.get(VISITOR, "")
    return f"visitor-{sha256(visitor.encode()).hexdigest()[:32]}" if visitor else "nobody"


def to_local_path(path: str) -> str:
    """Return a path of this site; a sign-in leads nowhere else."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else "/"


def _build_signer(context: WebContext) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(context.settings.keys.signing, salt="console/form")
