"""The other side of `algorithms.slots.processes`: one algorithm in a process of its own, which may be killed any time.

Run as a file by a fresh interpreter, so that it starts quickly and an algorithm needs nothing of ours. Frames on the
socket are four bytes of length, four of the order's number and JSON. Only the standard library is imported here.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import json
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

GRACE = 1.0
"""Seconds past a deadline after which the kernel ends us even if nobody is left to do it, whatever the algorithm does
to the interpreter's lock: the alarm's own action needs no Python."""


def main(handle: int, target: str, memory_mb: int, start_seconds: float, paths: list[str]) -> None:
    """Load the algorithm, say what it is, and answer until the socket closes."""
    with socket.socket(fileno=handle) as peer:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # its memory holds what clients did
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
        sys.path.extend(paths)
        _alarm(start_seconds)
        try:
            algorithm = _load(target)
        except BaseException as broken:
            _send(peer, 0, {"error": _words(broken)})
            return
        _send(peer, 0, {"slot": str(getattr(algorithm, "slot", "")), "version": _version(algorithm)})
        gc.freeze()
        while True:
            signal.setitimer(signal.ITIMER_REAL, 0)
            number, order = _receive(peer)
            if order is None:
                return
            _alarm(order["seconds"])
            _send(peer, number, _answered(algorithm, order["questions"]))


def _load(target: str) -> Any:
    """The object that an entry point `module:name` means; a class is made without arguments."""
    module, _, name = target.partition(":")
    found: Any = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        found = getattr(found, part)
    found = found() if inspect.isclass(found) else found
    if not (callable(getattr(found, "answer", None)) or callable(getattr(found, "answer_many", None))):
        raise TypeError(f"{target} has no function answer(question), nor answer_many(questions)")
    return found


def _version(algorithm: Any) -> str:
    return str(getattr(algorithm, "version", "unstated"))


def _answered(algorithm: Any, questions: list[Any]) -> dict[str, Any]:
    many: Callable[[list[Any]], Any] | None = getattr(algorithm, "answer_many", None)
    try:
        if callable(many):
            return {"version": _version(algorithm), "answers": list(many(questions))}
    except Exception as broken:
        return {"answers": [None] * len(questions), "error": _words(broken)}
    answers, error = [], None
    for question in questions:
        try:
            answers.append(algorithm.answer(question))
        except Exception as broken:
            answers.append(None)
            error = error or _words(broken)
    return {"version": _version(algorithm), "answers": answers, "error": error}


def _words(broken: BaseException) -> str:
    """What went wrong and where, for the author."""
    last = broken.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    place = f" ({last.tb_frame.f_code.co_filename.rpartition('/')[2]}, line {last.tb_lineno})" if last else ""
    return f"{type(broken).__name__}: {str(broken)[:300]}{place}"


def _alarm(seconds: float) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE)


def _send(peer: socket.socket, number: int, answer: dict[str, Any]) -> None:
    try:
        body = json.dumps(answer, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as broken:
        body = json.dumps({"answers": [], "error": f"the answer is not JSON: {broken}"}).encode()
    peer.sendall(len(body).to_bytes(4, "big") + number.to_bytes(4, "big") + body)


def _receive(peer: socket.socket) -> tuple[int, Any]:
    """An order and its number, which its answer repeats."""
    head = _exactly(peer, 8)
    order = json.loads(_exactly(peer, int.from_bytes(head[:4], "big"))) if head else None
    return int.from_bytes(head[4:], "big"), order


def _exactly(peer: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = peer.recv(min(size - len(parts), 1 << 20))
        if not part:
            return b""
        parts += part
    return bytes(parts)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
