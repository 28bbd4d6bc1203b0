"""Apply what signals and updates of a client's workflow asked for."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from models.base import ClientId
from models.clock import Clock
from models.lifecycle import Command
from store.clients import holds


def apply_commands(connection: Connection, client_id: ClientId, commands: Sequence[Command], clock: Clock) -> None:
    """Apply what signals and updates asked for. Applying it twice is applying it once."""
    for command in commands:
        match command.kind:
            case "pause":
                holds.add_hold(connection, client_id, command.source, command.reason, clock.business(command.at))
            case "resume":
                holds.remove_hold(connection, client_id, command.source, command.overdue)
            case "adjust" if command.policy is not None:
                holds.save_policy(connection, client_id, command.policy)
