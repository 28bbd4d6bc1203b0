"""Hold a client's mail, release it, and set what the client asked of it: from commands, pages and the API at once, from
signals with the next assessment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from errors import NotFound
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.clock import Clock
from models.lifecycle import Command
from store import clock as stored_clock
from store.activity import write_activity
from store.clients import clients, holds
from store.database import write_transaction
from store.events import outbox
from store.privacy import erasure

ACTIONS: Final[Mapping[str, Action]] = {
    "pause": Action.PAUSE_CLIENT,
    "resume": Action.RESUME_CLIENT,
    "adjust": Action.SET_CLIENT_POLICY,
}


def steer_client(engine: Engine, actor: Actor, signing_key: str, client_id: ClientId, command: Command) -> None:
    """Carry out what somebody asks of a client's mail, and nudge the client's workflow.

    Raises: NotAllowed; NotFound for an unknown client, ErasedClient for one who was or is being erased.
    """
    permissions.require(actor, ACTIONS[command.kind])
    with write_transaction(engine) as connection:
        erasure.require_not_erasing(connection, signing_key, client_id)
        if not clients.lock_client(connection, client_id):
            raise NotFound("no client has this id", "client_id")
        apply_commands(connection, actor, client_id, [command], stored_clock.load_clock(connection))
        outbox.push_nudges(connection, "client", [client_id], command.at)


def apply_commands(
    connection: Connection, actor: Actor, client_id: ClientId, commands: Sequence[Command], clock: Clock
) -> None:
    """Apply commands in their order; applying them twice is applying them once. A client who is not there, such as one
    who was erased, has nothing to hold. Raises NotAllowed."""
    if not clients.lock_client(connection, client_id):
        return
    for command in commands:
        permissions.require(actor, ACTIONS[command.kind])
        if _apply(connection, client_id, command, clock):
            subject = Subject(kind=SubjectKind.CLIENT, id=client_id)
            at = clock.business(command.at)
            write_activity(connection, actor, ACTIONS[command.kind], subject, at, command.at, _describe(command))


def _apply(connection: Connection, client_id: ClientId, command: Command, clock: Clock) -> bool:
    """Apply one command, and return whether it changed anything."""
    match command.kind:
        case "pause":
            at = clock.business(command.at)
            return holds.add_hold(connection, client_id, command.source, command.reason, at, command.until)
        case "resume":
            return holds.remove_hold(connection, client_id, command.source, command.overdue)
        case "adjust":
            return command.policy is not None and holds.save_policy(connection, client_id, command.policy)


def _describe(command: Command) -> dict[str, Any]:
    """Describe a command in codes for the log; a reason is free text, and stands with the hold, and
    wishes with the client."""
    match command.kind:
        case "pause" if command.until is not None:
            return {"until": command.until.date().isoformat()}
        case "resume":
            return {"overdue": command.overdue}
        case "adjust" if command.policy is not None:
            return {"fields": sorted(command.policy.model_fields_set)}
    return {}
