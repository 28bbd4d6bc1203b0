"""What may go wrong when an algorithm is asked. Never leaves the guard: the fallback answers instead."""

from __future__ import annotations


class Trouble(Exception):
    """`code` may stand in metrics, logs and records; `words` are for the algorithm's author alone."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


def late(seconds: float) -> Trouble:
    """No whole answer within the deadline."""
    return Trouble("late", f"no answer within {seconds * 1000:.0f} ms")


def too_large(size: int, limit: int) -> Trouble:
    """The answer is bigger than anyone needs."""
    return Trouble("too_large", f"the answer is over {size:,} bytes; at most {limit:,} are read")


def starting() -> Trouble:
    """No process of the algorithm is ready. Says nothing of its quality."""
    return Trouble("starting", "the algorithm was still being loaded")
