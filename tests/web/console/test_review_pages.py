"""The desk in pages: what waits is read beside its facts, changed by sentence, let out or refused, and kept from two
people deciding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete, select

from models.actors import Actor, Channel, Role
from models.drafts import HoldReason
from services.review.claims import claim_draft
from store.activity import list_activities
from store.database import connect, read_transaction, write_transaction
from store.tables import activity, drafts, outreach_steps, outreaches
from tests.support.desk import load_state, put_draft
from tests.web.conftest import prepare_home
from tests.web.console.test_pages import plain
from tests.web.sample_shop import HOSTILE, NOW
from web.app import create_app
from web.console.draft_text import TextStretch, split_marked

NOWHERE = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}
FIRST, SECOND = "ada:8", "evil:8"


class Desk:
    """The pages, and the store behind them."""

    def __init__(self, pages: TestClient, engine: Engine) -> None:
        self.pages, self.engine = pages, engine

    def fields(self, draft_id: str = FIRST) -> dict[str, str]:
        """The form of a draft as a browser would send it."""
        page = self.pages.get(f"/review/{draft_id}").text
        texts = dict(re.findall(r'<textarea name="(s\d+)"[^>]*>([^<]*)</textarea>', page))
        hidden = dict(re.findall(r'<input type="hidden" name="(token|version)" value="([^"]*)"', page))
        return texts | hidden

    def post(self, act: str, draft_id: str = FIRST, **changed: str) -> Any:
        form = self.fields(draft_id) | {"act": act} | changed
        return self.pages.post(f"/review/{draft_id}", data=form, follow_redirects=False)

    def state(self, client_id: str = "ada") -> tuple[str, str]:
        with read_transaction(self.engine) as connection:
            return load_state(connection, client_id, 8)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One app for the whole file; each test finds its drafts as they were."""
    settings = prepare_home(tmp_path_factory.mktemp("desk"), **NOWHERE, quiet_from_hour=0, quiet_until_hour=0)
    engine = connect(settings.database)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as pages:
        yield Desk(pages, engine)
    engine.dispose()


@pytest.fixture
def desk(shared: Desk) -> Desk:
    with write_transaction(shared.engine) as connection:
        for table in (activity, drafts, outreach_steps):
            connection.execute(delete(table))
        connection.execute(delete(outreaches).where(outreaches.c.n == 8))
        put_draft(connection, "ada", 8, why=HoldReason.ALL, updated_at=NOW)
        put_draft(connection, "evil", 8)
    return shared


def test_the_queue_lists_what_waits_and_leads_to_it(desk: Desk) -> None:
    page = desk.pages.get("/review").text
    assert "2 waiting" in plain(page)
    assert f'href="/review/{FIRST}"' in page
    assert "every such mail is read" in page
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    assert FIRST not in desk.pages.get("/review?why=refused").text


def test_a_draft_stands_beside_what_it_was_written_from(desk: Desk) -> None:
    page = desk.pages.get(f"/review/{FIRST}").text
    assert "1 of 2" in plain(page)
    assert "Every word is supported by the facts." in plain(page)
    assert f'data-key="j" href="/review/{SECOND}"' in page


def test_words_that_no_fact_supports_are_marked_while_somebody_types_and_nothing_is_saved(desk: Desk) -> None:
    form = desk.fields()
    answer = desk.pages.post(f"/review/{FIRST}/check", data=form | {"s4": "All of it at 50 % off."})
    assert "<mark>50</mark>" in answer.text
    assert "it cannot be approved like this" in plain(answer.text)
    assert desk.fields()["s4"] == form["s4"]


def test_a_change_is_saved_and_the_draft_goes_on_waiting(desk: Desk) -> None:
    old = desk.fields()["s5"]
    assert desk.post("save", s5="").headers["location"] == f"/review/{FIRST}?done=save&of=ada%3A8"
    assert old not in desk.fields().values()
    assert desk.state()[0] == "awaiting_person"


def test_approving_saves_what_was_changed_and_leads_to_the_next(desk: Desk) -> None:
    old = desk.fields()["s5"]
    done = desk.post("approve", s5="")
    assert (done.status_code, done.headers["location"]) == (303, f"/review/{SECOND}?done=approve&of=ada%3A8")
    assert desk.state() == ("scheduled", "approved_by_person")
    with read_transaction(desk.engine) as connection:
        assert old not in str(connection.scalar(select(outreaches.c.draft).where(outreaches.c.n == 8)))
        actions = [(one.actor.channel, one.action) for one in list_activities(connection)]
    assert actions[:2] == [("page", "mail.decide"), ("page", "mail.edit")]
    assert "Approved: “" in desk.pages.get(done.headers["location"]).text


def test_a_refused_approval_comes_back_with_what_was_typed(desk: Desk) -> None:
    refused = desk.post("approve", s4="All of it at 50 % off.")
    assert refused.status_code == 422
    assert "All of it at 50 % off." in refused.text
    assert "Nothing was changed" in refused.text
    assert desk.state()[0] == "awaiting_person"


def test_a_rejection_needs_its_reason(desk: Desk) -> None:
    refused = desk.post("reject")
    assert refused.status_code == 422
    assert "why it is rejected" in refused.text
    desk.post("reject", reason="Too dull")
    assert desk.state() == ("rejected", "rejected_by_person")
    assert "Rejected by demo" in plain(desk.pages.get(f"/review/{FIRST}").text)


def test_a_draft_that_somebody_else_has_comes_back_with_who(desk: Desk) -> None:
    eve = Actor(who="eve", role=Role.STYLIST, channel=Channel.PAGE)
    real_now = desk.pages.app.state.context.real_now()  # type: ignore[attr-defined]
    claim_draft(desk.engine, eve, FIRST, "", timedelta(minutes=15), NOW, real_now)
    refused = desk.post("approve", s4="Mine.")
    assert refused.status_code == 422
    assert "Eve works on this draft until" in refused.text
    assert "Mine." in refused.text


def test_a_claim_is_given_up_again(desk: Desk) -> None:
    desk.post("claim")
    assert "It is yours until" in plain(desk.pages.get(f"/review/{FIRST}").text)
    desk.post("release")
    assert "It is yours until" not in plain(desk.pages.get(f"/review/{FIRST}").text)


def test_a_form_of_another_draft_changes_nothing(desk: Desk) -> None:
    foreign = desk.fields(SECOND)["token"]
    assert desk.post("approve", token=foreign).status_code >= 400
    assert desk.post("approve", token="made up").status_code == 401
    assert desk.state()[0] == "awaiting_person"


def test_marks_stand_on_whole_words_in_any_case() -> None:
    assert split_marked("Silk, not silken", ["silk"]) == [TextStretch("Silk", True), TextStretch(", not silken", False)]
    assert split_marked("Nothing here", [""]) == [TextStretch("Nothing here", True)]
    assert split_marked("50 % off", ["%"]) == [
        TextStretch("50 ", False),
        TextStretch("%", True),
        TextStretch(" off", False),
    ]
    assert split_marked("Fine", []) == [TextStretch("Fine", False)]
