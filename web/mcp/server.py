"""The server of the Model Context Protocol: its tools, and for whom each call acts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, cast

from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools import Tool
from mcp.server.request_state import RequestStateSecurity

from domain import permissions
from domain.permissions import Permission
from errors import SelvedgeError
from models.actors import Actor
from web.context import WebContext

ABOUT: Final = (
    "Selvedge mails the clients of a styling shop, by lifecycle and campaigns. Ask why a client is not mailed, count "
    "segments, read key figures, drafts and lift. What changes something asks a person first, and is put on record."
)
RECOMMENDER: Final = "selvedge.recommender"
"""Under which name a request brings what the web process recommends by."""
FindActor = Callable[[Any], Actor]
"""Finds for whom a request acts, given the request of the transport."""


@dataclass(frozen=True)
class AgentDesk:
    """What the tools work with. `confirm`: whether a person must say yes to each act."""

    context: WebContext
    find_actor: FindActor
    confirm: bool


class AgentServer(MCPServer[Any]):
    """The server with its desk, which tools reach through the context of a call."""

    def __init__(self, desk: AgentDesk, tools: list[Tool]) -> None:
        self.desk = desk
        key = hashlib.sha256(f"mcp/state:{desk.context.settings.keys.signing}".encode()).digest()

        def name_actor(request: ServerRequestContext[Any, Any]) -> str:
            return desk.find_actor(request.request).who

        # A question may be answered at another process, by whoever was asked and nobody else.
        state = RequestStateSecurity(keys=[key], bind_principal=name_actor)
        super().__init__(
            "selvedge",
            title="Selvedge",
            tools=tools,
            instructions=ABOUT,
            version=version("selvedge"),
            log_level="WARNING",
            request_state_security=state,
        )


@dataclass(frozen=True)
class AgentCall:
    """One call of a tool: the desk, and for whom it acts."""

    desk: AgentDesk
    actor: Actor

    @property
    def context(self) -> WebContext:
        """Settings, database and clocks."""
        return self.desk.context


@contextmanager
def enter_call(ctx: Context[Any, Any], wish: Permission) -> Iterator[AgentCall]:
    """Begin a call: find for whom it acts, and require that they may. Every error of ours is told to the agent, in one
    line; any other says nothing of what happened inside."""
    desk = cast("AgentServer", ctx.mcp_server).desk
    try:
        actor = desk.find_actor(ctx.request_context.request)
        permissions.require(actor, wish)
        yield AgentCall(desk, actor)
    except SelvedgeError as refused:
        raise ToolError(getattr(refused, "public", str(refused))) from None
