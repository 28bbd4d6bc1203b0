"""Train a model by command, on record with whose command it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from commands.shared.actor import get_command_actor
from commands.shared.runtime import load_business_time

if TYPE_CHECKING:
    from sqlalchemy import Engine

Result = TypeVar("Result")


def train_by_command(engine: Engine, model: str, train: Callable[[datetime], Result]) -> Result:
    """Train `model` up to business now, which `train` receives. Raises NotAllowed."""
    from services.training.requests import train_on_request  # noqa: PLC0415

    now = load_business_time(engine)
    return train_on_request(engine, get_command_actor(), model, lambda: train(now), now, datetime.now(UTC))
