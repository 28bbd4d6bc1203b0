"""What every machine route needs first: the right API key, and a JSON body of limited size."""

from __future__ import annotations

import hmac
from typing import Any, Final

import orjson
from fastapi import Request, Response

from errors import BadInput, Forbidden, TooLarge
from web.context import get_context

LARGEST_BODY: Final = 5_000_000
"""Bytes; some five thousand for each of a thousand events."""


def require_api_key(request: Request) -> None:
    """Raise Forbidden unless the header is `Authorization: Bearer KEY` with the API key. For `Depends`."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    expected = get_context(request).settings.keys.api
    if scheme.lower() != "bearer" or not hmac.compare_digest(key.strip().encode(), expected.encode()):
        raise Forbidden(
            "Authorization: give 'Bearer KEY'; KEY is SELVEDGE_API_KEY or, without one, \"api\" in keys.json under "
            "SELVEDGE_HOME"
        )


async def read_body(request: Request, largest: int = LARGEST_BODY) -> bytes:
    """Read the body, at most `largest` bytes. Raises TooLarge."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > largest:
        raise TooLarge(f"is {int(declared):,} bytes; at most {largest:,} are accepted at once", "body")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            raise TooLarge(f"is over {largest:,} bytes; send less at once", "body")
    return bytes(body)


def parse_json(body: bytes) -> Any:
    """Parse the body. Raises BadInput when it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise BadInput(f"is not JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno})", "body") from None


def respond_json(content: Any, status: int = 200) -> Response:
    """Respond with `content` as JSON."""
    return Response(orjson.dumps(content), status, media_type="application/json")
