"""The settings, as they are described beside their fields and as they stand, for `/settings` and docs/settings.md.

Each field's docstring is its description; a blank line before a field begins a new section.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import SecretStr
from pydantic_core import PydanticUndefined

import settings as settings_module
from settings import Settings

FOLDER: Final = Path(settings_module.__file__).parent
SOURCES: Final = ("settings.py", *sorted(path.name for path in FOLDER.glob("*_settings.py")))
HIDDEN: Final = "hidden"
"""What is shown of a value that is secret."""
_PASSWORD: Final = re.compile(r"(?<=://)[^/@\s]*@")
TITLES: Final = {
    "home": "Files and database",
    "temporal_address": "Temporal",
    "web_host": "Web",
    "api_key": "Keys",
    "open_pages": "Sign-in",
    "llm_base_url": "Language model",
    "smtp_url": "Mail",
    "shop_name": "The shop",
    "utm_source": "Links, pictures and sizes of items",
    "kafka_servers": "Streams",
    "backup_folder": "Backups",
    "notice_address": "Notices",
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
    "proxy_user_header": "Sign-in by a proxy",
}
"""The title of each section, by its first field."""


class SettingEntry(NamedTuple):
    """One setting, as it is described: `says` in Markdown."""

    field: str
    says: str
    begins_section: bool

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"SELVEDGE_{self.field.upper()}"


class SettingLine(NamedTuple):
    """One setting as it stands. `is_set`: it differs from its default."""

    variable: str
    value: str
    is_set: bool
    says: str


class SettingSection(NamedTuple):
    """Settings that belong together."""

    title: str
    lines: tuple[SettingLine, ...]


def list_sections(settings: Settings) -> list[SettingSection]:
    """List all settings as they stand, in sections. Secrets and passwords are hidden."""
    sections: dict[str, list[SettingLine]] = {}
    for entry in list_entries(read_sources()):
        if entry.begins_section:
            lines = sections.setdefault(entry.field, [])
        value, default = getattr(settings, entry.field), Settings.model_fields[entry.field].default
        lines.append(SettingLine(entry.variable, _show_value(entry.field, value), value != default, entry.says))
    return [SettingSection(TITLES[first], tuple(sections[first])) for first in TITLES if first in sections]


def _show_value(field: str, value: Any) -> str:
    if value is None or value in ("", PydanticUndefined):
        return ""
    if isinstance(value, SecretStr) or not Settings.model_fields[field].repr:
        return HIDDEN
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return _PASSWORD.sub(f"{HIDDEN}@", text)


def read_sources() -> str:
    """Read the files that define settings, as one text."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SOURCES)


def list_entries(source: str) -> list[SettingEntry]:
    """List every field of the classes of settings, in order. Raises ValueError for one without a docstring."""
    lines = source.splitlines()
    tree = ast.parse(source)
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name.endswith("Settings"))
    body = [statement for node in classes for statement in node.body]
    return list(_iterate_entries(body, lines))


def _iterate_entries(body: list[ast.stmt], lines: list[str]) -> Iterator[SettingEntry]:
    for node, after in zip(body, [*body[1:], ast.Pass()], strict=True):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        said = after.value if isinstance(after, ast.Expr) else None
        if not isinstance(said, ast.Constant) or not isinstance(said.value, str):
            raise ValueError(f"settings.py:{node.lineno}: say in a docstring below it what {node.target.id} is")
        yield SettingEntry(node.target.id, _describe(said.value), not lines[node.lineno - 2].strip())


def _describe(docstring: str) -> str:
    """Describe in one line, with fields named as variables."""
    line = " ".join(docstring.split())
    return re.sub(r"`(\w+)`", lambda m: f"`SELVEDGE_{m[1].upper()}`" if m[1] in Settings.model_fields else m[0], line)
