"""What every page of the console is asked in a real browser: it draws, it fits, nothing complains, the checker of
accessibility finds nothing serious."""

from __future__ import annotations

from importlib.resources import files
from typing import Final
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request

AXE: Final = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
RULES: Final[dict[str, object]] = {"type": "tag", "values": TAGS}
CONTRAST: Final[dict[str, object]] = {"type": "rule", "values": ["color-contrast"]}


def list_violations(page: Page, rules: dict[str, object] = RULES, least: str = "minor") -> list[str]:
    """What the checker says, from `least` on: the rule, how grave, and the element."""
    grades = ["minor", "moderate", "serious", "critical"]
    page.evaluate(AXE)
    # Not within frames: axe writes to each, and the browser warns of it where a sandboxed mail has not loaded yet.
    options = "{runOnly: rules, resultTypes: ['violations'], iframes: false}"
    found = page.evaluate(f"rules => axe.run(document, {options})", rules)
    return [
        f"{one['id']} ({one['impact']}): {one['nodes'][0]['html'][:200]}"
        for one in found["violations"]
        if grades.index(one["impact"] or "minor") >= grades.index(least)
    ]


class Watch:
    """What a page complained of, and where else it asked."""

    def __init__(self, page: Page, site: str) -> None:
        self.complaints: list[str] = []
        self._host = urlsplit(site).netloc
        page.on("console", lambda said: self._note(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("request", self._check)

    def _note(self, text: str) -> None:
        self.complaints.append(text)

    def _check(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https") and parts.netloc != self._host:
            self._note(f"asked {request.url}")
