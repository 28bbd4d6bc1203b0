"""The ports that the stack needs, and the variable that moves each."""

from __future__ import annotations

import socket
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from errors import ConfigError
from settings import Settings


class Port(NamedTuple):
    """A port on this machine, what it is for, and the variable that names it."""

    number: int
    what: str
    variable: str


def list_ports(settings: Settings) -> list[Port]:
    """List every port that the stack listens on."""
    _, _, temporal = settings.temporal_address.rpartition(":")
    return [
        Port(settings.web_port, "the web process", "SELVEDGE_WEB_PORT"),
        Port(settings.demo_shop_port, "the demo's shop", "SELVEDGE_DEMO_SHOP_PORT"),
        Port(int(temporal), "Temporal", "SELVEDGE_TEMPORAL_ADDRESS"),
        Port(get_ui_port(settings), "the Temporal UI", "SELVEDGE_TEMPORAL_UI_URL"),
        *([] if settings.smtp_url else [Port(settings.mailbox_port, "the mailbox", "SELVEDGE_MAILBOX_PORT")]),
        Port(settings.worker_metrics_port, "the worker's metrics", "SELVEDGE_WORKER_METRICS_PORT"),
        Port(settings.worker_health_port, "the worker's health page", "SELVEDGE_WORKER_HEALTH_PORT"),
    ]


def get_ui_port(settings: Settings) -> int:
    """Return the port of the Temporal UI."""
    return urlsplit(settings.temporal_ui_url).port or _DEFAULT_UI


def require_free_ports(settings: Settings) -> None:
    """Require that all ports are free.

    Raises: ConfigError that names the ports which are taken, and the variables that move them.
    """
    taken = [port for port in list_ports(settings) if not _is_free(port.number)]
    if taken:
        names = "; ".join(f"{port.variable}: port {port.number}, for {port.what}, is taken" for port in taken)
        raise ConfigError(f"{names}. Stop what listens there or set another")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_DEFAULT_UI: Final = 8233
