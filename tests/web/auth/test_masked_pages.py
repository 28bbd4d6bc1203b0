"""What a page and the API leave out for whoever may read, but not act."""

from __future__ import annotations

from fastapi.testclient import TestClient

from models.actors import Actor, Channel, Role
from models.dead_letters import LetterCode, LetterSource
from models.team import ApiKeyOrder
from services.team.api_keys import create_key
from store.database import write_transaction
from store.events.dead_letters import NewLetter, save_letters
from tests.web.auth.staff import add_staff, enter, find_form_token, get_app_context
from tests.web.sample_shop import NOW

EVE = Actor(who="Eve", role=Role.OWNER, channel=Channel.PAGE)
HOOK = "/webhooks/warehouse"
SECRET_PATH = "/selvedge/xxx"


def test_a_viewer_reads_and_finds_nothing_to_press(site: TestClient) -> None:
    letter = NewLetter("1" * 32, LetterSource.EVENTS, "events/0/7", LetterCode.REFUSED, "occurred_at", "ada", "{}")
    with write_transaction(get_app_context(site).engine) as connection:
        save_letters(connection, [letter], NOW)
    add_staff(site, "vic", Role.VIEWER)
    viewer, owner = enter(site, "vic"), enter(site, "Eve")
    acts = (f'action="/dead-letters/{"1" * 32}/retry"', f'action="/dead-letters/{"1" * 32}/drop"')
    for page, here, hidden in (
        ("/dead-letters", "events/0/7", acts),
        ("/webhooks", "https://hooks.shop.example/…", (SECRET_PATH,)),
        (HOOK, "https://hooks.shop.example/…", (SECRET_PATH, "/state")),
    ):
        seen, whole = viewer.get(page), owner.get(page)
        assert (seen.status_code, whole.status_code) == (200, 200), page
        assert here in seen.text, page
        for words in hidden:
            assert words not in seen.text, page
            assert words in whole.text, page
    key = create_key(get_app_context(site).engine, EVE, ApiKeyOrder(name="reader", role=Role.VIEWER), NOW, NOW).secret
    for path in ("/v1/webhooks", "/v1/webhooks/warehouse"):
        told = site.get(path, headers={"authorization": f"Bearer {key}"})
        assert "https://hooks.shop.example/…" in told.text
        assert SECRET_PATH not in told.text


def test_an_endpoint_is_set_to_a_state_that_there_is(site: TestClient) -> None:
    owner = enter(site, "Eve")
    token = find_form_token(owner.get(HOOK).text)
    refused = owner.post(f"{HOOK}/state", data={"token": token, "state": "asleep"})
    assert refused.status_code == 422
    assert "Switch off" in refused.text, "nothing changed"
    assert owner.post(f"{HOOK}/state", data={"token": token, "state": "disabled"}).status_code == 303
    assert "Switch on" in owner.get(HOOK).text
