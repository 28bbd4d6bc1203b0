"""Writes docs/settings.md from settings.py and the files beside it: `python -m scripts.settings_doc`. A test holds the
file to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from services.system.settings_list import TITLES, list_entries, read_sources
from settings import Settings

REPOSITORY: Final = Path(__file__).parents[1]
PAGE: Final = REPOSITORY / "docs" / "settings.md"

HEAD: Final = """\
# Settings

Every setting is an environment variable. A file `.env` in the current folder is read too; the environment overrides
it. Without any setting, everything runs on one machine. A wrong value stops the command with one line that names the
variable. `python -m scripts.settings_doc` writes this page from [settings.py](../settings.py), the only
reader of the environment, and its parts, the files `*_settings.py` beside it. How to add one:
[add a setting](recipes/add-a-setting.md).
"""


def render_page(source: str) -> str:
    """Render the whole page."""
    tables: dict[str, list[str]] = {}
    for entry in list_entries(source):
        if entry.begins_section:
            rows = tables[entry.field] = [f"\n## {TITLES[entry.field]}\n\n| variable | default | |\n|---|---|---|\n"]
        says = entry.says.replace("|", "\\|")
        rows.append(f"| `{entry.variable}` | {_render_default(entry.field)} | {says} |\n")
    return HEAD + "".join("".join(tables[first]) for first in TITLES if first in tables)


def _render_default(field: str) -> str:
    value: Any = Settings.model_fields[field].default
    if value is None or value == "":
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(render_page(read_sources()))
    print(f"wrote {PAGE.relative_to(REPOSITORY)}")
