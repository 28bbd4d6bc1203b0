"""The preview of a campaign in pages: its counts, its mails in frames that hold nothing else, a test to oneself."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from models.actors import Actor, Channel, Role
from models.campaign_definition import CampaignDefinition
from services.campaigns import staff_sends
from services.campaigns.definitions import save_draft
from store.database import read_transaction
from store.tables import outreaches
from tests.web.auth.staff import find_form_token, get_app_context
from tests.web.sample_shop import NOW

PAGE = "/campaigns/autumn/preview"
EVE = Actor(who="eve", role=Role.OWNER, channel=Channel.PAGE)


@pytest.fixture(autouse=True)
def autumn(site: TestClient) -> None:
    """A draft for everybody, of one mail."""
    steps = [{"id": "first", "mail": {"message": "Soft colours for the first cold days."}}]
    draft = CampaignDefinition.model_validate({"slug": "autumn", "name": "Autumn", "steps": steps})
    context = get_app_context(site)
    save_draft(context.engine, EVE, draft, context.settings, NOW, NOW)


def list_frames(page: str) -> list[dict[str, str]]:
    """What each form of a frame would send."""
    pattern = r'target="mail-frame-\d+" data-frame><input[^>]+value="([^"]*)"><input[^>]+name="html" value="([^"]*)"'
    return [{"token": unescape(token), "html": unescape(html)} for token, html in re.findall(pattern, page, re.DOTALL)]


def count_mails(site: TestClient) -> Any:
    with read_transaction(get_app_context(site).engine) as connection:
        return connection.scalar(select(func.count()).select_from(outreaches))


def test_counts_add_up_and_mails_come_back_into_their_frames(site: TestClient) -> None:
    before = count_mails(site)
    page = site.get(f"{PAGE}?client=client003")
    assert page.status_code == 200, page.text[-2000:]
    counts = page.text.partition('id="counts"')[2].partition("</table>")[0]
    audience, *parts = [int(number) for number in re.findall(r'class="num">(?:<b>)?([\d,]+)', counts)]
    assert (audience, len(parts) > 1) == (sum(parts), True)
    [frame, *_] = list_frames(page.text)
    assert "Soft colours" in frame["html"]
    shown = site.post(f"{PAGE}/frame", data={**frame, "html": frame["html"].replace("\n", "\r\n")})
    assert shown.status_code == 200, shown.text
    assert "Soft colours" in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "script" not in policy
    assert count_mails(site) == before, "a preview saves no mail"


def test_a_frame_shows_what_a_preview_wrote_and_nothing_else(site: TestClient) -> None:
    [frame, *_] = list_frames(site.get(f"{PAGE}?client=client003").text)
    other = find_form_token(site.get(PAGE).text)
    for changed in ({"html": frame["html"] + "<p>Give us your password"}, {"token": other}):
        refused = site.post(f"{PAGE}/frame", data=frame | changed)
        assert refused.status_code == 422
        assert "password" not in refused.text.partition("<main")[2]
    assert site.post("/campaigns/evil/preview/frame", data=frame).status_code == 422


def test_a_test_goes_to_the_team_alone_and_what_cannot_be_is_said(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = find_form_token(site.get(PAGE).text)
    unset = site.post(PAGE, data={"token": token, "to": "somebody@example.com"})
    assert (unset.status_code, "Nothing was sent: SELVEDGE_PUBLIC_URL" in unset.text) == (422, True)
    monkeypatch.setattr(staff_sends, "require_reachable_links", lambda _: None)
    refused = site.post(PAGE, data={"token": token, "to": "somebody@example.com"})
    assert refused.status_code == 422
    said = re.findall(r'role="alert">([^<]*)', refused.text)
    assert "is nobody of the team" in str(said)
    assert "would be mailed" in refused.text, "the preview is still there"
    unknown = site.get(f"{PAGE}?client=nobody")
    assert (unknown.status_code, "client" in str(re.findall('role="alert">([^<]*)', unknown.text))) == (422, True)
    assert site.get(f"{PAGE}?version=seven").status_code == 422
    assert site.get("/campaigns/nothing/preview").status_code == 404
