"""Declare custom attributes, and set them on clients."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from domain.segments.attribute_values import Given, parse_attribute
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.attributes import MOST_ATTRIBUTES, Attribute, AttributeList, AttributeOrder, AttributeType
from models.base import ClientId
from models.events import Event
from models.segment_words import ATTRIBUTE_PATTERN
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.segments import attributes


def declare_attribute(
    engine: Engine, actor: Actor, name: str, order: AttributeOrder, now: datetime, real_now: datetime
) -> Attribute:
    """Declare an attribute, or change its meaning and whether mail may speak of it. Repeating it changes nothing.

    Raises: NotAllowed; BadInput for a wrong name, too many, or another type than it has.
    """
    permissions.require(actor, Action.DECLARE_ATTRIBUTE)
    if not re.fullmatch(ATTRIBUTE_PATTERN, name):
        raise BadInput("must be a lower-case letter, then letters, digits and _, at most 40", "name")
    with write_transaction(engine) as connection:
        known = {row.name: row for row in attributes.list_declared(connection)}
        _require_room(name, order.type, {key: row.type for key, row in known.items()})
        before = known.get(name)
        if before is None or (before.meaning, before.in_mail) != (order.meaning, order.in_mail):
            attributes.save_declaration(connection, name, order, actor.who, now)
            subject = Subject(kind=SubjectKind.DATA, id=f"attr.{name}")
            write_activity(connection, actor, Action.DECLARE_ATTRIBUTE, subject, now, real_now)
    return next(one for one in list_attributes(engine).attributes if one.name == name)


def _require_room(name: str, kind: AttributeType, known: Mapping[str, AttributeType]) -> None:
    if name in known and known[name] is not kind:
        raise BadInput(f"{name} is declared as {known[name]}; its type stays, declare another name", "type")
    if name not in known and len(known) >= MOST_ATTRIBUTES:
        raise BadInput(f"there are {MOST_ATTRIBUTES} attributes already, which is the most", "name")


def list_attributes(engine: Engine) -> AttributeList:
    """List the declared attributes, and how many clients have a value of each."""
    with read_transaction(engine) as connection:
        counts = attributes.count_values(connection)
        return AttributeList(
            attributes=tuple(
                Attribute(
                    name=row.name,
                    type=row.type,
                    meaning=row.meaning,
                    in_mail=row.in_mail,
                    declared_by=row.declared_by,
                    clients=counts.get(row.name, 0),
                )
                for row in attributes.list_declared(connection)
            )
        )


def set_attributes(
    connection: Connection, given: Mapping[ClientId, Mapping[str, Given]], now: datetime
) -> set[ClientId]:
    """Set attributes of clients that were checked before, and return the clients of whom one changed."""
    types, stored = attributes.load_types(connection), attributes.load_values(connection, given)
    changes = {
        client_id: {
            name: value
            for name, sent in values.items()
            if (value := parse_attribute(sent, types[name])) != stored.get(client_id, {}).get(name)
        }
        for client_id, values in given.items()
    }
    attributes.save_values(connection, changes, types, now)
    return {client_id for client_id, change in changes.items() if change}


def set_by_events(connection: Connection, events: Sequence[Event]) -> None:
    """Set the attributes that events carry, which were checked before. Of two values the later one holds, whichever
    arrives first; one that a file or a request set is as late as that."""
    if not events:
        return
    types = attributes.load_types(connection)
    latest: dict[tuple[ClientId, str], tuple[datetime, Given]] = {}
    for event in sorted(events, key=lambda one: (one.occurred_at, one.event_id)):
        for name, sent in event.attributes.items():
            latest[event.client_id, name] = (event.occurred_at, sent)
    stored = attributes.load_times(connection, {client_id for client_id, _ in latest})
    changes = [
        attributes.AttributeChange(client_id, name, parse_attribute(sent, types[name]), at)
        for (client_id, name), (at, sent) in latest.items()
        if at >= stored.get((client_id, name), at)
    ]
    attributes.save_changes(connection, changes, types)
