"""Train a model that somebody asks for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from store.activity import write_activity
from store.database import write_transaction

Result = TypeVar("Result")


def train_on_request(
    engine: Engine, actor: Actor, model: str, train: Callable[[], Result], now: datetime, real_now: datetime
) -> Result:
    """Put on record that somebody has `model` trained, and train it; this may take minutes and holds no transaction.

    Raises: NotAllowed, before anything is read; what `train` raises.
    """
    permissions.require(actor, Action.TRAIN_MODEL)
    with write_transaction(engine) as connection:
        subject = Subject(kind=SubjectKind.MODEL, id=model)
        write_activity(connection, actor, Action.TRAIN_MODEL, subject, now, real_now)
    return train()
