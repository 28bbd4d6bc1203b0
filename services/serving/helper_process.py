"""The process beside a web process (`services/serving/serving_helper.py`); it ends when the web process does."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from typing import Any, Final

from sqlalchemy import Engine

from algorithms.blending.trend import Trend
from errors import SelvedgeError, Unavailable
from services.recommendations.ranking_state import RankingState, read_items_part
from services.recommendations.recommender import Recommender
from services.serving.change_follower import EVERY_SECONDS
from services.serving.decision_lines import LineSaver
from services.serving.helper_orders import (
    OrderKind,
    RankedList,
    RankedLists,
    RankOrder,
    SaveOrder,
    TrendAnswer,
    TrendOrder,
)
from services.serving.list_builder import ListBuilder
from settings import Settings
from store import clock
from store.database import connect, read_transaction

TREND_TRIES: Final = 3
"""Looks for a catalogue that the web process has seen already."""
AWAY_S: Final = 1.0
"""Seconds between two tries to begin while the database is away."""


class HelpedWork:
    """What a helper does. Its threads take orders of one kind each."""

    def __init__(self, settings: Settings) -> None:
        self._engine: Engine = connect(settings.database)
        self._recommender = Recommender(self._engine, settings, check_seconds=EVERY_SECONDS)
        self._builder = ListBuilder(self._recommender)
        self._save = LineSaver(self._engine)
        self._trend_number = 0
        self._trend: Trend | None = None
        with read_transaction(self._engine) as connection:
            now = clock.load_business_time(connection, datetime.now(UTC))
        self._recommender.load_current(now)

    def do(self, order: Any) -> Any:
        """Do what an order says and return the answer. Raises SelvedgeError."""
        if isinstance(order, SaveOrder):
            self._save(order.lines)
            return True
        if isinstance(order, RankOrder):
            return self._rank(order)
        return self._send_trend(order)

    def _rank(self, order: RankOrder) -> RankedLists:
        before = self._recommender.load_current(order.now)
        with read_transaction(self._engine) as connection:
            built = list(self._builder.build(connection, order.client_ids, order.now, order.choice))
        state = self._recommender.peek_state()
        # Where the catalogue or the model changed meanwhile, lists of both would be mixed: nobody takes them then.
        version = state.version if _is_same(before, state) else ""
        lists = tuple(
            RankedList(one.client_id, one.indices, one.scores, one.wears, one.hidden, one.origin, one.kept)
            for one in built
        )
        return RankedLists(read_items_part(state.fingerprint), version, lists)

    def _send_trend(self, order: TrendOrder) -> TrendAnswer:
        for _ in range(TREND_TRIES):
            state = self._recommender.load_current(order.now)
            if read_items_part(state.fingerprint) == order.items:
                break
            time.sleep(EVERY_SECONDS)
        else:
            return TrendAnswer("", None)
        trend = state.blend.trend
        if trend is not self._trend:
            self._trend, self._trend_number = trend, self._trend_number + 1
        number = f"{os.getpid()}-{self._trend_number}"
        return TrendAnswer(number, None if number == order.known else trend)


def _is_same(one: RankingState, other: RankingState) -> bool:
    return one.version == other.version and read_items_part(one.fingerprint) == read_items_part(other.fingerprint)


def main(handles: list[int]) -> None:
    """Answer orders until the web process closes the channels."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the web process, which ends this one
    channels: dict[OrderKind, Connection[Any, Any]] = dict(zip(OrderKind, map(Connection, handles), strict=True))
    try:
        work = begin(channels[OrderKind.LISTS])
        channels[OrderKind.LISTS].send(("", True))
    except (EOFError, OSError):  # the web process ended meanwhile
        return
    gc.freeze()
    threads = [threading.Thread(target=serve, args=(work, channel), name=name) for name, channel in channels.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def begin(channel: Connection[Any, Any]) -> HelpedWork:
    """Take the settings from the web process and begin, once the database answers. Raises EOFError where the web
    process ended meanwhile."""
    settings = channel.recv()
    while True:
        try:
            return HelpedWork(settings)
        except Unavailable:
            if channel.poll(AWAY_S):  # nothing comes before our answer but the end
                raise EOFError from None


def serve(work: HelpedWork, channel: Connection[Any, Any]) -> None:
    """Answer orders until the channel closes. A fault of our own closes it, so that the web process hears at once that
    it must do the work itself."""
    with channel:
        while True:
            try:
                order = channel.recv()
            except (EOFError, OSError):
                return
            try:
                reply: tuple[str, Any] = ("", work.do(order))
            except SelvedgeError as fault:
                reply = (str(fault) or fault.code, None)
            try:
                channel.send(reply)
            except OSError:
                return


if __name__ == "__main__":
    main([int(handle) for handle in sys.argv[1:]])
