"""What a page answers where somebody is not signed in or a form does not fit: nothing that was written is lost."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from errors import BadInput, Forbidden
from web.auth.forms import TOKEN, list_carried, read_fields, to_local_path
from web.auth.sign_in import render_again, render_sign_in
from web.bodies import find_limit

LIVE: Final = "X-Live"
MOST_CARRIED: Final = 200_000
"""Bytes of a form that is carried: whoever is not signed in makes us read no file."""


async def answer_sign_in_needed(request: Request, reason: str) -> Response:
    """Lead to the sign-in: at once where a page was asked for; with what was written where a form came."""
    if request.method in ("GET", "HEAD") and LIVE not in request.headers:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/sign-in?next={quote(to_local_path(path))}", status_code=303)
    fields = await _read_own_fields(request) if find_limit(request.url.path) <= MOST_CARRIED else None
    if fields is None:
        return render_sign_in(request, 401, wrong=reason)
    carried = [*list_carried(fields), ("old_token", dict(fields).get(TOKEN, ""))]
    wrong = "Your sign-in has ended. Sign in, and you can send what you wrote."
    return render_sign_in(request, 401, wrong=wrong, carried=json.dumps([request.url.path, carried]))


async def answer_stale_form(request: Request, reason: str) -> Response:
    """Show a form of ours again that belongs to another sign-in or is too old, to be sent once more."""
    fields = await _read_own_fields(request)
    if fields is None or request.url.path.startswith(("/sign-in", "/invitation/")):
        return render_sign_in(request, 401, wrong="This page was open for too long. Please try again.")
    message = f"Nothing was changed: {reason}. Here is what you wrote."
    return render_again(request, request.url.path, list_carried(fields), message, 401, dict(fields).get(TOKEN, ""))


async def _read_own_fields(request: Request) -> list[tuple[str, str]] | None:
    """Read what was written, to show it again."""
    try:
        return await read_fields(request)
    except (BadInput, Forbidden):
        return None
