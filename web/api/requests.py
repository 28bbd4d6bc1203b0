"""What every machine route asks first: the right key, and a body of a sane size that is JSON."""

from __future__ import annotations

import hmac
from typing import Any, Final

import orjson
from fastapi import Request, Response

from errors import BadInput, Forbidden, TooLarge
from web.context import context_of

LARGEST_BODY: Final = 5_000_000
"""Bytes; some five thousand for each of a thousand events."""


def authorised(request: Request) -> None:
    """Raises Forbidden unless the header is `Authorization: Bearer KEY` with the API key. For `Depends`."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    wanted = context_of(request).settings.keys.api
    if scheme.lower() != "bearer" or not hmac.compare_digest(key.strip().encode(), wanted.encode()):
        raise Forbidden(
            "Authorization: give 'Bearer KEY'; KEY is SELVEDGE_API_KEY or, without one, \"api\" in keys.json under "
            "SELVEDGE_HOME"
        )


async def body_of(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """The body; read no further than `largest` bytes. Raises TooLarge."""
    stated = request.headers.get("content-length", "0")
    if stated.isdigit() and int(stated) > largest:
        raise TooLarge(f"is {int(stated):,} bytes; at most {largest:,} are taken at once", "body")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise TooLarge(f"is over {largest:,} bytes; send less at once", "body")
    return bytes(body)


def json_of(body: bytes) -> Any:
    """What the body says. Raises BadInput when it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise BadInput(f"is not JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno})", "body") from None


def answer(content: Any, status: int = 200) -> Response:
    """`content` as JSON."""
    return Response(orjson.dumps(content), status, media_type="application/json")
