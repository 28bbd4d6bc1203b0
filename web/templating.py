"""Renders pages from templates; every value is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from domain.masking import MASK, mask_text
from domain.permissions import find_permission, may
from domain.timing import load_zone
from domain.wording import format_price
from models.catalogue import Item
from settings import Settings
from web.auth.callers import get_caller
from web.auth.forms import build_token
from web.console import labels, navigation, people_labels, tones
from web.console.fields import name_field
from web.context import WebContext

WEB_FOLDER: Final = Path(__file__).parent


def render_page(
    request: Request, template: str, status_code: int = 200, *, recall: bool = False, **values: Any
) -> HTMLResponse:
    """Render `template` with `values`. `recall`: by the clock that was read last, asking no database for it."""
    context: WebContext = request.app.state.context
    text = (
        _build_environment()
        .get_template(template)
        .render(
            request=request,
            path=request.url.path,
            settings=context.settings,
            **_describe_reader(request),
            now=context.recall_now() if recall else context.business_now(),
            workflow_url=lambda workflow_id: build_workflow_url(context.settings, workflow_id),
            price=lambda cents: format_price(cents or 0, context.settings.shop_currency),
            **values,
        )
    )
    return HTMLResponse(text, status_code)


def _describe_reader(request: Request) -> dict[str, Any]:
    """Describe who reads the page: `actor` (none on pages open to all), `may(permission)` for what is offered, and
    `form_token(...)` for forms."""
    caller = get_caller(request)
    actor = caller.actor if caller else None
    return {
        "actor": actor,
        "account_id": caller.account_id if caller else "",
        "may": lambda wish: actor is not None and may(actor, find_permission(wish)),
        "form_token": lambda *shown: build_token(request, *shown),
    }


def build_workflow_url(settings: Settings, workflow_id: str) -> str:
    """Build the address at which the Temporal UI shows a workflow."""
    base = settings.temporal_ui_url.rstrip("/")
    return f"{base}/namespaces/{quote(settings.temporal_namespace)}/workflows/{quote(workflow_id, safe='')}"


@cache
def _build_environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(WEB_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined
    )
    environment.globals |= {
        "labels": labels,
        "people_labels": people_labels,
        "nav": navigation,
        "name_field": name_field,
        "label": labels.get_label,
        "tone": tones.choose_tone,
        "static": build_static_url,
        "picture": build_picture_path,
        "without": build_query_without,
    }
    environment.filters |= {
        "scheduled": name_run,
        "moment": format_moment,
        "day": format_day,
        "ago": format_ago,
        "iso_day": lambda text: format_day(datetime.fromisoformat(text)),
        "personal": _mask_for_reader,
        "count": lambda number: f"{number or 0:,}",
        "capitalize_first": lambda text: f"{text[:1].upper()}{text[1:]}",
    }
    return environment


def build_picture_path(item: Item) -> str:
    """Build the path of an item's picture: the shop's own where it was fetched, else what stands for it."""
    return f"/pictures/shop/{item.picture}.jpg" if item.picture else f"/pictures/{item.item_id}.svg"


@pass_context
def _mask_for_reader(page: Context, text: str | None, instead: str = MASK) -> str:
    """Mask a name, an address or words of a client for a reader who may not see them."""
    return mask_text(page["actor"], text, instead)


def build_query_without(asked: Mapping[str, str], name: str, value: object = "") -> str:
    """Build the query of the same page with another value of one parameter, or without it."""
    return urlencode({key: text for key, text in {**asked, name: value}.items() if text not in ("", None)})


@cache
def build_static_url(name: str) -> str:
    """Build the address of a static file; it changes with the content, so that browsers may cache it for ever."""
    return f"/static/{name}?v={sha256((WEB_FOLDER / 'static' / name).read_bytes()).hexdigest()[:10]}"


def format_moment(at: datetime | None, zone: str = "UTC") -> str:
    """Format as 21 November, 14:05."""
    if at is None:
        return "–"
    local = at.astimezone(load_zone(zone))
    return f"{local.day} {local:%B}, {local:%H:%M}"


_RUN: Final = re.compile(r"^[a-z]+-(\d{4}-\d\d-\d\dT\d{6})Z$")


def name_run(run_id: str) -> str:
    """Name what a schedule started by its moment: of 30 November, 22:45. Any other id stays as it is."""
    found = _RUN.match(run_id)
    return (
        f"of {format_moment(datetime.strptime(found[1], '%Y-%m-%dT%H%M%S').replace(tzinfo=UTC))}" if found else run_id
    )


def format_day(at: datetime | None) -> str:
    """Format as 21 November 2026."""
    return "–" if at is None else f"{at.day} {at:%B %Y}"


def format_ago(at: datetime | None, now: datetime) -> str:
    """Format the time before `now`, or until then, in the largest fitting unit."""
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
