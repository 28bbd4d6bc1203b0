"""What the docs say is so: settings, links, commands, states, signals. Each reader is first proved to find a canary."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from temporalio import workflow

from cli import VERBS, selvedge
from demo.servers import SEARCH_ATTRIBUTES
from domain.outreach import SETTLED, TRANSITIONS
from models.states import OutreachState, Phase
from scripts import settings_doc
from services.system import settings_list
from settings import Settings
from store.privacy.personal import PERSONAL_TABLES
from workflows.campaign import Campaign
from workflows.erasure import Erasure
from workflows.fix import FixAssignment
from workflows.lifecycle import ClientLifecycle
from workflows.outreach import Outreach

REPOSITORY = Path(__file__).parents[2]
PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
DOCS = [*(REPOSITORY / name for name in PAGES), *sorted((REPOSITORY / "docs").rglob("*.md"))]
DOCS += sorted((REPOSITORY / "bench" / "notes").rglob("*.md"))
OURS = {f"SELVEDGE_{name.upper()}" for name in Settings.model_fields}
BENCH = {"SELVEDGE_BENCH_POSTGRES", "SELVEDGE_SCIENCE_DATA"}  # no setting of the product
LONGEST = 200


def name_page(file: Path) -> str:
    """How a test names a page."""
    return str(file.relative_to(REPOSITORY))


def variables(text: str) -> set[str]:
    """Every whole variable of ours that a text names; `SELVEDGE_*` and `_API_KEY` alone are none."""
    return set(re.findall(r"\bSELVEDGE_[A-Z0-9_]*[A-Z0-9]\b", text))


def anchors(text: str) -> set[str]:
    """The places inside a page that a link may name, as code hosts make them of headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def find_broken_links(file: Path, text: str) -> list[str]:
    """Relative links, and pictures, that lead nowhere."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    found = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'src="([^"]+)"', text)
    return [link for link in found if not re.match(r"[a-z]+:", link) and not _leads(file, link, text)]


def _leads(file: Path, link: str, text: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (file.parent / path).resolve() if path else file
    if not target.exists():
        return False
    return not anchor or anchor in anchors(text if target == file else target.read_text())


def lines(text: str) -> list[str]:
    """What follows `selvedge` in every command line that stands as code."""
    code = re.findall(r"^```.*?^```", text, re.M | re.S) + re.findall(r"`([^`\n]+)`", text)
    return re.findall(r"(?:^|\s|`)selvedge ([a-z][^\n`#]*)", "\n".join(code))


def commands(text: str) -> Iterator[tuple[str, str]]:
    """(verb, word after it) of every command line; `a|b|c` gives one pair each."""
    for line in lines(text):
        verbs, *rest = line.split(maxsplit=2)
        for verb in verbs.split("|"):
            for under in rest[0].split("|") if rest else [""]:
                yield verb, under


def unknown_commands(text: str) -> list[str]:
    """Commands whose verb, or whose verb below a group of verbs, does not exist."""
    context = click.Context(selvedge)
    wrong = []
    for verb, under in commands(text):
        group = selvedge.get_command(context, verb) if verb in VERBS else None
        missing = (
            isinstance(group, click.Group) and re.fullmatch(r"[a-z][a-z-]*", under) and under not in group.commands
        )
        if group is None or missing:
            wrong.append(f"selvedge {verb} {under}".strip())
    return wrong


def options(text: str) -> Iterator[tuple[str, str]]:
    """(command line, option) of every option in a command line."""
    for line in lines(text):
        for option in re.findall(r"(?<!\S)\[?(--[a-z-]+)", line):
            yield line, option


def list_options(line: str) -> set[str]:
    """The options of the verb that a command line begins with, those of its subcommands among them."""
    verb = re.split(r"[\s|]", line, maxsplit=1)[0]
    command = selvedge.get_command(click.Context(selvedge), verb)
    below = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    return {"--help", *(name for part in below if part for param in part.params for name in param.opts)}


def cells(row: str) -> list[str]:
    """The cells of a table's row."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


@pytest.mark.parametrize("file", DOCS, ids=name_page)
def test_names_only_settings_that_exist(file: Path) -> None:
    assert variables(file.read_text()) - OURS - BENCH == set()


def test_the_page_of_settings_is_written_from_them() -> None:
    text = settings_doc.PAGE.read_text()
    assert variables(text) == OURS
    written = settings_doc.render_page(settings_list.read_sources())
    assert text == written, "run python -m scripts.settings_doc"


def test_a_setting_that_says_nothing_is_found() -> None:
    with pytest.raises(ValueError, match=r"settings\.py:2: say in a docstring below it what home is"):
        settings_list.list_entries("class Settings:\n    home: int = 1\n    redis_url: str = ''\n    '''Where.'''\n")


@pytest.mark.parametrize("file", DOCS, ids=name_page)
def test_its_links_lead_somewhere(file: Path) -> None:
    assert find_broken_links(file, file.read_text()) == []


def test_a_broken_link_is_found() -> None:
    text = "[a](docs/nowhere.md) [b](https://example.com) [c](README.md#no-such-place) <img src='x' src=\"gone.png\">"
    found = find_broken_links(REPOSITORY / "README.md", text)
    assert found == ["docs/nowhere.md", "README.md#no-such-place", "gone.png"]


@pytest.mark.parametrize("file", DOCS, ids=name_page)
def test_its_commands_exist(file: Path) -> None:
    text = file.read_text()
    assert unknown_commands(text) == []
    assert [pair for pair in options(text) if pair[1] not in list_options(pair[0])] == []


def test_a_command_that_does_not_exist_is_found() -> None:
    canary = "`selvedge dance` and `selvedge client pause|sing c1`\n```\nselvedge campaign paint x --colour red\n```\n"
    assert unknown_commands(canary) == ["selvedge campaign paint", "selvedge dance", "selvedge client sing"]
    assert [option for line, option in options(canary) if option not in list_options(line)] == ["--colour"]


@pytest.mark.parametrize(
    "file", [file for file in DOCS if file.name not in ("CHANGELOG.md", "settings.md")], ids=name_page
)
def test_it_is_short(file: Path) -> None:
    """The page of settings is written by a program: as long as there are settings."""
    assert len(file.read_text().splitlines()) <= LONGEST


def test_the_table_of_states_is_the_ledgers_own() -> None:
    text = (REPOSITORY / "docs" / "lifecycle.md").read_text()
    section = text.partition("## The ledger")[2].partition("\n## ")[0]
    told: dict[OutreachState, set[OutreachState]] = {}
    for row in re.findall(r"^\| `.*$", section, re.M):
        states, following, *_ = cells(row)
        for state in re.findall(r"`(\w+)`", states):
            told[OutreachState(state)] = {OutreachState(name) for name in following.split(", ") if name}
    stops = {OutreachState.SUPPRESSED, OutreachState.REJECTED, OutreachState.EXPIRED, OutreachState.FAILED}
    after_data = {OutreachState.DATA, *SETTLED}
    assert told == {s: set(to) if s in after_data else set(to) - stops for s, to in TRANSITIONS.items()}
    assert all(stops <= to for s, to in TRANSITIONS.items() if s not in after_data), "as the text below the table says"


def test_the_table_of_phases_names_them_all() -> None:
    text = (REPOSITORY / "docs" / "lifecycle.md").read_text()
    section = text.partition("## Phases")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| `.*$", section, re.M) for name in re.findall(r"`(\w+)`", cells(row)[0])}
    assert told == {str(phase) for phase in Phase} - {"erased"}


def test_the_table_of_what_is_held_names_every_part_of_the_export() -> None:
    text = (REPOSITORY / "docs" / "privacy.md").read_text()
    section = text.partition("## What is held")[2].partition("\n## ")[0]
    told = {name for row in re.findall(r"^\| `.*$", section, re.M) for name in re.findall(r"`(\w+)`", cells(row)[0])}
    assert told == {holding.part for holding in PERSONAL_TABLES} | {"consent", "suppressed", "profile"}


def handlers(cls: type) -> set[tuple[str, str]]:
    """(kind, name) of what a workflow answers to from outside."""
    of = workflow._Definition.must_from_class(cls)
    return {
        (kind, str(name))
        for kind, names in (("signal", of.signals), ("update", of.updates), ("query", of.queries))
        for name in names
    }


def test_the_table_of_signals_is_the_workflows_own() -> None:
    text = (REPOSITORY / "docs" / "operating.md").read_text()
    section = text.partition("## Signals, updates, queries")[2].partition("\n## ")[0]
    told: dict[str, set[tuple[str, str]]] = {}
    to = ""
    for row in re.findall(r"^\| .*\| (?:signal|update|query) \|.*$", section, re.M):
        whom, kind, names, *_ = cells(row)
        to = whom or to
        told.setdefault(to, set()).update((kind, name) for name in re.findall(r"`(\w+)`", names))
    assert told == {
        "client": handlers(ClientLifecycle),
        "mail": handlers(Outreach),
        "Fix": handlers(FixAssignment),
        "campaign": handlers(Campaign),
        "erasure": handlers(Erasure),
    }


def test_search_attributes_are_those_that_servers_are_told_of() -> None:
    text = (REPOSITORY / "docs" / "operating.md").read_text()
    section = text.partition("## Finding workflows")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([A-Z]\w+)`", section.partition("```")[0])) == set(SEARCH_ATTRIBUTES)
    queried = set(re.findall(r"\b([A-Z]\w+) = ", text)) - {"WorkflowType"}
    assert queried <= set(SEARCH_ATTRIBUTES)
