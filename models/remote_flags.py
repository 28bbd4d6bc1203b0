"""The OpenFeature Remote Evaluation Protocol (https://openfeature.dev/specification/appendix-c): what is asked about
flags over HTTP, and what is answered. Field names are those of the protocol."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from models.base import ID_PATTERN, Contract
from models.flags import FlagSlug, FlagValue


class RemoteContext(Contract):
    """Whom an evaluation is about; further attributes change nothing."""

    targetingKey: Annotated[str, Field(pattern=ID_PATTERN)]
    """A client's id, or the id of a visit."""


class RemoteEvaluation(Contract):
    """A request to evaluate one flag, or all."""

    context: RemoteContext


class RemoteFlag(Contract):
    """What a flag says. Without `value` the code's own default holds: who asks is in none of its arms, or in one that
    changes nothing."""

    key: FlagSlug
    reason: Literal["SPLIT", "DEFAULT"]
    variant: str
    """The arm; empty: in none."""
    value: FlagValue | dict[str, Any] | None = None


class RemoteFlags(Contract):
    """What all flags that run say."""

    flags: tuple[RemoteFlag, ...]


class RemoteFault(Contract):
    """Why nothing was evaluated."""

    key: str | None = None
    errorCode: Literal["PARSE_ERROR", "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "FLAG_NOT_FOUND"]
    errorDetails: str
