"""A campaign is paused, resumed, adjusted and ended in pages; its people are listed with their reasons."""

from __future__ import annotations

import re
from typing import Any

from fastapi.testclient import TestClient

from models.states import CampaignState
from store.activity import list_activities
from store.campaigns.campaigns import load_campaign
from store.database import read_transaction
from tests.web.console.test_pages import plain


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
