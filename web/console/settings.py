"""`/settings`: every setting as it stands, which the environment fixes, and where people change the rest."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from domain.permissions import Disclosure
from services.system.settings_list import list_sections
from web.auth.rules import needs
from web.context import Here
from web.templating import render_page

router = APIRouter(include_in_schema=False)


@router.get("/settings", dependencies=[needs(Disclosure.TEAM)])
def show_settings(request: Request, context: Here) -> Response:
    """Show all settings; secrets are hidden."""
    return render_page(request, "settings.html", sections=list_sections(context.settings))
