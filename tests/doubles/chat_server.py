"""A language model's endpoint that speaks the real chat-completions wire over HTTP and behaves as it is told.

    with ChatServer() as server:
        server.next("writer", "refusal", times=2)
        ...  # point SELVEDGE_LLM_BASE_URL at server.base_url
        server.requests

By itself it answers well: a draft that keeps to the brief in the prompt, an approval, the earliest moment. It streams
nothing and counts tokens as a quarter of the characters.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.doubles.chat_answers import AGENTS, NOTES, answer, schema_of

ANSWERING = frozenset({
    "good", "no_items", "wrong_item", "link", "price", "wrong_name", "unknown_fields", "missing_field", "revise",
    "reject", "late", "contradiction", "malformed", "truncated", "refusal", "content_filter", "empty_choices",
    "no_tool", "no_usage", "two_calls", "negative_usage", "hostile",
})  # fmt: skip
STATUSES = {"rate_limited": 429, "timeout": 408, "conflict": 409, "error": 500, "overloaded": 503, "bad_request": 400,
            "unauthorized": 401, "forbidden": 403, "not_found": 404}  # fmt: skip
OTHER = frozenset({"hang", "garbled", "html"})


@dataclass
class ChatRequest:
    """One request as it came over the wire."""

    agent: str
    body: dict[str, Any]
    headers: dict[str, str]


@dataclass
class ChatServer:
    """An OpenAI-compatible server.

    `retry_after`: the header that goes with 429 and 503. `api_key`: when set, the only one taken.
    """

    retry_after: str = "7"
    api_key: str | None = None
    requests: list[ChatRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._queues: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}

    def next(self, agent: str, behaviour: str, times: int = 1) -> None:
        """The next `times` answers to `agent` (writer, reviewer, scheduler or `any`) are of this kind."""
        _require_known(behaviour)
        self._queues[agent].extend([behaviour] * times)

    def always(self, agent: str, behaviour: str) -> None:
        """What `agent` (or `any`) gets when nothing is queued for it."""
        _require_known(behaviour)
        self._always[agent] = behaviour

    def reset(self) -> None:
        """Forget all requests and orders: answer well again."""
        self.requests.clear()
        self._queues.clear()
        self._always.clear()

    def list_requests(self, agent: str) -> list[ChatRequest]:
        """The requests of one agent."""
        return [request for request in self.requests if request.agent == agent]

    def __enter__(self) -> Self:
        # The protocol is named because asyncio turns off the waiting for full packets only on sockets that name it.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"
        app = Starlette(routes=[Route("/v1/chat/completions", self._serve, methods=["POST"])])
        self._server = uvicorn.Server(
            uvicorn.Config(app, log_level="critical", lifespan="off", ws="none", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the chat server did not start")
            time.sleep(0.005)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(timeout=10)
        self._socket.close()

    async def _serve(self, request: Request) -> Response:
        body = await request.json()
        agent = AGENTS.get(schema_of(body), "unknown")
        self.requests.append(ChatRequest(agent, body, dict(request.headers)))
        if self.api_key is not None and request.headers.get("authorization") != f"Bearer {self.api_key}":
            return self._failure("unauthorized")
        behaviour = self._behaviour(agent)
        if behaviour in STATUSES:
            return self._failure(behaviour)
        if behaviour == "hang":
            await self._hang(request)
        if behaviour == "garbled":
            return Response('{"choices": [', media_type="application/json")
        if behaviour == "html":
            return PlainTextResponse("<html>A proxy's login page</html>", media_type="text/html")
        return JSONResponse(_completion(agent, behaviour, body))

    def _behaviour(self, agent: str) -> str:
        for name in (agent, "any"):
            if self._queues[name]:
                return self._queues[name].popleft()
        return self._always.get(agent) or self._always.get("any", "good")

    async def _hang(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    def _failure(self, behaviour: str) -> Response:
        status = STATUSES[behaviour]
        headers = {"retry-after": self.retry_after} if status in {429, 503} and self.retry_after else {}
        error = {"message": f"told to be {behaviour}", "type": behaviour, "param": None, "code": None}
        return JSONResponse({"error": error}, status_code=status, headers=headers)


def _require_known(behaviour: str) -> None:
    if behaviour not in ANSWERING | NOTES.keys() | STATUSES.keys() | OTHER:
        raise ValueError(f"the chat server knows no behaviour {behaviour!r}")


def _completion(agent: str, behaviour: str, body: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(answer(agent, behaviour, body))
    if behaviour in {"malformed", "truncated"}:
        text = text[: len(text) // 2]
    message, finish = _message(text, behaviour, body)
    asked = sum(len(str(part.get("content"))) for part in body["messages"])
    usage = {"prompt_tokens": asked // 4, "completion_tokens": len(text) // 4, "total_tokens": (asked + len(text)) // 4}
    if behaviour == "negative_usage":
        usage = dict.fromkeys(usage, -9_000_000)
    return {
        "id": f"chatcmpl-{time.monotonic_ns()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body["model"],
        "choices": []
        if behaviour == "empty_choices"
        else [{"index": 0, "message": message, "finish_reason": finish, "logprobs": None}],
    } | ({} if behaviour == "no_usage" else {"usage": usage})


def _message(text: str, behaviour: str, body: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The message and why it ended."""
    spoken = {"role": "assistant", "content": None, "refusal": None}
    if behaviour == "refusal":
        return spoken | {"refusal": "I cannot help with that."}, "stop"
    if behaviour == "content_filter":
        return spoken, "content_filter"
    finish = "length" if behaviour == "truncated" else "stop"
    if behaviour == "no_tool" or "tools" not in body:
        return spoken | {"content": "Certainly! Here is a draft." if behaviour == "no_tool" else text}, finish
    call = {"id": "call_1", "type": "function", "function": {"name": schema_of(body), "arguments": text}}
    return spoken | {"tool_calls": [call] * (2 if behaviour == "two_calls" else 1)}, finish
