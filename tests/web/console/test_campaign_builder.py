"""A campaign of several steps, built, reviewed, approved and started in pages alone."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from ingest.definitions import load_values
from models.campaign_definition import CampaignDefinition
from models.phase_entry import LEFT_BY_SEQUENCES, PHASE_KINDS
from models.states import Phase
from services.campaigns.version_reviews import load_review
from store.database import read_transaction
from store.tables import activity, campaigns
from tests.web.auth.staff import find_form_token, get_app_context
from web.console.definition_forms import change_steps, dump_values, fill_fields, place_faults, read_values

EXAMPLES = sorted(Path("examples/campaigns").glob("*.yaml"))
RICH = {
    "slug": "rich",
    "name": "All of it",
    "audience": {"phases": ["cooling", "at_risk"], "tags": ["vip"], "filter": "orders >= 1"},
    "entry": {"on": "event", "event": "added_to_cart", "wait": "4h", "unless": ["order_placed", "wishlisted"]},
    "steps": [
        {"id": "one", "mail": {"message": "Hello.", "items": ["coat-1"], "show_entry_item": True,
                               "variants": [{"name": "b", "share": 0.25, "message": "Hi."}]}},
        {"id": "two", "wait_for": {"event": "email_opened", "within": "3d", "then": "four", "otherwise": "end"}},
        {"id": "three", "branch": {"when": {"phases": ["lapsed"], "tags": ["vip"]}, "then": "five"}},
        {"id": "four", "call": {"within": "2d"}},
        {"id": "five", "wait": "90m"},
        {"id": "six", "stop": True},
    ],
    "exits": {"goal": "order_placed", "left_audience": True},
    "re_entry": "30d",
    "caps": {"mails_per_week": 1},
    "guardrails": {"complaints": 0.002},
    "quiet_hours": {"from_hour": 20, "until_hour": 9},
    "holdout": 0.25,
    "priority": 60,
    "review": "sample:20",
    "approval": "someone_else",
}  # fmt: skip


@pytest.mark.parametrize("values", [RICH, *(load_values(path) for path in EXAMPLES)], ids=lambda one: one["slug"])
def test_a_definition_goes_through_the_form_unchanged(values: dict[str, object]) -> None:
    definition = CampaignDefinition.model_validate(values)
    read = read_values(fill_fields(dump_values(definition)))
    assert CampaignDefinition.model_validate(read) == definition


def test_steps_are_added_moved_and_removed() -> None:
    values = {"steps": [{"id": "mail", "mail": {}}]}
    values = change_steps(change_steps(values, "add.wait"), "add.mail")
    assert [step["id"] for step in values["steps"]] == ["mail", "wait", "mail-2"]
    assert [step["id"] for step in change_steps(values, "up.2")["steps"]] == ["mail", "mail-2", "wait"]
    assert [step["id"] for step in change_steps(values, "down.0")["steps"]] == ["wait", "mail", "mail-2"]
    assert [step["id"] for step in change_steps(values, "remove.0")["steps"]] == ["wait", "mail-2"]
    for odd in ("up.0", "down.2", "remove.9", "remove.x", "add.nothing", ""):
        assert change_steps(values, odd) == values


def test_faults_stand_at_their_fields() -> None:
    placed = place_faults(["steps[2].wait: is no span", "a definition is a mapping: slug", "holdout: too much"])
    assert placed == {"steps.2.wait": "is no span", "": "a definition is a mapping: slug", "holdout": "too much"}


def read_form(page: str) -> dict[str, str]:
    """The fields of the page's form, as a browser would send them."""
    form = page[page.index("data-builder") :]
    fields = {"token": find_form_token(form)}
    for tag in re.findall(r"<input [^>]+>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        kind = re.search(r'type="([^"]+)"', tag)
        if name and (kind is None or kind[1] not in ("checkbox", "radio") or " checked" in tag):
            fields[name[1]] = unescape(value[1]) if value else "on"
    for name, text in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        fields[name] = unescape(text)
    for name, options in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


class _ShownFields(HTMLParser):
    """Collects the names of fields that stand in nothing hidden."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._open: list[tuple[str, bool]] = []
        self.feed(page[page.index("data-builder") :])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        is_hidden = "hidden" in given or given.get("type") == "hidden" or any(hidden for _, hidden in self._open)
        if given.get("name") and not is_hidden:
            value = f"={given['value']}" if given["name"] == "act" else ""
            self.names.add(f"{given['name']}{value}")
        if tag not in ("input", "br", "meta", "link", "img", "hr"):
            self._open.append((tag, is_hidden))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass


def test_a_sequence_is_asked_for_nothing_that_it_refuses(site: TestClient) -> None:
    form = read_form(site.get("/new-campaign").text)
    shown = _ShownFields(site.post("/new-campaign", data=form | {"act": "look"}).text).names
    refused = {name for name in shown if name.partition(".")[0] in LEFT_BY_SEQUENCES}
    refused |= {name for name in shown if name.endswith("show_entry_item")}
    assert {name.partition(".")[0] for name in refused if "steps" not in name} == LEFT_BY_SEQUENCES - {
        "show_entry_item"
    }
    form |= {"entry.on": "phase", "entry.phase": "at_risk", "name": "Drift", "slug": "drift"}
    form |= {"steps.0.mail.message": "We kept some pieces.", "steps.0.mail.kind": "missed", "steps.0.id": "first"}
    page = site.post("/new-campaign", data=form | {"act": "add.wait"}).text
    shown = _ShownFields(page).names
    assert not shown & refused
    assert {"act=add.mail", "act=add.wait", "throughput_per_minute", "entry.phase"} <= shown
    assert not shown & {"act=add.branch", "act=add.call", "act=add.wait_for", "act=add.stop"}
    kinds = re.findall(r'value="(\w+)"', page.partition('name="steps.0.mail.kind"')[2].partition("</select>")[0])
    assert set(kinds) - {""} == set(PHASE_KINDS[Phase.AT_RISK])
    # What stands in fields that are hidden now was typed before somebody chose a phase.
    typed = {"priority": "70", "holdout": "20", "audience.tags": "vip", "exits.goal": "order_placed", "re_entry": "30d"}
    page = site.post("/new-campaign", data=read_form(page) | typed | {"steps.1.wait": "3d", "act": "look"}).text
    assert "Not saved" not in page
    assert "phase: at_risk" in page


def act(site: TestClient, what: str, version: int = 1, **more: str) -> str:
    token = find_form_token(site.get("/campaigns/autumn/versions").text)
    form = {"token": token, "act": what, "version": str(version), **more}
    return site.post("/campaigns/autumn/versions", data=form).text


def test_a_campaign_is_built_saved_approved_and_started(site: TestClient) -> None:
    form = read_form(site.get("/new-campaign").text)
    page = site.post("/new-campaign", data=form | {"act": "save"}).text
    assert "Not saved:" in page
    assert 'id="wrong-name"' in page
    form = read_form(page) | {"name": "Autumn", "slug": "autumn", "audience.phases.cooling": "on"}
    form |= {"steps.0.mail.message": "Our autumn edit is in.", "act": "add.wait"}
    page = site.post("/new-campaign", data=form).text
    assert "Not saved" not in page, "who adds a step has not filled it in yet"
    assert re.search(r"Now <b>\d+</b> client", page)
    form = read_form(page) | {"steps.1.wait": "soon", "act": "save"}
    page = site.post("/new-campaign", data=form).text
    assert 'id="wrong-steps.1.wait"' in page
    form = read_form(page) | {"steps.1.wait": "3d", "act": "save"}
    page = site.post("/new-campaign", data=form).text
    assert "The draft is saved." in page
    assert "Wait 3 days" in page
    assert "Approval is asked for." in act(site, "submit")
    assert "This version is approved." in act(site, "approve")
    assert "Give a day and a time" in act(site, "schedule")
    assert "has passed" in act(site, "schedule", start_at="2020-01-01T09:00")
    assert "It runs." in act(site, "start")
    context = get_app_context(site)
    with read_transaction(context.engine) as connection:
        assert connection.scalar(select(campaigns.c.state).where(campaigns.c.slug == "autumn")) == "running"
        done = connection.scalars(select(activity.c.action).order_by(activity.c.id)).all()
    assert done == ["campaign.create", "campaign.submit", "campaign.approve", "campaign.start"]
    assert "Steps" in site.get("/campaigns/autumn").text


def test_the_next_version_is_shown_beside_the_one_that_runs(site: TestClient) -> None:
    first = fill_fields(
        {"name": "Autumn", "slug": "autumn", "steps": [{"id": "mail", "mail": {"message": "Our autumn edit is in."}}]}
    )
    token = find_form_token(site.get("/new-campaign").text)
    site.post("/new-campaign", data=first | {"token": token, "act": "save"})
    for what in ("submit", "approve", "start"):
        act(site, what)
    form = read_form(site.get("/campaigns/autumn/build").text)
    assert form["steps.0.mail.message"] == "Our autumn edit is in."
    page = site.post(
        "/campaigns/autumn/build", data=form | {"steps.0.mail.message": "Coats are in.", "act": "save"}
    ).text
    assert "-    message: Our autumn edit is in." in page
    assert "+    message: Coats are in." in page
    act(site, "submit", 2)
    act(site, "approve", 2)
    assert "It runs." in act(site, "start", 2, in_it="move")
    row = load_review(get_app_context(site).engine, "autumn").row
    assert (row.version, row.state, row.takeover) == (2, "live", "move")


def test_what_the_shop_does_not_have_is_said_at_its_field(site: TestClient) -> None:
    form = read_form(site.get("/new-campaign").text) | {"name": "A", "slug": "a1", "audience.tags": "vpi"}
    page = site.post("/new-campaign", data=form | {"steps.0.mail.message": "Coats are in.", "act": "save"}).text
    assert 'id="wrong-audience.tags"' in page
    assert "did you mean vip" in page
    page = site.post("/new-campaign", data=form | {"audience.tags": "", "audience.filter": "phase = atrisk"}).text
    assert "did you mean at_risk" in page


def test_a_short_name_that_is_taken_and_a_campaign_of_one_mail_are_said(site: TestClient) -> None:
    form = read_form(site.get("/new-campaign").text) | {"name": "A", "slug": "spring", "act": "save"}
    page = site.post("/new-campaign", data=form | {"steps.0.mail.message": "Coats are in."}).text
    assert 'id="wrong-slug"' in page
    assert "campaign of one mail" in site.get("/campaigns/spring/build").text
