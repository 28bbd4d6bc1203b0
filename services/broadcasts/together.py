"""Do what many ask for at the same time in one go, as in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


GATHERED_S: Final = 0.01
"""Real seconds for which a batch is gathered: a transaction of one costs nearly as much as one of eight."""


class Together(Generic[T, R]):
    """Gathers what is asked within `gathered_s` and while the last batch is being answered, and has `answer` answer it
    in a thread, in the same order. Belongs to one event loop."""

    def __init__(
        self, answer: Callable[[Sequence[T]], Sequence[R]], most: int = 64, gathered_s: float = GATHERED_S
    ) -> None:
        self._answer, self._most, self._gathered_s = answer, most, gathered_s
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, question: T) -> R:
        """Ask, and wait for the answer. Raises what `answer` raised of the batch."""
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._most:
                await asyncio.sleep(self._gathered_s)
            batch, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                answers = await asyncio.to_thread(self._answer, [question for question, _ in batch])
            except Exception as fault:
                for _, future in batch:
                    if not future.done():  # who asked may have been cancelled
                        future.set_exception(fault)
                continue
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)
