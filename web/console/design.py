"""`/design`: the tokens and parts of which pages are made, each once, to look at when one changes."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request, Response

from domain.permissions import Disclosure
from web.auth.rules import needs
from web.console.charts import build_slices
from web.console.labels import PHASES, STATES
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

COLOURS: Final = ("paper", "card", "ink", "soft", "line", "accent", "wash", "good", "waiting", "bad")


@router.get("/design", dependencies=[needs(Disclosure.SHOP)])
def show_design(request: Request) -> Response:
    """Show colours, type and parts."""
    phases = build_slices(dict.fromkeys(PHASES, 3), list(PHASES))
    sample: dict[str, Any] = {"fields": {"plain": "As it is"}, "wrong": "wrong", "reason": "is not a day"}
    return render_page(request, "design.html", colours=COLOURS, phases=phases, states=list(STATES), **sample)
