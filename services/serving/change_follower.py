"""Follows what changes in the database, off the path of requests: stock, catalogue, models, the clock and clients."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Final

from sqlalchemy import Connection, Engine

from domain.visit_ids import is_visit_key
from models.base import ClientId
from models.clock import Clock
from models.slot_policies import BUILT_IN
from services.flags.running_flags import RunningFlags
from services.recommendations.ranking_state import read_items_part
from services.recommendations.recommender import Recommender
from services.repeated_work import RepeatedWork
from services.serving.client_lists import ClientList, ListCache, RankingChoice
from services.serving.list_builder import ListBuilder
from services.serving.serving_helper import ServingHelper
from services.serving.serving_metrics import follower_lag, lists_in_memory, lists_refreshed
from store import clock
from store.clients import client_changes
from store.clients.clients import find_existing
from store.database import read_transaction, write_transaction
from store.experiments import visit_tallies
from store.experiments.flags import FLAGS
from store.privacy.erasure import ERASED_CLIENTS
from store.revisions import load_number
from store.visits import visits

EVERY_SECONDS: Final = 0.15
"""Real seconds between two looks; with the work of one look an event shows well within a second."""
TOGETHER: Final = 200
"""Clients whose lists are refreshed between two looks at the clock and the stock."""
STALE_SECONDS: Final = 600.0
"""Age from which a list that is asked for is ranked again, since the season and the trend move on."""
TIDY_SECONDS: Final = 60.0
REREAD_SECONDS: Final = 1.0
"""Real seconds between two looks at the numbers before the last one, of which some may be committed late."""


class ChangeFollower:
    """The thread. `now` gives business time without a look at the database."""

    def __init__(
        self,
        engine: Engine,
        recommender: Recommender,
        lists: ListCache,
        flags: RunningFlags,
        helper: ServingHelper | None = None,
    ) -> None:
        self._engine, self._recommender, self._lists, self._helper = engine, recommender, lists, helper
        self._flags, self._flags_number = flags, 0
        self.builder = ListBuilder(recommender)
        self._clock = Clock()
        self._number, self._seen = 0, set[int]()
        self._erasures = 0
        self._wanted: dict[str, None] = {}
        self._tidied = time.monotonic()
        self._reread = time.monotonic()
        self._work = RepeatedWork("changes", self._look, EVERY_SECONDS, "changes cannot be followed")

    def start(self) -> None:
        """Take the present state as known, and begin to follow. Raises Unavailable without a database."""
        with read_transaction(self._engine) as connection:
            self._clock = clock.load_clock(connection, datetime.now(UTC))
            self._number = client_changes.find_latest(connection)
            self._erasures = load_number(connection, ERASED_CLIENTS)
            self._follow_flags(connection)
        self._recommender.load_current(self.now())
        self._work.start()

    def now(self) -> datetime:
        """Return business time by the clock as last read."""
        return self._clock.business(datetime.now(UTC))

    def refresh_soon(self, client_id: str) -> None:
        """Have a client's list ranked again with the next look."""
        self._wanted[client_id] = None

    def close(self) -> None:
        """End the thread."""
        self._work.close()

    def _look(self) -> None:
        """Take up what changed since the last look."""
        started = time.monotonic()
        with read_transaction(self._engine) as connection:
            self._clock = clock.load_clock(connection, datetime.now(UTC))
            self._collect_changes(connection)
            self._follow_flags(connection)
            if (erasures := load_number(connection, ERASED_CLIENTS)) != self._erasures:
                known = [one for one in self._lists.list_clients() if not is_visit_key(one)]
                self._lists.drop(set(known) - find_existing(connection, known))
                self._erasures = erasures
        self._recommender.load_current(self.now())
        self._refresh_wanted()
        lists_in_memory.set(len(self._lists))
        if time.monotonic() - self._tidied > TIDY_SECONDS:
            self._tidied = time.monotonic()
            with write_transaction(self._engine) as connection:
                client_changes.delete_old(connection)
                before = self.now() - timedelta(hours=self._recommender.settings.visit_hours)
                visit_tallies.add_old(connection, before)
                visits.delete_old(connection, before)
        follower_lag.set(time.monotonic() - started)

    def _follow_flags(self, connection: Connection) -> None:
        if (number := load_number(connection, FLAGS)) != self._flags_number:
            self._flags.load(connection)
            self._lists.drop_choices()  # of flags that stopped, nobody asks for them any more
            self._flags_number = number

    def _collect_changes(self, connection: Connection) -> None:
        again = time.monotonic() - self._reread > REREAD_SECONDS
        if again:
            self._reread = time.monotonic()
        changes = client_changes.load_changes(connection, self._number, again=again)
        if not changes:
            return
        if client_changes.find_oldest(connection) > self._number + 1:
            self._lists.drop(self._lists.list_clients())  # so far behind that changes are missing
        fresh = [change for change in changes if change.number not in self._seen]
        self._number = max(self._number, changes[-1].number)
        self._seen = {change.number for change in changes} | (set() if again else self._seen)
        for client_id in self._lists.select_known(change.client_id for change in fresh):
            self._wanted[client_id] = None

    def _refresh_wanted(self) -> None:
        while self._wanted and not self._work.is_closed:
            batch = list(islice(self._wanted, TOGETHER))
            for client_id in batch:  # taken before they are read: who changes from here on is wanted again
                del self._wanted[client_id]
            try:
                fresh = self._rank_again(batch, None)
                for choice, client_ids in self._lists.list_choices(batch).items():
                    fresh += self._rank_again(client_ids, choice)
            except BaseException:
                self._wanted |= dict.fromkeys(batch)
                raise
            self._lists.keep(fresh)
            self._lists.drop(set(batch) - {one.client_id for one in fresh})
            lists_refreshed.inc(len(fresh))

    def _rank_again(self, client_ids: list[ClientId], choice: RankingChoice | None) -> list[ClientList]:
        fresh = self._rank_beside(client_ids, choice)
        if fresh is None:
            with read_transaction(self._engine) as connection:
                fresh = list(self.builder.build(connection, client_ids, self.now(), choice))
        return fresh

    def _rank_beside(self, client_ids: list[ClientId], choice: RankingChoice | None) -> list[ClientList] | None:
        """Have the process beside this one rank lists; None where it cannot, or has another catalogue or model."""
        by_blend = choice is not None and choice.algorithm in (None, BUILT_IN)
        if self._helper is None or (self._recommender.has_algorithm and not by_blend):
            return None
        now = self.now()
        ranked = self._helper.rank_lists(client_ids, now, choice)
        state, generation = self._recommender.load_current(now), self._recommender.generation
        if ranked is None or (ranked.items, ranked.version) != (read_items_part(state.fingerprint), generation.model):
            return None
        catalogue, built = state.blend.catalogue, time.monotonic()
        return [
            ClientList(catalogue=catalogue, generation=generation, built=built, choice=choice, **one._asdict())
            for one in ranked.lists
        ]
