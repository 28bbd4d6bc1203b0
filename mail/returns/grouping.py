"""Work that is cheaper together: what arrives while a group is worked on waits, and then goes as the next group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")

MOST_AT_ONCE: Final = 200
"""Questions of one group."""
GATHER_S: Final = 0.005
"""For so long a group waits for company, where the one before had some: a group costs far more than one more in it."""
LONGEST_S: Final = 0.025
"""For so long where more are expected, who are within a mail already."""


class GroupQueue(Generic[Question, Answer]):
    """Questions of one event loop, answered in groups by `answer`, one group at a time, in a thread.

    A lone question waits for nothing; under load each group is what came in during the one before it, and those who
    are about to ask.

    Args:
        answer: answers a group.
        count_expected: counts the questions that wait or come in a moment.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Question]], Sequence[Answer]],
        count_expected: Callable[[], int] = lambda: 0,
    ) -> None:
        self._answer, self._count_expected = answer, count_expected
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None
        self._busy = False
        self._arrived = asyncio.Event()

    async def ask(self, question: Question) -> Answer:
        """Answer the question. Raises what `answer` raises, to all who asked in that group."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        self._arrived.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            if self._busy:
                await self._gather()
            group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            self._busy = len(group) > 1
            try:
                answers = await asyncio.to_thread(self._answer, [question for question, _ in group])
            except Exception as failed:
                for future in _list_open(group):
                    future.set_exception(failed)
            else:
                for (_, future), answer in zip(group, answers, strict=True):
                    if not future.done():  # who asked may have hung up meanwhile
                        future.set_result(answer)

    async def _gather(self) -> None:
        """Wait for company. Those who were answered together come back together, if they are waited for; else they
        fall into halves that take turns."""
        await asyncio.sleep(GATHER_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(LONGEST_S - GATHER_S):
                while len(self._waiting) < min(self._count_expected(), MOST_AT_ONCE):
                    self._arrived.clear()
                    await self._arrived.wait()


def _list_open(group: Sequence[tuple[Question, asyncio.Future[Answer]]]) -> list[asyncio.Future[Answer]]:
    return [future for _, future in group if not future.done()]
