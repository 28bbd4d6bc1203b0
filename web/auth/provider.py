"""`/sign-in/provider`: sign in by the shop's identity provider."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from errors import ConfigError, Forbidden, NotFound
from services.team.provider import OpenIdProvider, SignInRequest
from services.team.provider_accounts import accept_claims
from services.team.secrets import seal, unseal
from web.auth.callers import list_cookie_options
from web.auth.forms import to_local_path
from web.auth.rules import open_to_all
from web.auth.sign_in import begin, render_sign_in
from web.context import get_context

router: Final = APIRouter(include_in_schema=False)
PUBLIC: Final = open_to_all("whoever is not signed in yet")
COOKIE: Final = "selvedge_provider"
MOST_NEXT: Final = 1_000
"""Characters of the page to which a sign-in leads: they travel in the cookie, of which a browser keeps 4 kB."""
WITHIN_S: Final = 600
"""Seconds in which somebody must come back from the provider."""


@router.get("/sign-in/provider", dependencies=[PUBLIC])
async def leave_for_provider(request: Request, next: str = "/") -> Response:
    """Lead to the provider, and keep sealed in a cookie what must come back."""
    provider, settings = _require_provider(request), get_context(request).settings
    path = to_local_path(next) if len(next) <= MOST_NEXT else "/"
    address, begun = await run_in_threadpool(provider.begin, path)
    answer = RedirectResponse(address, status_code=303)
    options: Any = list_cookie_options(settings)
    sealed = seal(settings.keys.signing, json.dumps(begun))
    answer.set_cookie(COOKIE, sealed, max_age=WITHIN_S, **options)
    return answer


@router.get("/sign-in/provider/back", dependencies=[PUBLIC])
async def come_back(
    request: Request,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4_000)] = "",
) -> Response:
    """Check what came back, and begin a sign-in of ours; it ends as every other does."""
    provider, context = _require_provider(request), get_context(request)
    options: Any = list_cookie_options(context.settings)
    try:
        begun = _read_cookie(request, context.settings.keys.signing)
        claims = await run_in_threadpool(provider.finish, begun, state, code)
        now, real_now = context.business_now(), context.real_now()
        person = await run_in_threadpool(accept_claims, context.engine, context.settings, claims, now, real_now)
        form = {"next": begun.next}
        answer = await run_in_threadpool(begin, request, person.account_id, person.version, form)
    except Forbidden as wrong:
        answer = render_sign_in(request, 401, wrong=str(wrong))
    answer.delete_cookie(COOKIE, **options)
    return answer


def _read_cookie(request: Request, signing_key: str) -> SignInRequest:
    try:
        return SignInRequest(*json.loads(unseal(signing_key, request.cookies.get(COOKIE, ""), WITHIN_S)))
    except (ConfigError, ValueError, TypeError):
        raise Forbidden("That sign-in does not belong to this browser, or is over: begin again.") from None


def _require_provider(request: Request) -> OpenIdProvider:
    provider = OpenIdProvider.from_settings(get_context(request).settings)
    if provider is None:
        raise NotFound("no identity provider is set: SELVEDGE_OIDC_ISSUER")
    return provider
