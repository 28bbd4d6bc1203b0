"""Carry out what an operator asks of a client's mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from commands.shared.actor import get_command_actor
from commands.shared.runtime import open_database
from models.lifecycle import Command
from settings import load


def steer_client(client_id: str, **fields: Any) -> None:
    """Carry out a command on a client's mail. Their workflow looks once Temporal is there."""
    from services.clients import steering  # noqa: PLC0415

    settings = load()
    command = Command.model_validate({"at": datetime.now(UTC), **fields})
    steering.steer_client(open_database(settings), get_command_actor(), settings.keys.signing, client_id, command)
