"""The site without what runs beside it."""

from __future__ import annotations

import httpx
from fastapi import FastAPI

from settings import Settings
from web.app import create_app
from web.context import BusinessClock, WebContext


def build_app(settings: Settings) -> FastAPI:
    """Build a site of which nothing runs in the background; the clock is read once."""
    app = create_app(settings)
    context: WebContext = app.state.context
    assert isinstance(context.business_now, BusinessClock)
    context.business_now.read()
    return app


def build_transport(settings: Settings) -> httpx.ASGITransport:
    """Build what carries requests to a site of its own."""
    return httpx.ASGITransport(build_app(settings))
