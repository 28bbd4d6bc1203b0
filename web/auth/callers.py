"""Who asks: a person by the cookie of their sign-in, a program by its key, anybody where the pages are open."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Annotated, Final

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine

from domain.proxy_peers import NamedUser
from domain.sign_in_rules import SignInLimits
from errors import Forbidden, SignInNeeded
from models.actors import Actor, Channel, Role
from services.team.api_keys import recognise_key
from services.team.proxy_accounts import recognise_user
from services.team.sign_ins import find_signed_in
from settings import Settings
from web.auth.proxy import find_named_user
from web.context import WebContext, get_context

OPEN: Final = Actor(who="demo", role=Role.OWNER, channel=Channel.PAGE)
"""Anybody, where the pages open without a sign-in."""
SETTING_KEY: Final = Actor(who="api", role=Role.OWNER, channel=Channel.API)
"""Whoever holds the key that SELVEDGE_API_KEY names."""
_BY_PROXY: Final = "proxy-"
TRUSTED_FOR_S: Final = 5.0
"""Seconds for which a key is taken without another look into the database."""


@dataclass(frozen=True)
class Caller:
    """Who asks. `binding` ties forms to the sign-in; `account_id` and `token_hash` are empty but for people."""

    actor: Actor
    binding: str
    account_id: str = ""
    token_hash: str = ""

    @property
    def is_program(self) -> bool:
        """Return whether a key was given, which no browser sends by itself."""
        return self.binding == "key"

    @property
    def is_by_proxy(self) -> bool:
        """Return whether a proxy says at each request who asks; then there is no sign-in of ours to end."""
        return self.binding.startswith(_BY_PROXY)


class KnownKeys:
    """The keys that were recognised a moment ago, so that a quick answer waits for no database."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, Lock()
        self._known: dict[bytes, tuple[float, datetime | None, Actor]] = {}

    def find(self, given: str, now: datetime) -> Actor | None:
        """Find for whom a key acts, if it was recognised within seconds."""
        known = self._known.get(_digest(given))
        if known is None or known[0] < time.monotonic() or (known[1] is not None and known[1] <= now):
            return None
        return known[2]

    def recognise(self, given: str, now: datetime) -> Actor | None:
        """Recognise a key from the database."""
        recognised = recognise_key(self._engine, given, now)
        if recognised is None:
            return None
        actor, expires_at = recognised
        with self._lock:
            if len(self._known) > 1_000:
                self._known.clear()
            self._known[_digest(given)] = (time.monotonic() + TRUSTED_FOR_S, expires_at, actor)
        return actor

    def forget(self) -> None:
        """Forget all, as when one was revoked."""
        with self._lock:
            self._known.clear()


def _digest(given: str) -> bytes:
    return sha256(given.encode()).digest()


def build_limits(settings: Settings) -> SignInLimits:
    """Build how long a sign-in lasts from the settings."""
    return SignInLimits(timedelta(hours=settings.sign_in_idle_hours), timedelta(hours=settings.sign_in_hours))


def get_cookie_name(settings: Settings) -> str:
    """Return the cookie's name; under https one that browsers take from this very host alone."""
    return "__Host-selvedge" if settings.base_url.startswith("https:") else "selvedge_sign_in"


async def identify(request: Request) -> Caller | None:
    """Find who asks, once a request; None for nobody. Raises Forbidden for a key that is none."""
    if not hasattr(request.state, "caller"):
        request.state.caller = await _identify(request, get_context(request))
    caller: Caller | None = request.state.caller
    return caller


async def _identify(request: Request, context: WebContext) -> Caller | None:
    if request.headers.get("authorization", "")[:7].lower() == "bearer ":
        return Caller(await find_program(request), "key")
    if user := find_named_user(request, context.settings):
        return await run_in_threadpool(_find_named, context, user)
    token = request.cookies.get(get_cookie_name(context.settings), "")
    if token and (person := await run_in_threadpool(find_person, context, token)):
        return person
    return Caller(OPEN, "open") if context.settings.open_pages else None


def find_person(context: WebContext, token: str) -> Caller | None:
    """Find whose sign-in a token stands for; None where it has ended or never was."""
    settings = context.settings
    limits, now = build_limits(settings), context.real_now()
    found = find_signed_in(context.engine, settings.keys.signing, limits, token, now)
    return Caller(found.actor, found.token_hash[:32], found.account_id, found.token_hash) if found else None


def _find_named(context: WebContext, user: NamedUser) -> Caller:
    """Find the account of whom a trusted proxy names. The page's forms are tied to it, so that nobody else's fit."""
    now, real_now = context.business_now(), context.real_now()
    person = recognise_user(context.engine, context.settings, user, now, real_now)
    return Caller(person.actor, f"{_BY_PROXY}{person.account_id}", person.account_id)


async def find_program(request: Request) -> Actor:
    """Find for whom the key in `Authorization: Bearer KEY` acts. Raises Forbidden."""
    context = get_context(request)
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() == "bearer":
        if hmac.compare_digest(key.encode(), context.settings.keys.api.encode()):
            return SETTING_KEY
        known: KnownKeys = request.app.state.known_keys
        now = context.real_now()
        if actor := known.find(key, now) or await run_in_threadpool(known.recognise, key, now):
            return actor
    raise Forbidden(
        "Authorization: give 'Bearer KEY'; KEY is one that `selvedge keys create` made and that is in force, or "
        'SELVEDGE_API_KEY or, without one, "api" in keys.json under SELVEDGE_HOME'
    )


async def require_caller(request: Request) -> Caller:
    """Return who asks. Raises SignInNeeded for nobody."""
    caller = await identify(request)
    if caller is None:
        raise SignInNeeded("sign in to see this")
    return caller


async def _provide_actor(request: Request) -> Actor:
    return (await require_caller(request)).actor


Asker = Annotated[Caller, Depends(require_caller)]
"""The parameter by which a route of the pages receives who asks."""
By = Annotated[Actor, Depends(_provide_actor)]
"""The parameter by which a route receives the actor: for every service that changes something."""


def get_caller(request: Request) -> Caller | None:
    """Return who asks, where a rule has found out; None on pages that are open to all."""
    caller: Caller | None = getattr(request.state, "caller", None)
    return caller


def get_client_address(request: Request) -> str:
    """Return the network address that the request came from."""
    return request.client.host if request.client else ""


def list_cookie_options(settings: Settings) -> Mapping[str, bool | str]:
    """List what every cookie of ours has. Lax: a link in a mail to staff leads to its page, and no other site's form
    brings the cookie along."""
    return {"httponly": True, "samesite": "lax", "secure": settings.base_url.startswith("https:"), "path": "/"}
