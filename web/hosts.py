"""By which names this server is reached. A hostile page that points a name of its own at us reads nothing."""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from settings import Settings

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def list_hosts(settings: Settings) -> frozenset[str]:
    """List the names and addresses of this server: the local ones, that of its public address, the one that it
    listens on, and those of SELVEDGE_WEB_NAMES. To listen on all addresses adds no name."""
    own = {"127.0.0.1", "::1", "localhost", read_name(settings.base_url.partition("://")[2].partition("/")[0])}
    listened = {settings.web_host} - set(EVERYWHERE)
    more = {name.strip().lower() for name in settings.web_names.split(",")}
    return frozenset((own | listened | more) - {""})


def read_name(host: str) -> str:
    """Read the name in a Host header, in lower case: without the port, and without the brackets of an IPv6 address."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


class HostNames:
    """Middleware that answers 400 to whoever asks for another name."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
            if read_name(host) not in self._names:
                text = "This name is not served here; SELVEDGE_PUBLIC_URL and SELVEDGE_WEB_NAMES say which are."
                await PlainTextResponse(text, 400)(scope, receive, send)
                return
        await self._app(scope, receive, send)
