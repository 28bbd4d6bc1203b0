"""`selvedge web`: serve the API, the pages and the mailbox."""

from __future__ import annotations

import errno
import socket
import sys

import click

from errors import ConfigError
from listening_socket import bind_listener
from private_files import warn_of_open_files
from settings import Settings, load


@click.command("web")
@click.option("--host", default=None, help="Address to listen on; SELVEDGE_WEB_HOST otherwise.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="SELVEDGE_WEB_PORT otherwise.")
@click.option("--openapi", is_flag=True, help="Print the API's OpenAPI document and serve nothing.")
def command(host: str | None, port: int | None, openapi: bool) -> None:
    """Serve the API, the pages and the mailbox until stopped."""
    if openapi:
        print_document()
        return
    overrides = {name: value for name, value in (("web_host", host), ("web_port", port)) if value is not None}
    serve(load(**overrides))


def print_document() -> None:
    """Print the OpenAPI document as it stands in docs/openapi.json."""
    from web.api.document import render_document  # noqa: PLC0415 - FastAPI

    click.echo(render_document(), nl=False)


def serve(settings: Settings) -> None:
    """Bring the schema up to date and serve. Raises ConfigError naming the variable when the port is taken."""
    from hosting.http_server import build_server  # noqa: PLC0415 - heavy; not before the arguments are known to be good
    from services.schema import bring_up_to_date  # noqa: PLC0415
    from services.team.invitations import DAYS, LinkBase, build_first_link  # noqa: PLC0415
    from services.team.open_pages import require_made_up_people  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415
    from web.app import create_app  # noqa: PLC0415

    if line := warn_of_open_files(settings.home):
        click.echo(f"selvedge: {line}", err=True)
    if not settings.smtp_url:  # the mailbox opens within the server, which would answer a taken port with a traceback
        open_listener("127.0.0.1", settings.mailbox_port, "SELVEDGE_MAILBOX_PORT").close()
    with open_listener(settings.web_host, settings.web_port) as listener:
        engine = connect(settings.database)
        bring_up_to_date(engine, settings)
        if settings.open_pages:
            require_made_up_people(engine)
        base = LinkBase(settings.base_url, settings.keys.signing)
        if not settings.open_pages and (link := build_first_link(engine, base)):
            click.echo(f"Nobody can sign in yet. Within {DAYS} days this link makes the owner, once:\n{link}", err=True)
        engine.dispose()
        server = build_server(create_app(settings), settings)
        # Answers share the interpreter with the threads that rank lists: it changes hands after half a millisecond.
        sys.setswitchinterval(0.0005)
        click.echo(f"Serving http://{settings.web_host}:{settings.web_port}", err=True)
        server.run(sockets=[listener])


def open_listener(host: str, port: int, variable: str = "SELVEDGE_WEB_PORT") -> socket.socket:
    """Return a socket bound to `host` and `port`.

    Raises: ConfigError naming `variable`, the setting of the port, or SELVEDGE_WEB_HOST."""
    try:
        return bind_listener(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"{variable}: port {port} on {host} is taken; set another") from None
        raise ConfigError(f"SELVEDGE_WEB_HOST: cannot listen on {host}:{port} ({error.strerror})") from None
