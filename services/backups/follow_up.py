"""Keep the register up to date: what was erased, refused and sent since the last look."""

from __future__ import annotations

import time
from collections import deque
from datetime import timedelta
from typing import Final

from services import metrics
from services.backups.creation import list_backups, require_folder
from services.backups.register import Register, load_seen
from services.context import ServiceContext
from store.backups.register_rows import find_last_step, list_mails, list_refusals
from store.database import read_transaction

RECENT: Final = timedelta(days=2)
"""Business time within which refusals are looked for at each look; all of them now and then."""
ALL_EVERY_S: Final = 3_600.0
OVERLAP_S: Final = 60.0
"""Real seconds after which no transaction with an older number is still to come."""


class RegisterKeeper:
    """Copies what is new into the register, and says how old the newest backup is."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        folder = require_folder(context.settings)
        self._register = Register(folder, timedelta(days=context.settings.backup_days))
        seen = load_seen(folder)
        self._steps: deque[tuple[float, int]] = deque([(time.monotonic(), max(0, seen[1] - 1_000) if seen else 0)])
        self._all_at = float("-inf")

    def keep(self) -> int:
        """Look once; return how many entries were new. Raises Unavailable."""
        real_now, looked = self._context.wall(), time.monotonic()
        everything = looked - self._all_at > ALL_EVERY_S
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, real_now)
            last = find_last_step(connection)
            entries = list(list_refusals(connection, None if everything else now - RECENT))
            after = self._find_first_step(last, looked)
            entries += list_mails(connection, self._context.settings.keys.signing, after)
        written = self._register.write(entries, real_now, after)
        if everything:
            self._all_at = looked
        self._steps.append((looked, last))
        self._set_gauges(real_now.timestamp())
        return written

    def _find_first_step(self, last: int, looked: float) -> int:
        """Find the step after which to look: the last of a minute ago, since numbers are not given out in the order in
        which they are committed."""
        while len(self._steps) > 1 and looked - self._steps[1][0] > OVERLAP_S:
            self._steps.popleft()
        if self._steps[0][1] > last:  # the store was restored
            self._steps = deque([(looked, 0)])
        return self._steps[0][1]

    def _set_gauges(self, seen: float) -> None:
        metrics.register_time.set(seen)
        made = [note.taken_at.timestamp() for note in list_backups(self._register.folder)[:1]]
        metrics.backup_time.set(made[0] if made else 0)
