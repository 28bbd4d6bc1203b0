"""What people do to clients in pages: one by one and many at once, refused with what they typed, and on record."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, delete, select

from store.activity import list_activities
from store.database import connect, read_transaction, write_transaction
from store.tables import activity, clients, fixes, holds
from tests.web.conftest import prepare_home
from tests.web.console.test_pages import plain
from web.app import create_app

NOWHERE = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}


class Shop:
    """The pages, and the store behind them."""

    def __init__(self, pages: TestClient, engine: Engine) -> None:
        self.pages, self.engine = pages, engine

    def post(self, path: str, at: str = "", /, **fields: str) -> Any:
        """Send the form that the page at `at`, or at the same path, shows, with these fields."""
        page = self.pages.get(at or path).text
        found = re.search(r'name="token" value="([^"]+)"', page)
        assert found is not None
        return self.pages.post(path, data={"token": found[1]} | fields, follow_redirects=False)

    def read(self, column: Any, client_id: str = "ada") -> Any:
        with read_transaction(self.engine) as connection:
            query = select(column).where(column.table.c.client_id == client_id)
            return connection.scalars(query).all()

    def list_actions(self) -> list[str]:
        with read_transaction(self.engine) as connection:
            return [one.action for one in list_activities(connection)]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    settings = prepare_home(tmp_path_factory.mktemp("shop"), **NOWHERE)
    engine = connect(settings.database)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as pages:
        yield Shop(pages, engine)
    engine.dispose()


@pytest.fixture
def shop(shared: Shop) -> Shop:
    with write_transaction(shared.engine) as connection:
        connection.execute(delete(activity))
        connection.execute(delete(holds))
    return shared


def test_mail_is_paused_with_a_reason_and_resumed_with_a_choice(shop: Shop) -> None:
    assert shop.post("/clients/ada/acts/pause", reason=" ").status_code == 422
    done = shop.post("/clients/ada/acts/pause", reason="asked by phone", until="2026-12-24")
    assert done.headers["location"] == "/clients/ada?done=pause"
    page = plain(shop.pages.get(done.headers["location"]).text)
    assert "Their mail is paused; nothing more goes out." in page
    assert "until 24 December, 00:00: asked by phone." in page
    assert shop.post("/clients/ada/acts/resume", overdue="expire").status_code == 303
    assert shop.read(holds.c.source) == []
    assert shop.list_actions() == ["client.resume", "client.pause"]


@pytest.mark.parametrize(("until", "why"), [("2020-01-01", "Must be a day to come"), ("soon", "Must be a day such as")])
def test_a_refused_pause_comes_back_with_what_was_typed(shop: Shop, until: str, why: str) -> None:
    refused = shop.post("/clients/ada/acts/pause", reason="on holiday", until=until)
    assert refused.status_code == 422
    assert 'value="on holiday"' in refused.text
    assert why in refused.text
    assert shop.list_actions() == []


def test_wishes_are_saved_and_given_back_to_the_shop_s_rule(shop: Shop) -> None:
    shop.post("/clients/ada/acts/wishes", max_mails_per_week="1", preferred_hour="9", **{"topic.news": "on"})
    assert shop.read(clients.c.policy) == [{"max_mails_per_week": 1, "preferred_hour": 9, "topics": ["news"]}]
    every = {f"topic.{topic}": "on" for topic in ("news", "selection", "campaign")}
    shop.post("/clients/ada/acts/wishes", **every)
    assert shop.read(clients.c.policy) == [{}]


def test_a_fix_is_saved_once_though_temporal_is_away_and_says_so(shop: Shop) -> None:
    wish = {"slots": "4", "budget": "350", "note": "A wedding in May", "request_key": "k1"}
    for _ in range(2):
        away = shop.post("/clients/client005/acts/fix", **wish)
        assert away.status_code == 422
        assert ">A wedding in May</textarea>" in away.text
        assert "temporal" in away.text.casefold()
    assert shop.read(fixes.c.note, "client005") == ["A wedding in May"]


def test_a_second_fix_is_refused_with_the_first_one_s_name(shop: Shop) -> None:
    refused = shop.post("/clients/ada/acts/fix", slots="3")
    assert "Fix f1 of this client is being made" in refused.text


def test_a_wrong_field_is_named_at_the_field(shop: Shop) -> None:
    refused = shop.post("/clients/ada/acts/fix", slots="many")
    assert 'id="wrong-slots">Must be a whole number.' in refused.text


def test_a_client_is_created_and_changed_and_what_nobody_touched_stays(shop: Shop) -> None:
    new = {"client_id": "zoe", "email": "zoe@example.com", "first_name": "Zoë", "locale": "fr", "tags": "vip, new"}
    assert shop.post("/new-client", **new, consent="on").headers["location"] == "/clients/zoe?done=new"
    again = shop.post("/new-client", **new)
    assert again.status_code == 422
    assert "Another client has this id" in again.text
    form = {"email": "zoe@example.org", "first_name": "Zoë", "locale": "fr", "tags": "vip, new", "consent": "on"}
    assert shop.post("/clients/zoe/edit", **form).headers["location"] == "/clients/zoe?done=edit"
    with read_transaction(shop.engine) as connection:
        row = connection.execute(select(clients).where(clients.c.client_id == "zoe")).one()
    assert (row.email, row.first_name, row.locale, row.consent) == ("zoe@example.org", "Zoë", "fr", True)
    assert row.tags == ["vip", "new"]


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [("email", "no address", "email"), ("time_zone", "Mars/Olympus", "no such time zone"), ("locale", "!", "locale")],
)
def test_a_refused_client_comes_back_whole(shop: Shop, field: str, value: str, why: str) -> None:
    refused = shop.post(
        "/new-client", **{"client_id": "yan", "email": "yan@example.com", "sizes": "M"} | {field: value}
    )
    assert refused.status_code == 422
    assert why in refused.text.casefold()
    assert f'id="wrong-{field}"' in refused.text
    assert 'value="M"' in refused.text
    assert shop.read(clients.c.email, "yan") == []


def test_marked_clients_are_paused_once_it_is_confirmed(shop: Shop) -> None:
    marked = {"pick.client001": "1", "pick.client002": "1", "pick.nobody": "1"}
    asked = shop.post("/clients", "/clients", act="pause", **marked)
    assert "Pause mail for 2" in plain(asked.text)
    assert shop.list_actions() == []
    assert "Say in a few words why" in shop.post("/clients", "/clients", act="pause", sure="1", **marked).text
    done = shop.post("/clients", "/clients", act="pause", sure="1", reason="stock", **marked)
    assert "Done for 2 clients." in plain(done.text)
    assert shop.read(holds.c.reason, "client002") == ["stock"]
    assert shop.list_actions() == ["client.pause", "client.pause"]


def test_all_that_a_search_finds_are_tagged_and_those_who_have_it_stay(shop: Shop) -> None:
    found = {"everyone": "1", "q": "client00"}
    done = shop.post("/clients", "/clients", act="tag", sure="1", tag="spring", **found)
    assert "Done for 10 clients." in plain(done.text)
    shop.post("/clients", "/clients", act="tag", sure="1", tag="spring", **found)
    assert shop.list_actions() == ["client.tag"] * 10
    assert shop.read(clients.c.tags, "client009") == [["vip", "spring"]]


def read_undo(page: str) -> dict[str, str]:
    """The fields of the form that undoes it."""
    form = page.partition('class="undo"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="(of|done_at|tag|campaign|q|phase|segment)" value="([^"]*)"', form))


def test_an_act_on_many_is_undone_for_those_whom_it_changed(shop: Shop) -> None:
    shop.post("/clients", "/clients", act="pause", sure="1", reason="before", **{"pick.client001": "1"})
    found = {"everyone": "1", "q": "client00"}
    done = shop.post("/clients", "/clients", act="pause", sure="1", reason="stock", **found)
    undone = shop.post("/clients", "/clients", act="undo", **read_undo(done.text))
    assert "Undone for 9 clients." in plain(undone.text)
    assert shop.read(holds.c.reason, "client001") == ["before"], "who was paused before stays so"
    assert shop.read(holds.c.reason, "client002") == []
    shop.post("/clients", "/clients", act="tag", sure="1", tag="velvet", **{"pick.client003": "1"})
    done = shop.post("/clients", "/clients", act="tag", sure="1", tag="velvet", **found)
    undone = shop.post("/clients", "/clients", act="undo", **read_undo(done.text))
    assert "Undone for 9 clients." in plain(undone.text)
    [kept], [taken] = shop.read(clients.c.tags, "client003"), shop.read(clients.c.tags, "client004")
    assert ("velvet" in kept, "velvet" in taken, "vip" in taken) == (True, False, True)
    assert shop.list_actions()[0] == "client.tag"
    again = shop.post("/clients", "/clients", act="undo", of="pause", done_at="yesterday")
    assert (again.status_code, "cannot be undone" in again.text) == (422, True)


def test_chosen_clients_enter_a_campaign_and_the_page_counts_who_did_not(shop: Shop) -> None:
    found = {"everyone": "1", "q": "client0"}
    asked = shop.post("/clients", "/clients", act="enrol", **found)
    assert '<option value="spring">Spring arrivals</option>' in asked.text
    assert "Must be chosen" in shop.post("/clients", "/clients", act="enrol", sure="1", **found).text
    done = shop.post("/clients", "/clients", act="enrol", sure="1", campaign="spring", **found)
    words = plain(done.text)
    assert "Is in it already: 3 (" in words, words
    entered = re.search(r"Done for ([\d,]+) client", words)
    assert entered is not None
    undone = shop.post("/clients", "/clients", act="undo", **read_undo(done.text))
    assert f"Undone for {entered[1]} client" in plain(undone.text)
    unknown = shop.post("/clients", "/clients", act="enrol", sure="1", campaign="winter", **found)
    assert "no campaign winter" in unknown.text


@pytest.mark.parametrize(
    ("query", "count"), [("", None), ("q=client00", 10), ("q=ada", 1), ("phase=new&q=client", None), ("q=nobody", None)]
)
def test_all_that_fit_are_counted_as_the_search_finds_them(shop: Shop, query: str, count: int | None) -> None:
    page = plain(shop.pages.get(f"/clients?{query}").text)
    told = re.search(r"All ([\d,]+) that fit", page)
    lines = list(csv.DictReader(io.StringIO(shop.post("/clients", "/clients", act="csv", **_read(query)).text)))
    assert (int(told[1]) if told else 0) == len(lines) == (len(lines) if count is None else count)


def _read(query: str) -> dict[str, str]:
    return dict(part.split("=") for part in query.split("&") if part)


def test_nobody_marked_says_so(shop: Shop) -> None:
    assert "choose at least one client" in shop.post("/clients", "/clients", act="pause").text


def test_a_list_is_exported_without_a_formula(shop: Shop) -> None:
    with write_transaction(shop.engine) as connection:
        connection.execute(
            clients.update().where(clients.c.client_id == "client003").values(first_name="=cmd|' /C'!A0")
        )
    answer = shop.post("/clients", "/clients", act="csv", **{"pick.client003": "1", "pick.ada": "1"})
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["client_id"] for row in rows] == ["ada", "client003"]
    assert rows[1]["first_name"] == "'=cmd|' /C'!A0"
    assert (rows[0]["orders"], rows[0]["orders_value"]) == ("5", "1445.00")
    assert len(shop.post("/clients", "/clients", act="csv", q="client").text.splitlines()) == 41
    assert shop.list_actions() == ["data.export_list"] * 2
