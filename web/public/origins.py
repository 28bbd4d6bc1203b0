"""Which pages may ask `/visitor/...` from a browser: those of the shop's origins, which the settings name, and ours."""

from __future__ import annotations

from typing import Final

from fastapi import Request

from web.context import get_context

VISITOR_PATHS: Final = "/visitor/"
"""How the addresses begin that scripts of the shop's pages ask."""


def find_origin(request: Request) -> str | None:
    """Find the origin of the page that asks: empty for a page of ours that names none, None for one that may not."""
    settings = get_context(request).settings
    own = {settings.base_url, f"{request.url.scheme}://{request.headers.get('host', '')}"}
    origin = request.headers.get("origin", "").rstrip("/")
    if not origin and request.headers.get("sec-fetch-site") == "same-origin":
        return ""
    return origin if origin in own or origin in settings.list_shop_origins() else None


def list_cors_headers(origin: str | None) -> dict[str, str]:
    """List the headers by which a browser lets that page read an answer, also a refusal."""
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {"Vary": "Origin"}
