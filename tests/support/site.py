"""The site without a server: requests go straight to the app."""

from __future__ import annotations

import httpx

from settings import Settings
from web.app import create_app
from web.context import BusinessClock, WebContext


def build_transport(settings: Settings) -> httpx.ASGITransport:
    """Build what carries requests to a site of its own. Nothing of its background runs; the clock is read once."""
    app = create_app(settings)
    context: WebContext = app.state.context
    assert isinstance(context.business_now, BusinessClock)
    context.business_now.read()
    return httpx.ASGITransport(app)
