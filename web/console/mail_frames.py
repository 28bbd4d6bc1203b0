"""A mail's HTML as it is shown in a sandboxed frame, under a policy of its own: no script, no form, no font or picture
from elsewhere, whatever the mail contains."""

from __future__ import annotations

from fastapi.responses import HTMLResponse


def frame_mail(html: str, base_url: str) -> HTMLResponse:
    """Build the answer that holds the mail for its frame. `base_url`: from where pictures come."""
    pictures = f"'self' data: {base_url}"
    return HTMLResponse(
        html.replace("<head>", '<head><base target="_blank">', 1),  # a click must not replace the mail
        headers={
            "Content-Security-Policy": (
                f"sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src {pictures};"
                " style-src 'unsafe-inline'; frame-ancestors 'self'"
            ),
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "no-referrer",
        },
    )
