"""The largest body of each route, and bodies sent as gzip, in plain ASGI: no handler can forget it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import BadInput, TooLarge
from ingest.uploads import LARGEST

LIMITS: Final[tuple[tuple[str, int], ...]] = (
    ("/v1/events", 5_000_000),  # some five thousand bytes for each of a thousand events
    ("/v1/items", 30_000_000),
    ("/v1/stock", 15_000_000),
    ("/v1/returns/", 4_000_000),  # a returned mail in base64
    ("/v1/session/", 200_000),
    ("/v1/slots/", 20_000),
    ("/v1/calls/", 10_000),
    ("/v1/", 100_000),
    ("/ofrep/", 100_000),
    ("/mcp", 1_000_000),  # a message of somebody's agent
    ("/review/", 100_000),  # every sentence of a draft
    ("/import/", 50_000),  # the names of many columns
    ("/import", LARGEST + 100_000),  # a whole file, which is streamed
    ("/campaigns/", 200_000),  # every step of a campaign
    ("/new-campaign", 200_000),
    ("/", 20_000),  # the forms of our own pages
)
"""Bytes by the beginning of the path; the first that fits counts."""


def find_limit(path: str) -> int:
    """Find the largest body, in bytes, that may be sent to `path`."""
    return next(limit for prefix, limit in LIMITS if path.startswith(prefix) or prefix == "/")


def _choose_limit(scope: Scope) -> int:
    """Choose the limit of a request. Files come as multipart, which is written to disk; any other body would lie in
    memory, so it gets what a form gets."""
    limit = find_limit(scope["path"])
    if limit <= LARGEST or _read_header(scope, b"content-type").startswith(b"multipart/"):
        return limit
    return find_limit("/")


class BodyLimits:
    """Middleware that raises TooLarge to whoever reads a body beyond the limit of its route.

    A body that comes as gzip is counted, and handed on, as it is unpacked. A declared length is refused before the
    first byte is read, but after the route has checked the caller's key.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limited = _limit_body(scope, receive) if scope["type"] == "http" else receive
        await self._app(scope, limited, send)


def _limit_body(scope: Scope, receive: Receive) -> Receive:
    largest, read = _choose_limit(scope), 0
    declared, unpack = (
        _read_header(scope, b"content-length"),
        _choose_unpacker(_read_header(scope, b"content-encoding")),
    )

    async def receive_limited() -> Message:
        nonlocal read
        if declared.isdigit() and int(declared) > largest:
            raise TooLarge(f"is {int(declared):,} bytes; at most {largest:,} are accepted at once", "body")
        message = await receive()
        if message["type"] == "http.request":
            body = unpack(message.get("body", b""), largest - read + 1, not message.get("more_body", False))
            read += len(body)
            message = {**message, "body": body}
        if read > largest:
            raise TooLarge(f"is over {largest:,} bytes; send less at once", "body")
        return message

    return receive_limited


def _read_header(scope: Scope, name: bytes) -> bytes:
    return next((value for key, value in scope["headers"] if key == name), b"")


_GZIP: Final = b"\x1f\x8b"
"""How gzip begins; JSON and forms never do."""
Unpacker = Callable[[bytes, int, bool], bytes]
"""Unpacks a piece of a body to at most so many bytes; the last argument says that it is the last piece."""


def _choose_unpacker(encoding: bytes) -> Unpacker:
    name = encoding.decode("latin-1").strip().casefold()
    if name in ("", "identity"):
        return _build_plain()
    return _build_gunzip() if name == "gzip" else _refuse_encoding


def _build_plain() -> Unpacker:
    """Build an unpacker that hands on what it gets; a body that is gzip without saying so is unpacked."""
    inner: Unpacker | None = None

    def hand_on(piece: bytes, most: int, last: bool) -> bytes:
        nonlocal inner
        if inner is None and piece:
            inner = _build_gunzip() if piece.startswith(_GZIP) else _keep
        return piece if inner is None else inner(piece, most, last)

    return hand_on


def _keep(piece: bytes, _most: int, _last: bool) -> bytes:
    return piece


def _build_gunzip() -> Unpacker:
    stream = zlib.decompressobj(wbits=31)  # a gzip header and trailer, not bare deflate

    def unpack(piece: bytes, most: int, last: bool) -> bytes:
        try:
            unpacked = stream.decompress(piece, most)
        except zlib.error:
            raise BadInput("is not gzip, although Content-Encoding or its beginning says so", "body") from None
        if last and not stream.eof and len(unpacked) < most:
            raise BadInput("breaks off: the gzip stream has no end", "body")
        return unpacked

    return unpack


def _refuse_encoding(_piece: bytes, _most: int, _last: bool) -> bytes:
    raise BadInput("is not read: send the body plain, or as gzip", "Content-Encoding")
