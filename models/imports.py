"""A file that somebody sends in to be imported: how it is written, how far it is, and what came of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from pydantic import Field

from models.base import Contract

ImportKind = Literal["clients", "catalogue", "stock", "events"]


class ImportState(StrEnum):
    """The states of an import."""

    UPLOADED = "uploaded"
    """Nothing of it is in: its columns wait to be confirmed."""
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Nothing more can be read of it; `reason` says why. The rows before are in."""


class ImportJob(Contract):
    """One import. `columns`: our names and the file's; `progress` and `total`: how much of the file is read."""

    import_id: str
    kind: ImportKind
    name: str
    size: int
    by: str
    at: datetime
    state: ImportState = ImportState.UPLOADED
    delimiter: str = ""
    encoding: str = ""
    lists: str = "|"
    columns: dict[str, str] = Field(default_factory=dict)
    start: bool = False
    whole: bool = False
    confirmed: bool = False
    progress: int = 0
    total: int = 0
    summary: dict[str, Any] = Field(default_factory=dict)
    reason: str = ""
