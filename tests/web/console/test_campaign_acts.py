"""A campaign is paused, resumed, adjusted and ended in pages; its people are listed with their reasons."""

from __future__ import annotations

import re
from typing import Any

from fastapi.testclient import TestClient

from models.actors import Actor, Channel, Role
from models.campaign_definition import CampaignDefinition
from models.states import CampaignState
from services.campaigns.definitions import decide_version, save_draft, start_version, submit_version
from store.activity import list_activities
from store.campaigns.campaigns import load_campaign
from store.campaigns.versions import load_version
from store.database import read_transaction
from tests.web.auth.staff import find_form_token
from tests.web.console.test_pages import plain
from tests.web.sample_shop import NOW

EVE = Actor(who="eve", role=Role.OWNER, channel=Channel.PAGE)
ANN = Actor(who="ann", role=Role.OWNER, channel=Channel.PAGE)


def post(site: TestClient, act: str, **fields: str) -> Any:
    path = f"/campaigns/spring/acts/{act}"
    found = re.search(r'name="token" value="([^"]+)"', site.get(path).text)
    assert found is not None
    return site.post(path, data={"token": found[1]} | fields, follow_redirects=False)


def load(site: TestClient) -> Any:
    with read_transaction(site.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        return load_campaign(connection, "spring")


def test_a_campaign_is_steered_from_its_page(site: TestClient) -> None:
    assert post(site, "pause").status_code == 422
    done = post(site, "pause", reason="stock")
    assert done.status_code == 303
    assert load(site).state is CampaignState.PAUSED
    assert "It is paused." in site.get(done.headers["location"]).text
    post(site, "resume", overdue="expire")
    assert load(site).state is CampaignState.RUNNING
    refused = post(site, "adjust", throughput_per_minute="many", message="Coats are in")
    assert refused.status_code == 422
    assert 'id="wrong-throughput_per_minute"' in refused.text
    assert "Coats are in</textarea>" in refused.text
    assert post(site, "adjust", message="Coats are in", priority="70").status_code == 303
    assert (load(site).spec.message, load(site).spec.priority) == ("Coats are in", 70)
    assert "Type spring to end it" in post(site, "end", confirm="springs").text
    assert post(site, "end", confirm="spring").status_code == 303
    with read_transaction(site.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        actions = [row.action for row in list_activities(connection)]
    assert actions == ["campaign.end", "campaign.adjust", "campaign.resume", "campaign.pause"]


def test_its_people_are_listed_by_state(site: TestClient) -> None:
    assert "client000" in site.get("/campaigns/spring/people").text
    waiting = plain(site.get("/campaigns/spring/people?state=waiting").text)
    assert "client011" in waiting
    assert "client000" not in waiting


STEPS = [
    {"id": "first", "mail": {"message": "Soft colours for the first cold days."}},
    {"id": "rest", "wait": "3d"},
    {"id": "second", "mail": {"message": "Coats have come.", "voice": "calm"}},
]


def start_autumn(site: TestClient, **more: Any) -> None:
    """Start a campaign of several steps."""
    context = site.app.state.context  # type: ignore[attr-defined]
    draft = CampaignDefinition.model_validate({"slug": "autumn", "name": "Autumn", "steps": STEPS, **more})
    save_draft(context.engine, EVE, draft, context.settings, NOW, NOW)
    submit_version(context.engine, EVE, "autumn", NOW, NOW)
    decide_version(context.engine, ANN, "autumn", 1, "approve", NOW, NOW)
    start_version(context.engine, EVE, "autumn", NOW, NOW, "stay", {})


def reword(site: TestClient, **fields: str) -> Any:
    token = find_form_token(site.get("/campaigns/autumn/acts/adjust").text)
    return site.post("/campaigns/autumn/acts/adjust", data={"token": token} | fields, follow_redirects=False)


def load_words(site: TestClient) -> tuple[int, list[str]]:
    """The version that runs, and what its mails say."""
    with read_transaction(site.app.state.context.engine) as connection:  # type: ignore[attr-defined]
        version = load_version(connection, "autumn", load_campaign(connection, "autumn").version)
    return version.version, [step.mail.message for step in version.definition.steps if step.mail]


def test_one_step_says_something_else_at_once_where_whoever_asks_may_approve(site: TestClient) -> None:
    start_autumn(site)
    page = site.get("/campaigns/autumn/acts/adjust").text
    assert re.findall(r'name="step" value="([^"]+)"', page) == ["first", "second"], "a wait says nothing"
    done = reword(site, step="second", message="Coats and boots have come.", voice="calm")
    assert done.status_code == 303
    assert load_words(site) == (2, ["Soft colours for the first cold days.", "Coats and boots have come."])
    assert "took the place of version 1" in plain(site.get(done.headers["location"]).text)
    same = reword(site, step="second", message="Coats and boots have come.", voice="calm")
    assert "says that already" in plain(site.get(same.headers["location"]).text)
    refused = reword(site, step="second", message="20 % off all coats", voice="calm")
    assert (refused.status_code, "20 % off all coats</textarea>" in refused.text) == (422, True)
    assert 'id="wrong-message"' in refused.text
    assert load_words(site)[0] == 2
    whole = reword(site, throughput_per_minute="30", priority="60")
    assert (whole.status_code, load_words(site)[0]) == (303, 2)


def test_another_text_awaits_somebody_else_where_the_campaign_says_so(site: TestClient) -> None:
    start_autumn(site, approval="someone_else")
    done = reword(site, step="first", message="Deep colours for the first cold days.", voice="")
    assert "awaits approval by somebody else" in plain(site.get(done.headers["location"]).text)
    assert load_words(site) == (1, [STEPS[0]["mail"]["message"], "Coats have come."])  # type: ignore[index]
    again = reword(site, step="first", message="Bright colours for the first cold days.", voice="")
    assert (again.status_code, "publish it or send it back first" in again.text) == (422, True)


def test_a_sequence_of_the_lifecycle_says_what_it_is_and_can_be_cloned(site: TestClient) -> None:
    assert "lifecycle</small>" in site.get("/campaigns").text
    page = plain(site.get("/campaigns/lifecycle-at-risk").text)
    assert "A sequence of the lifecycle: everybody whose phase becomes At risk gets its mails" in page
    assert "whoever becomes “At risk”" in page.replace("Whoever", "whoever")
    share = site.app.state.context.settings.holdout_share  # type: ignore[attr-defined]
    assert f"Held out {100 * share:g} %, for all who drift" in page
    assert "when it is ended" in page
    assert "Mail: Missed you" in page
    assert 'name="priority"' not in site.get("/campaigns/lifecycle-at-risk/acts/adjust").text
    cloned = site.get("/new-campaign?like=lifecycle-at-risk").text
    assert 'name="steps.0.id" type="text" value="missed"' in cloned
    assert re.search(r'value="phase" checked', cloned)
    assert re.search(r'name="slug" type="text" value=""', cloned)


def test_the_api_clones_a_campaign_into_a_draft(site: TestClient) -> None:
    key = {"Authorization": f"Bearer {site.app.state.context.settings.keys.api}"}  # type: ignore[attr-defined]
    cloned = site.post("/v1/campaigns/lifecycle-at-risk/clone", json={"slug": "drift"}, headers=key)
    assert cloned.status_code == 200, cloned.text
    assert (cloned.status_code, cloned.json()["state"], cloned.json()["campaign"]) == (200, "draft", "draft")
    said = site.get("/v1/campaigns/drift/versions/1", headers=key).json()["definition"]
    assert (said["slug"], said["name"], said["entry"]) == (
        "drift",
        "At risk, copy",
        {"on": "phase", "phase": "at_risk"},
    )
    again = site.post("/v1/campaigns/lifecycle-at-risk/clone", json={"slug": "drift"}, headers=key)
    assert (again.status_code, again.json()["error"]["field"]) == (422, "slug")
