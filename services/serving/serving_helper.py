"""A process beside a web process that ranks lists, counts trends and saves decisions: threads that did would hold the
interpreter while answers wait for it (docs/serving.md).

Whatever happens to it, the web process does the same work itself until another stands.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from multiprocessing.connection import Connection
from typing import Any, Final

from algorithms.blending.trend import Trend
from errors import Unavailable
from models.base import ClientId
from services.repeated_work import RepeatedWork
from services.serving.client_lists import RankingChoice
from services.serving.helper_orders import OrderKind, RankedLists, RankOrder, SaveOrder, TrendAnswer, TrendOrder
from settings import Settings, copy_environment

MODULE: Final = "services.serving.helper_process"
METRICS: Final = "PROMETHEUS_MULTIPROC_DIR"
LOOK_S: Final = 0.5
START_S: Final = 120.0
PATIENCE_S: Final = 60.0
"""For which an answer may take; then it counts as hanging, and is killed."""

log = logging.getLogger(__name__)


class HelperGone(Exception):
    """The helper ended or hangs; what it was asked for is to be done here."""


class OrderChannel:
    """Orders of one kind and their answers, one after another. Safe from many threads. `theirs`: the helper's end."""

    def __init__(self) -> None:
        self._socket, self.theirs = socket.socketpair()
        self._connection = Connection(os.dup(self._socket.fileno()))
        self._lock = threading.Lock()

    def ask(self, order: Any, patience: float) -> Any:
        """Return the answer to an order. Raises HelperGone, and Unavailable where the helper met that."""
        with self._lock:
            try:
                self._connection.send(order)
                if not self._connection.poll(patience):
                    raise HelperGone("hangs")
                fault, answer = self._connection.recv()
            except (EOFError, OSError):
                raise HelperGone("ended") from None
        if fault:
            raise Unavailable(fault)
        return answer

    def close(self) -> None:
        """Close it; whoever waits for an answer hears that the helper ended."""
        with suppress(OSError):  # it is closed already
            self._socket.shutdown(socket.SHUT_RDWR)
        with self._lock:  # nobody uses it any more: the number of what is closed belongs to the next file opened
            self._connection.close()
            self._socket.close()


class _HelperProcess:
    """One process that stands, with a channel for each kind of order."""

    def __init__(self, settings: Settings) -> None:
        self._ending = threading.Lock()
        self._channels = {name: OrderChannel() for name in OrderKind}
        theirs = [channel.theirs for channel in self._channels.values()]
        handles = [one.fileno() for one in theirs]
        command = [sys.executable, "-m", MODULE, *map(str, handles)]
        path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command, pass_fds=handles, stdin=subprocess.DEVNULL, start_new_session=True,
            # Without a folder of metrics: nobody would forget those of a helper that ended.
            env={key: value for key, value in copy_environment().items() if key != METRICS} | {"PYTHONPATH": path},
        )  # fmt: skip
        for one in theirs:
            one.close()
        try:
            self.ask(OrderKind.LISTS, settings, START_S)
        except BaseException:
            self.end()
            raise

    def ask(self, channel: OrderKind, order: Any, patience: float = PATIENCE_S) -> Any:
        """Return the answer to an order. Raises HelperGone and Unavailable, as the channel does."""
        return self._channels[channel].ask(order, patience)

    def is_alive(self) -> bool:
        """Return whether the process runs."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process: it finishes what it is at, within two seconds. Safe to call again."""
        with self._ending:
            for channel in self._channels.values():
                channel.close()
            try:
                self._process.wait(2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


class ServingHelper:
    """Keeps a helper standing. Safe from many threads; each question is answered with None while none stands."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._standing: _HelperProcess | None = None
        self._work = RepeatedWork("helper", self._keep_up, LOOK_S, "no process beside this one can be started")

    def start(self) -> None:
        """Begin to keep a helper standing."""
        self._work.start()

    def close(self) -> None:
        """End the helper."""
        self._work.close()
        standing, self._standing = self._standing, None
        if standing is not None:
            standing.end()

    @property
    def is_standing(self) -> bool:
        """Whether a helper stands."""
        return self._standing is not None

    def save_decisions(self, lines: Sequence[bytes]) -> bool:
        """Save lines of the spool; return whether that was done. Raises Unavailable."""
        return self._ask(OrderKind.DECISIONS, SaveOrder(tuple(lines))) is not None

    def rank_lists(
        self, client_ids: Sequence[ClientId], now: datetime, choice: RankingChoice | None = None
    ) -> RankedLists | None:
        """Rank the lists of these clients at business `now` by the blend; `choice`: with other weights. Raises
        Unavailable."""
        ranked: RankedLists | None = self._ask(OrderKind.LISTS, RankOrder(tuple(client_ids), now, choice))
        return ranked

    def load_trend(self, items: str, known: str, now: datetime) -> TrendAnswer | None:
        """Load the trend over the catalogue of the fingerprint `items`; without one where `known` is the latest."""
        answer: TrendAnswer | None = self._ask(OrderKind.TREND, TrendOrder(items, known, now))
        return answer

    def _ask(self, channel: OrderKind, order: Any) -> Any:
        standing = self._standing
        if standing is None:
            return None
        try:
            return standing.ask(channel, order)
        except HelperGone as gone:
            if self._standing is standing:
                self._standing = None
                log.error("the process that ranks lists %s; this one ranks until another stands", gone)
                standing.end()
            return None

    def _keep_up(self) -> None:
        standing = self._standing
        if standing is not None and standing.is_alive():
            return
        if standing is not None:
            log.error("the process that ranks lists ended; another is started")
            self._standing = None
            standing.end()
        try:
            self._standing = started = _HelperProcess(self._settings)
        except HelperGone as gone:
            log.error("the process that ranks lists %s while it started; another is started", gone)
            return
        if self._work.is_closed:  # it was closed while this one started
            started.end()


class SharedTrend:
    """The trend as the helper last counted it, in the place of counting it here."""

    def __init__(self, helper: ServingHelper) -> None:
        self._helper = helper
        self._known, self._items = "", ""

    def load(self, items: str, now: datetime, *, needed: bool) -> Trend | None:
        """Load the trend over the catalogue of the fingerprint `items`; None where it has not changed or is not to be
        had. `needed`: the caller has none."""
        known = "" if needed or items != self._items else self._known
        try:
            answer = self._helper.load_trend(items, known, now)
        except Unavailable:
            answer = None
        if answer is None or answer.trend is None:
            return None
        self._known, self._items = answer.number, items
        return answer.trend

    def is_there(self) -> bool:
        """Return whether a helper counts."""
        return self._helper.is_standing
