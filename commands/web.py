"""`selvedge web`: serve the API, the pages and the mailbox."""

from __future__ import annotations

import errno
import shutil
import socket
import sys
from typing import TYPE_CHECKING, Final

import click

from errors import ConfigError
from listening_socket import bind_listener
from private_files import warn_of_open_files
from settings import Settings, load, share_metrics

if TYPE_CHECKING:
    from web.process_place import ProcessPlace

BACKLOG: Final = 1_024


@click.command("web")
@click.option("--host", default=None, help="Address to listen on; SELVEDGE_WEB_HOST otherwise.")
@click.option("--port", type=click.IntRange(1, 65_535), default=None, help="SELVEDGE_WEB_PORT otherwise.")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="Processes; SELVEDGE_WEB_WORKERS otherwise.")
@click.option("--openapi", is_flag=True, help="Print the API's OpenAPI document and serve nothing.")
@click.pass_context
def command(context: click.Context, host: str | None, port: int | None, workers: int | None, openapi: bool) -> None:
    """Serve the API, the pages and the mailbox until stopped."""
    if openapi:
        print_document()
        return
    given = (("web_host", host), ("web_port", port), ("web_workers", workers))
    context.exit(serve(load(**{name: value for name, value in given if value is not None})))


def print_document() -> None:
    """Print the OpenAPI document as it stands in docs/openapi.json."""
    from web.api.document import render_document  # noqa: PLC0415 - FastAPI

    click.echo(render_document(), nl=False)


def serve(settings: Settings) -> int:
    """Bring the schema up to date, serve until told to stop, and return the exit status. Raises ConfigError naming the
    variable when the port is taken."""
    if line := warn_of_open_files(settings.home):
        click.echo(f"selvedge: {line}", err=True)
    if not settings.smtp_url:  # the mailbox opens within the server, which would answer a taken port with a traceback
        open_listener("127.0.0.1", settings.mailbox_port, "SELVEDGE_MAILBOX_PORT").close()
    with open_listener(settings.web_host, settings.web_port) as listener:
        if settings.web_workers > 1:
            return _serve_by_several(settings, listener)
        _prepare(settings)
        from web.process_place import ProcessPlace  # noqa: PLC0415 - heavy

        _serve_alone(settings, [listener], ProcessPlace(has_helper=settings.web_helper))
    return 0


def _prepare(settings: Settings) -> None:
    """Bring the schema up to date, and say how somebody signs in first."""
    from services.schema import bring_up_to_date  # noqa: PLC0415 - heavy; not before the arguments are known to be good
    from services.team.invitations import DAYS, LinkBase, build_first_link  # noqa: PLC0415
    from services.team.open_pages import require_made_up_people  # noqa: PLC0415
    from store.database import connect  # noqa: PLC0415

    engine = connect(settings.database)
    bring_up_to_date(engine, settings)
    if settings.open_pages:
        require_made_up_people(engine)
    base = LinkBase(settings.base_url, settings.keys.signing)
    if not settings.open_pages and (link := build_first_link(engine, base)):
        click.echo(f"Nobody can sign in yet. Within {DAYS} days this link makes the owner, once:\n{link}", err=True)
    engine.dispose()
    click.echo(f"Serving http://{settings.web_host}:{settings.web_port}", err=True)


def _serve_alone(
    settings: Settings, listeners: list[socket.socket], place: ProcessPlace, pipe: int | None = None
) -> None:
    """Serve in this process. `pipe`: into which it says that it serves."""
    from hosting.http_server import build_server  # noqa: PLC0415 - heavy
    from web.app import create_app  # noqa: PLC0415

    server = build_server(create_app(settings, place), settings, pipe)
    # Answers share the interpreter with the threads that rank lists: it changes hands after half a millisecond.
    sys.setswitchinterval(0.0005)
    server.run(sockets=listeners)
    if not server.started:
        sys.exit(1)


def _serve_by_several(settings: Settings, listener: socket.socket) -> int:
    """Serve by several processes, forks of this one, and return the exit status."""
    folder = settings.home.absolute() / "run" / f"web-{settings.web_port}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    share_metrics(folder)  # before anything defines a metric
    import web.app  # noqa: F401, PLC0415 - here once, for all forks
    from hosting.forked_processes import ForkedProcesses  # noqa: PLC0415
    from web.process_place import ProcessPlace, forget_process  # noqa: PLC0415

    _prepare(settings)
    with open_listener("127.0.0.1", 0) as inner:
        for one in (listener, inner):
            one.listen(BACKLOG)  # a connection waits while the process that takes it is replaced
        agents_at = f"http://127.0.0.1:{inner.getsockname()[1]}"

        def serve_as(number: int, pipe: int) -> None:
            place = ProcessPlace(number, folder, agents_at if number else "", settings.web_helper)
            _serve_alone(settings, [listener] if number else [listener, inner], place, pipe)

        return ForkedProcesses(settings.web_workers, serve_as, forget_process).run()


def open_listener(host: str, port: int, variable: str = "SELVEDGE_WEB_PORT") -> socket.socket:
    """Return a socket bound to `host` and `port`.

    Raises: ConfigError naming `variable`, the setting of the port, or SELVEDGE_WEB_HOST."""
    try:
        return bind_listener(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(f"{variable}: port {port} on {host} is taken; set another") from None
        raise ConfigError(f"SELVEDGE_WEB_HOST: cannot listen on {host}:{port} ({error.strerror})") from None
