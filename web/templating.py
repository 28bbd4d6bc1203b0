"""Pages from templates: everything that is put into one is escaped."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from domain.timing import zone_of
from mail.money import price
from settings import Settings
from web.console import words
from web.context import Context

ROOM: Final = Path(__file__).parent


def page(request: Request, template: str, status_code: int = 200, **values: Any) -> HTMLResponse:
    """The page that `template` makes of `values`."""
    context: Context = request.app.state.context
    text = (
        _environment()
        .get_template(template)
        .render(
            request=request,
            path=request.url.path,
            settings=context.settings,
            now=context.business_now(),
            workflow_url=lambda workflow_id: workflow_url(context.settings, workflow_id),
            price=lambda cents: price(cents or 0, context.settings.shop_currency),
            **values,
        )
    )
    return HTMLResponse(text, status_code)


def workflow_url(settings: Settings, workflow_id: str) -> str:
    """Where the Temporal UI shows a workflow."""
    base = settings.temporal_ui_url.rstrip("/")
    return f"{base}/namespaces/{quote(settings.temporal_namespace)}/workflows/{quote(workflow_id, safe='')}"


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(ROOM / "templates"), autoescape=True, undefined=StrictUndefined)
    made.globals |= {"words": words, "word": words.word, "tone": words.tone, "static": static_url}
    made.filters |= {"moment": moment, "day": day, "ago": ago, "count": lambda number: f"{number or 0:,}"}
    return made


@cache
def static_url(name: str) -> str:
    """The address of a static file, which changes with its content so that it may be kept for ever."""
    return f"/static/{name}?v={sha256((ROOM / 'static' / name).read_bytes()).hexdigest()[:10]}"


def moment(at: datetime | None, zone: str = "UTC") -> str:
    """21 November, 14:05"""
    if at is None:
        return "–"
    local = at.astimezone(zone_of(zone))
    return f"{local.day} {local:%B}, {local:%H:%M}"


def day(at: datetime | None) -> str:
    """21 November 2026"""
    return "–" if at is None else f"{at.day} {at:%B %Y}"


def ago(at: datetime | None, now: datetime) -> str:
    """How long before `now`, or until then, in the largest fitting unit."""
    if at is None:
        return "–"
    seconds = (now - at).total_seconds()
    size = abs(seconds)
    for unit, length in (("year", 31_557_600), ("month", 2_629_800), ("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if size >= length:
            many = int(size // length)
            text = f"{many} {unit}{'' if many == 1 else 's'}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    return "just now"
