"""How a page of the client's own is answered: nothing in it runs, nothing of it is kept, and nothing leads to the
console."""

from __future__ import annotations

from typing import Any, Final

from fastapi import Request, Response

from domain.client_links import LINK_DAYS
from errors import OldLink, StaffLink
from web.templating import render_page

PRIVATE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the address is a key; it must not leak to the next site
    "X-Robots-Tag": "noindex",
}
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
"""No script at all: the pages work without."""


def render_client_page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Render a page of the client's own. It asks no database: opting out begins with one."""
    answer = render_page(request, f"client_pages/{template}", status, recall=True, **values)
    answer.headers.update({"Content-Security-Policy": POLICY, **PRIVATE_HEADERS})
    return answer


PATHS: Final = ("/u/", "/go/", "/quiz/", "/preferences/", "/confirm/", "/m/", "/shop")
"""How the addresses of pages for clients begin. A test finds each route that clients reach here."""


STAFF_PAGES: Final = {
    "u": "the page on which they leave our list",
    "quiz": "their style quiz",
    "preferences": "the page on which they say how much mail they want, and about what",
    "m": "the same mail in the browser",
    "shop": "the pieces of that mail",
}
"""What a client gets where a mail to staff has a link."""


def is_client_path(path: str) -> bool:
    """Return whether clients come here: then an error is told in their words and leads nowhere."""
    return path.startswith(PATHS)


def render_client_error(request: Request, error: Exception, status: int, message: str) -> Response:
    """Render an error for a client. A link that is not ours, or leads to nobody, does not say which."""
    if isinstance(error, StaffLink):
        return render_client_page(request, "staff.html", opens=STAFF_PAGES[request.url.path.split("/")[1]])
    if isinstance(error, OldLink):
        return render_client_page(request, "old.html", 410, days=LINK_DAYS)
    if status in (401, 404, 405, 410):
        return render_client_page(request, "gone.html", 404)
    return render_client_page(request, "problem.html", status, message=message, ours=status >= 500)
