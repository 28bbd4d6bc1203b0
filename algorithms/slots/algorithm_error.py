"""Errors of an algorithm that is asked. They never leave the guard: the next algorithm or the built-in answers
instead."""

from __future__ import annotations


class AlgorithmError(Exception):
    """An algorithm failed. `code` may stand in metrics, logs and records; `words` are for the algorithm's author
    alone."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(code)
        self.code, self.words = code, words


def build_late_error(seconds: float) -> AlgorithmError:
    """Build the error for an answer that is not complete within the deadline."""
    return AlgorithmError("late", f"no answer within {seconds * 1000:.0f} ms")


def build_size_error(size: int, limit: int) -> AlgorithmError:
    """Build the error for an answer that is larger than allowed."""
    return AlgorithmError("too_large", f"the answer is over {size:,} bytes; at most {limit:,} are read")


def build_loading_error() -> AlgorithmError:
    """Build the error for an algorithm without a ready process; it says nothing about the algorithm's quality."""
    return AlgorithmError("starting", "the algorithm was still being loaded")
