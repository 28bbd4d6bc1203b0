"""`/mcp`: the door of the web process for people's agents. Each request brings a key, and acts for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from errors import Forbidden, SelvedgeError
from models.actors import Actor, Channel
from web.auth.callers import find_program
from web.bodies import find_limit
from web.context import WebContext
from web.error_responses import answer_own_error
from web.mcp.acting_tools import list_acting_tools
from web.mcp.forwarding import Forwarder
from web.mcp.reading_tools import list_reading_tools
from web.mcp.server import RECOMMENDER, AgentDesk, AgentServer

PATH: Final = "/mcp"
_ACTOR: Final = "selvedge.actor"


def build_agent_server(desk: AgentDesk) -> AgentServer:
    """Build the server with all its tools."""
    return AgentServer(desk, [*list_reading_tools(), *list_acting_tools()])


class AgentDoor:
    """The ASGI app behind `/mcp`. It serves inside `run`. `elsewhere`: the address of the process that keeps sessions
    of agents, if it is not this one."""

    def __init__(self, context: WebContext, elsewhere: str = "") -> None:
        self._forwarder = Forwarder(elsewhere) if elsewhere else None
        desk = AgentDesk(context, _find_actor, context.settings.mcp_confirm)
        self._server = build_agent_server(desk)
        # Names of hosts are checked for all of the app (web/hosts.py).
        security = TransportSecuritySettings(enable_dns_rebinding_protection=False)
        self._app: Starlette = self._server.streamable_http_app(
            streamable_http_path=PATH, max_request_body_size=find_limit(PATH), transport_security=security
        )

    @asynccontextmanager
    async def run(self) -> AsyncIterator[None]:
        """Run what keeps sessions, inside the block."""
        async with self._server.session_manager.run():
            try:
                yield
            finally:
                if self._forwarder is not None:
                    await self._forwarder.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check the key of a request, and serve it."""
        request = Request(scope)
        try:
            actor = await find_program(request)
        except Forbidden as refused:
            answer = answer_own_error(request, refused)
            answer.headers["WWW-Authenticate"] = "Bearer"
            await answer(scope, receive, send)
        except SelvedgeError as refused:
            await answer_own_error(request, refused)(scope, receive, send)
        else:
            lent = scope["app"].state.recommender
            own = {**scope, _ACTOR: actor.model_copy(update={"channel": Channel.MCP}), RECOMMENDER: lent}
            await self._serve(own, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._forwarder is None:
            await self._app(scope, receive, send)
            return
        try:
            await self._forwarder(scope, receive, send)
        except SelvedgeError as away:
            await answer_own_error(Request(scope), away)(scope, receive, send)


def _find_actor(request: Any) -> Actor:
    """Find for whom a request acts: each brings its key anew, also within a session that another began."""
    actor: Actor | None = None if request is None else request.scope.get(_ACTOR)
    if actor is None:
        raise Forbidden("no key came with this request")
    return actor
