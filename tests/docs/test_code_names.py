"""Files, folders and symbols that the docs name exist. Each check is first shown to find a planted fault."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from domain.permissions import Action, Disclosure
from models.webhooks import WebhookType

REPOSITORY = Path(__file__).parents[2]
PAGES = [*REPOSITORY.glob("*.md"), *sorted((REPOSITORY / "docs").rglob("*.md"))]
ROOMS = {file.parent.name for file in REPOSITORY.glob("*/__init__.py")} | {"deploy", "scripts", "tests", "docs"}
FILE = re.compile(r"[\w./-]+\.(?:py|md|toml|mjml|html|css|js|json|yml|sh|txt|lock|env)")
FOREIGN = {"ParentClosePolicy.ABANDON"}
"""Dotted names of libraries."""
PERMISSIONS = {*Action, *Disclosure, *WebhookType}
"""What a role may do and what a webhook tells, as people write it: `mail.decide`."""
EXAMPLES = {
    "ID.json",
    "algorithms.toml",
    "explore.json",
    "uplift.json",
    "keys.json",
    "payload-keys.json",
    "early_birds.py",
    "bench/kept.json",
}
"""Files that an owner makes, or that an example on the page makes."""
SERVED = {"/s.js"}
"""Addresses of the site that look like files."""
INVENTED = {"birthday_gift", "pick_cheapest", "review_written"}
"""Names that a recipe makes up for its reader."""


def list_code(text: str) -> list[str]:
    """Return what stands between single backticks, outside of blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S))


def list_missing_files(text: str) -> list[str]:
    """Return files and folders that a page names and that do not exist.

    A name without a folder must lie in the root, or in a folder that the page names.
    """
    code = list_code(text)
    folders = [REPOSITORY, *(REPOSITORY / word for word in code if word.endswith("/"))]
    folders += [(REPOSITORY / word).parent for word in code if "/" in word and FILE.fullmatch(word)]
    files = [word for word in code if FILE.fullmatch(word) and "<" not in word and word not in EXAMPLES | SERVED]
    missing = [word for word in files if not any((folder / word).exists() for folder in folders)]
    rooms = [word for word in code if re.fullmatch(r"[\w-]+(/[\w-]+)*/?", word) and "/" in word]
    return missing + [word for word in rooms if word.split("/")[0] in ROOMS and not (REPOSITORY / word).exists()]


@functools.cache
def list_members(file: Path) -> dict[str, set[str]]:
    """Return the top-level names of a module, each with the names inside it where it is a class."""
    members: dict[str, set[str]] = {}
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            members[node.name] = {name for part in node.body for name in list_names(part)}
            members[node.name] |= set(re.findall(r"self\.(\w+)", ast.unparse(node)))
        else:
            members |= {name: set() for name in list_names(node)}
    return members


def list_names(node: ast.stmt) -> list[str]:
    """Return the names that a statement defines."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign):
        return [ast.unparse(node.target)]
    return [ast.unparse(target) for target in node.targets] if isinstance(node, ast.Assign) else []


@functools.cache
def list_classes() -> dict[str, set[str]]:
    """Return every class of the project with its members."""
    classes: dict[str, set[str]] = {}
    for room in sorted(ROOMS - {"docs"}):
        for file in (REPOSITORY / room).rglob("*.py"):
            for name, members in list_members(file).items():
                classes.setdefault(name, set()).update(members)
    return classes


def is_symbol(dotted: str) -> bool:
    """Whether a dotted name, of a room or of a class, exists."""
    first, *rest = re.split(r"[./]", dotted)
    if first not in ROOMS:
        return not rest or rest[0] in list_classes().get(first, set())
    for count in range(len(rest), -1, -1):
        path = REPOSITORY.joinpath(first, *rest[:count])
        if path.is_dir():
            return not rest[count:]
        if path.with_suffix(".py").exists():
            name, *member = [*rest[count:], "", ""][:2]
            members = list_members(path.with_suffix(".py"))
            return not name or (name in members and (not member[0] or member[0] in members[name]))
    return False


def list_missing_symbols(text: str) -> list[str]:
    """Return dotted names of our rooms and classes that do not exist."""
    names = [word.partition("(")[0] for word in list_code(text)]
    dotted = [name for name in names if re.fullmatch(r"[A-Za-z_]\w*([./]\w+)*\.[A-Za-z_]\w*", name)]
    ours = [name for name in dotted if not FILE.fullmatch(name) and name not in FOREIGN and is_ours(name)]
    return [name for name in ours if not is_symbol(name) and name not in PERMISSIONS]


def is_ours(name: str) -> bool:
    """Whether a dotted name begins with a room, or looks like a member of a class."""
    first = re.split(r"[./]", name)[0]
    return first in ROOMS or bool(re.fullmatch(r"[A-Z]\w*[a-z]\w*", first))


@functools.cache
def list_words() -> set[str]:
    """Return every word of the code, the templates and the schemas."""
    endings = {".py", ".toml", ".html", ".json", ".mjml", ".yml", ".mjs", ".sh", ".txt", ".env", ".js"}
    files = [file for room in ROOMS for file in (REPOSITORY / room).rglob("*") if file.suffix in endings]
    files += [file for file in REPOSITORY.iterdir() if file.suffix in endings]
    return {word for file in files for word in re.findall(r"\w+", file.read_text())}


def list_unknown_words(text: str) -> list[str]:
    """Return names with an underscore, or in camel case, that no line of the code holds."""
    names = {word.partition("(")[0] for word in list_code(text)}
    shaped = {name for name in names if re.fullmatch(r"_?[a-z]+(_[a-z0-9]+)+|[A-Z]+(_[A-Z]+)+|([A-Z][a-z]+){2,}", name)}
    ours = {name for name in shaped if not name.startswith("SELVEDGE_")}  # tests/docs/test_docs.py
    return sorted(ours - list_words() - INVENTED)


def name_page(file: Path) -> str:
    """Return how a test names a page."""
    return str(file.relative_to(REPOSITORY))


@pytest.mark.parametrize("file", PAGES, ids=name_page)
def test_what_a_page_names_exists(file: Path) -> None:
    text = file.read_text()
    assert list_missing_files(text) == []
    assert list_missing_symbols(text) == []
    assert list_unknown_words(text) == []


def test_a_file_that_does_not_exist_is_found() -> None:
    canary = "`domain/phases.py` `domain/moods.py` `phases.py` `cli.py` `store/moods/` `algorithms/risk` `nowhere.py`"
    assert list_missing_files(canary) == ["domain/moods.py", "nowhere.py", "store/moods/"]


def test_a_symbol_that_does_not_exist_is_found() -> None:
    canary = "`models.clock.Clock` `models.clock.Clok` `models/clock.Clock` `OutreachState.SENT` `OutreachState.GONE`"
    assert list_missing_symbols(canary) == ["models.clock.Clok", "OutreachState.GONE"]


def test_a_name_that_no_code_holds_is_found() -> None:
    canary = "`may_plan(facts)` `may_" + "dance` `NO_SUCH_" + "THING` `Client" + "Dance` `ClientLifecycle`"
    assert list_unknown_words(canary) == ["Client" + "Dance", "NO_SUCH_" + "THING", "may_" + "dance"]
