"""The rule of each route: what somebody must be allowed to do or read. A test walks all routes and finds each one's."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Depends, Request
from fastapi.dependencies.models import Dependant

from domain import permissions
from domain.permissions import Permission
from errors import NotAllowed, SelvedgeError
from web.auth.callers import require_caller
from web.auth.forms import check_form

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class RouteRule:
    """A dependency: lets in whoever may do or read one of `wishes`. Raises SignInNeeded, NotAllowed."""

    def __init__(self, *wishes: Permission) -> None:
        self.wishes = wishes

    async def __call__(self, request: Request) -> None:
        """Check the caller."""
        actor = (await require_caller(request)).actor
        if not any(permissions.may(actor, wish) for wish in self.wishes):
            permissions.require(actor, self.wishes[0])


class PublicRoute:
    """A dependency that lets in everybody; it says why."""

    def __init__(self, why: str) -> None:
        self.why = why

    async def __call__(self) -> None:
        """Let in everybody."""


def needs(*wishes: Permission) -> Any:
    """Build the rule of a route: `dependencies=[needs(Action.PAUSE_CLIENT)]`. Of several, one is enough."""
    return Depends(RouteRule(*wishes))


def open_to_all(why: str) -> Any:
    """Build the rule of a route that needs no sign-in."""
    return Depends(PublicRoute(why))


def find_rule(dependant: Dependant) -> RouteRule | PublicRoute | None:
    """Find the rule of a route among its dependencies."""
    calls = (dependency.call for dependency in dependant.dependencies)
    return next((call for call in calls if isinstance(call, RouteRule | PublicRoute)), None)


async def admit(request: Request) -> None:
    """Let in who is signed in and may ask for this route, and posts that one of their pages sent. Every page of the
    console asks this first; the form of whoever may not is not read."""
    caller = await require_caller(request)
    rule = find_rule(request.scope["route"].dependant)
    if isinstance(rule, RouteRule):
        await rule(request)
    if request.method not in SAFE and not caller.is_program:
        try:
            await check_form(request)
        except SelvedgeError:
            await request.close()  # a file that came with it is not kept
            raise


async def require_person(request: Request) -> None:
    """Raise NotAllowed for a program, which has no account of its own. For `Depends`."""
    if not (await require_caller(request)).account_id:
        raise NotAllowed("this is about somebody's own account: sign in as a person")
