"""The flags that run, in memory, and who is in which arm of them: nothing here waits for the database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.flags import RunningFlag, assign_arm
from models.flags import FlagEffect, FlagSlug
from store.experiments import flags

NOTHING_KEPT: Final[Mapping[FlagSlug, str]] = {}


class ArmChoice(NamedTuple):
    """The arm of somebody in a flag, and what it changes."""

    arm: str
    effect: FlagEffect


class RunningFlags:
    """One for a process. Replaced whole when a flag changed, so whoever reads sees one moment."""

    def __init__(self) -> None:
        self._flags: Mapping[FlagSlug, RunningFlag] = {}
        self.generation = 0
        """Raised with each change."""

    def __len__(self) -> int:
        return len(self._flags)

    def adopt(self, running: Iterable[RunningFlag]) -> None:
        """Take these flags in the place of those before."""
        self._flags = {flag.slug: flag for flag in running}
        self.generation += 1

    def load(self, connection: Connection) -> None:
        """Take the flags that run as the store has them."""
        self.adopt(row.build_running() for row in flags.list_running(connection))

    def list_at(self, context: str, placement: str) -> list[FlagSlug]:
        """List the flags that hold at a placement of a page."""
        return [slug for slug, flag in self._flags.items() if flag.holds_at(context, placement)]

    def list_all(self) -> list[RunningFlag]:
        """List the flags that run, by slug."""
        return [self._flags[slug] for slug in sorted(self._flags)]

    def knows(self, slug: FlagSlug) -> bool:
        """Return whether this flag runs."""
        return slug in self._flags

    def choose_arm(self, slug: FlagSlug, subject: str, kept: Mapping[FlagSlug, str] = NOTHING_KEPT) -> ArmChoice | None:
        """Choose the arm of a client or visit; None for who is not in the flag, and for a flag that does not run."""
        running = self._flags
        flag = running.get(slug)
        arm = None if flag is None else assign_arm(flag, running, subject, kept)
        return None if flag is None or arm is None else ArmChoice(arm, flag.effects[arm])
