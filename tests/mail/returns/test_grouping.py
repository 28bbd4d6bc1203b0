"""Questions that come together are answered together; who is expected is waited for, and nobody for long."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from mail.returns.grouping import LONGEST_S, GroupQueue

SLOW_S = 0.02


class Answers:
    """Doubles numbers, and remembers the groups in which they came."""

    def __init__(self) -> None:
        self.groups: list[int] = []

    def double(self, asked: Sequence[int]) -> list[int]:
        self.groups.append(len(asked))
        time.sleep(SLOW_S)
        return [2 * number for number in asked]


async def ask_in_halves(queue: GroupQueue[int, int]) -> list[int]:
    """Six ask; two more come just after the first group has begun, four while it is worked on and just after."""

    async def ask_later(number: int) -> int:
        await asyncio.sleep(SLOW_S / 2 if number < 4 else SLOW_S + 0.012)
        return await queue.ask(number)

    first = [asyncio.create_task(queue.ask(number)) for number in (10, 11)]
    return await asyncio.gather(*first, *(ask_later(number) for number in range(8)))


def test_whoever_is_expected_is_waited_for() -> None:
    answers = Answers()
    queue = GroupQueue[int, int](answers.double, lambda: 8)
    assert asyncio.run(ask_in_halves(queue)) == [20, 22, 0, 2, 4, 6, 8, 10, 12, 14]
    assert answers.groups == [2, 8]
    answers = Answers()
    asyncio.run(ask_in_halves(GroupQueue[int, int](answers.double)))
    assert answers.groups == [2, 4, 4], "nobody is expected"


def test_nobody_is_waited_for_long_and_a_lone_one_not_at_all() -> None:
    async def ask_alone() -> tuple[float, float]:
        queue = GroupQueue[int, int](lambda asked: asked, lambda: 8)
        begun = time.perf_counter()
        await queue.ask(1)
        alone = time.perf_counter() - begun
        await asyncio.gather(queue.ask(1), queue.ask(2))
        begun = time.perf_counter()
        await asyncio.gather(queue.ask(1), queue.ask(2))
        return alone, time.perf_counter() - begun

    alone, waited = asyncio.run(ask_alone())
    assert alone < LONGEST_S
    assert waited < LONGEST_S + 1
