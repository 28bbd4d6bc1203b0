"""The routes that are asked most, answered before the framework looks for a route, in plain ASGI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import SelvedgeError
from web.api.routing import QuickRoute

METHOD: Final = "GET"


class QuickPaths:
    """Middleware that calls the handlers of quick routes itself: to find a route among all and to prepare its call
    takes longer than these handlers. What they refuse goes the long way once more, which says why."""

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self._app = app
        routes = (route for router in routers for route in router.routes if isinstance(route, QuickRoute))
        self._handlers = {route.path: (route, route.get_route_handler()) for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        quick = self._handlers.get(scope["path"]) if scope.get("method") == METHOD else None
        if quick is None:
            await self._app(scope, receive, send)
            return
        route, handle = quick
        scope["route"] = route  # the count of answers names it
        try:
            answer = await handle(Request(scope, receive))
        except SelvedgeError:
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)
