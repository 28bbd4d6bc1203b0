"""Writes docs/settings.md from settings.py and the files beside it: `python -m scripts.settings_doc`. A test holds the
file to it.

Each field's docstring is its description; a blank line before a field begins a new table.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Final, NamedTuple

from settings import Settings

REPOSITORY: Final = Path(__file__).parents[1]
PAGE: Final = REPOSITORY / "docs" / "settings.md"
SOURCES: Final = ("settings.py", *sorted(path.name for path in REPOSITORY.glob("*_settings.py")))

HEAD: Final = """\
# Settings

Every setting is an environment variable. A file `.env` in the current folder is read too; the environment overrides
it. Without any setting, everything runs on one machine. A wrong value stops the command with one line that names the
variable. `python -m scripts.settings_doc` writes this page from [settings.py](../settings.py), the only
reader of the environment, and its parts, the files `*_settings.py` beside it. How to add one:
[add a setting](recipes/add-a-setting.md).
"""
TITLES: Final = {
    "home": "Files and database",
    "temporal_address": "Temporal",
    "web_host": "Web and keys",
    "open_pages": "Sign-in",
    "llm_base_url": "Language model",
    "smtp_url": "Mail",
    "shop_name": "The shop",
    "utm_source": "Links, pictures and sizes of items",
    "kafka_servers": "Streams",
    "backup_folder": "Backups",
    "review": "The desk",
    "quiet_from_hour": "When and how often a client is mailed",
    "blend_match": "The default ranking",
    "stylist_calls_a_day": "Calls instead of mails",
    "fix_decide_hours": "Fixes",
    "refresh_hour": "Nightly training",
    "decision_days": "Algorithms",
    "starts_per_second": "Worker",
    "webhook_networks": "Webhooks",
    "mcp_confirm": "Agents of people",
    "oidc_issuer": "Identity provider",
}
"""The title of each table, by its first field."""


class Entry(NamedTuple):
    """One setting, as the page shows it."""

    field: str
    default: str
    says: str
    begins_table: bool

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"SELVEDGE_{self.field.upper()}"


def read_sources() -> str:
    """Read the files that define settings, as one text."""
    return "\n".join((REPOSITORY / name).read_text() for name in SOURCES)


def list_entries(source: str) -> list[Entry]:
    """List every field of the classes of settings, in order. Raises ValueError for one without a docstring."""
    lines = source.splitlines()
    tree = ast.parse(source)
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"))
    body = [statement for node in classes for statement in node.body]
    found = []
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        said = after.value if isinstance(after, ast.Expr) else None
        if not isinstance(said, ast.Constant) or not isinstance(said.value, str):
            raise ValueError(f"settings.py:{node.lineno}: say in a docstring below it what {node.target.id} is")
        begins = not lines[node.lineno - 2].strip()
        found.append(Entry(node.target.id, _default(node.target.id), _describe(said.value), begins))
    return found


def render_page(source: str) -> str:
    """Render the whole page."""
    tables: dict[str, list[str]] = {}
    for entry in list_entries(source):
        if entry.begins_table:
            rows = tables[entry.field] = [f"\n## {TITLES[entry.field]}\n\n| variable | default | |\n|---|---|---|\n"]
        rows.append(f"| `{entry.variable}` | {entry.default} | {entry.says} |\n")
    return HEAD + "".join("".join(tables[first]) for first in TITLES if first in tables)


def _describe(docstring: str) -> str:
    """Render one line for a table's cell, with fields named as variables."""
    line = " ".join(docstring.split()).replace("|", "\\|")
    return re.sub(r"`(\w+)`", lambda m: f"`SELVEDGE_{m[1].upper()}`" if m[1] in Settings.model_fields else m[0], line)


def _default(field: str) -> str:
    value: Any = Settings.model_fields[field].default
    if value is None or value == "":
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(render_page(read_sources()))
    print(f"wrote {PAGE.relative_to(REPOSITORY)}")
