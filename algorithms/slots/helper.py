"""The process that runs one algorithm; `algorithms.slots.processes` starts it and may kill it at any time.

It is run as a file by a fresh interpreter, so that it starts quickly and an algorithm needs nothing of ours. A frame on
the socket is four bytes of length, four bytes of the order's number, and JSON. Only the standard library is imported
here.
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
"""Seconds past a deadline after which the kernel ends this process, even if its parent is gone and the algorithm holds
the interpreter's lock: the alarm's own action needs no Python."""


def main(handle: int, target: str, memory_mb: int, start_seconds: float, paths: list[str]) -> None:
    """Load the algorithm, send its slot and version, and answer questions until the socket closes."""
    with socket.socket(fileno=handle) as peer:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # its memory holds what clients did
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb << 20, memory_mb << 20))
        sys.path.extend(paths)
        _set_alarm(start_seconds)
        try:
            algorithm = _load(target)
        except BaseException as broken:
            _send(peer, 0, {"error": _describe_error(broken)})
            return
        _send(peer, 0, {"slot": str(getattr(algorithm, "slot", "")), "version": _version(algorithm)})
        gc.freeze()
        while True:
            signal.setitimer(signal.ITIMER_REAL, 0)
            number, order = _receive(peer)
            if order is None:
                return
            _set_alarm(order["seconds"])
            _send(peer, number, _answer_questions(algorithm, order["questions"]))


def _load(target: str) -> Any:
    """Load the object that an entry point `module:name` names; a class is called without arguments."""
    module, _, name = target.partition(":")
    target_object: Any = importlib.import_module(module)
    for part in filter(None, name.split(".")):
        target_object = getattr(target_object, part)
    target_object = target_object() if inspect.isclass(target_object) else target_object
    if not (callable(getattr(target_object, "answer", None)) or callable(getattr(target_object, "answer_many", None))):
        raise TypeError(f"{target} has no function answer(question), nor answer_many(questions)")
    return target_object


def _version(algorithm: Any) -> str:
    return str(getattr(algorithm, "version", "unstated"))


def _answer_questions(algorithm: Any, questions: list[Any]) -> dict[str, Any]:
    many: Callable[[list[Any]], Any] | None = getattr(algorithm, "answer_many", None)
    try:
        if callable(many):
            return {"version": _version(algorithm), "answers": list(many(questions))}
    except Exception as broken:
        return {"answers": [None] * len(questions), "error": _describe_error(broken)}
    answers, error = [], None
    for question in questions:
        try:
            answers.append(algorithm.answer(question))
        except Exception as broken:
            answers.append(None)
            error = error or _describe_error(broken)
    return {"version": _version(algorithm), "answers": answers, "error": error}


def _describe_error(broken: BaseException) -> str:
    """Describe an error and its place in the code for the algorithm's author."""
    last = broken.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    location = f" ({last.tb_frame.f_code.co_filename.rpartition('/')[2]}, line {last.tb_lineno})" if last else ""
    return f"{type(broken).__name__}: {str(broken)[:300]}{location}"


def _set_alarm(seconds: float) -> None:
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds + GRACE)


def _send(peer: socket.socket, number: int, answer: dict[str, Any]) -> None:
    try:
        body = json.dumps(answer, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as broken:
        body = json.dumps({"answers": [], "error": f"the answer is not JSON: {broken}"}).encode()
    peer.sendall(len(body).to_bytes(4, "big") + number.to_bytes(4, "big") + body)


def _receive(peer: socket.socket) -> tuple[int, Any]:
    """Receive an order and its number, which the answer repeats."""
    head = _receive_exactly(peer, 8)
    order = json.loads(_receive_exactly(peer, int.from_bytes(head[:4], "big"))) if head else None
    return int.from_bytes(head[4:], "big"), order


def _receive_exactly(peer: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = peer.recv(min(size - len(parts), 1 << 20))
        if not part:
            return b""
        parts += part
    return bytes(parts)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
