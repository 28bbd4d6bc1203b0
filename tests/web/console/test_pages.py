"""Pages say what the store says, in words that cannot act."""

from __future__ import annotations

import re
from html import unescape

import pytest
from fastapi.testclient import TestClient

from tests.web.sample_shop import HOSTILE

PAGES = ("/", "/clients", "/clients/ada", "/clients/evil", "/campaigns", "/campaigns/evil", "/shop/bag-1")


def text(site: TestClient, path: str) -> str:
    answer = site.get(path)
    assert answer.status_code == 200
    return answer.text


def plain(html: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)))


def test_the_overview_counts_clients_and_mails(site: TestClient) -> None:
    words = plain(text(site, "/"))
    assert "42 clients" in words
    assert "3 mails sent" in words
    assert "New 40" in words
    assert "Scheduled 1" in words
    assert "Spring arrivals Running 12 0 0" in words


@pytest.mark.parametrize("path", PAGES)
def test_hostile_words_are_shown_and_do_nothing(site: TestClient, path: str) -> None:
    html = text(site, path)
    assert "<script>document" not in html
    assert "<img src=x" not in html
    if path != "/clients/ada":
        assert "&lt;script&gt;document" in html
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"\sstyle=|\son\w+=\"", html)


def test_a_client_s_page_tells_the_whole_story(site: TestClient) -> None:
    html = text(site, "/clients/ada")
    words = plain(html)
    assert "Ada Active" in words
    assert "5 for $1,445.00" in words
    assert "The wool coat you liked is back" in words
    assert "within the usual gap: 81% likely still a client, 60% to order within 90 days; at risk from" in words
    assert "(cadence)" in words
    assert "match with preferences 0.310 + trend 0.120" in words
    assert "0.720 = match with preferences 0.310" in words
    assert "scored 100.000 by colours; the built-in score 0.720 = match with preferences 0.310" in words
    assert "scored 0.770 by an algorithm; the built-in score 0.720 = match" in words
    assert "Items for them by blend 1 for mail 2" in words
    assert "Bought Ashby wool overcoat $289.00" in words
    assert "http://127.0.0.1:8233/namespaces/default/workflows/client%3Aada" in html
    assert "http://127.0.0.1:8233/namespaces/default/workflows/outreach%3Aada%3A2" in html


def test_a_held_client_s_page_says_who_holds_and_why_not(site: TestClient) -> None:
    words = plain(text(site, "/clients/evil"))
    assert "Mail is held by an operator since 20 November" in words
    assert "an operator holds this client's mail since 20 November 2026" in words


def test_the_score_picture_has_a_curve_marks_and_the_crossing(site: TestClient) -> None:
    html = text(site, "/clients/ada")
    assert html.count('class="assessed"') == 8 + 1  # and one in the legend
    assert html.count("Order, ") == 5
    assert html.count("Mail 1 sent, 25 May 2026") == 1
    assert "next crossing 3 December 2026, at 40" in html
    past = re.search(r'class="past" points="([^"]+)"', html)
    assert past is not None
    assert len(past[1].split()) > 200


def test_clients_are_found_by_the_beginning_of_name_id_or_address(site: TestClient) -> None:
    for query in ("ada", "AD", "ada@example"):
        words = plain(text(site, f"/clients?q={query}"))
        assert "ada" in words
        assert "Person" not in words
    assert "No client fits" in text(site, "/clients?q=%25")
    assert "No client fits" in text(site, "/clients?q=da")


def test_clients_are_filtered_by_phase_and_paged(site: TestClient) -> None:
    assert "Person" not in text(site, "/clients?phase=active")
    first = text(site, "/clients?phase=new")
    assert len(re.findall(r'<a href="/clients/client\d+', first)) == 40
    page = text(site, "/clients?after=client037")
    assert "client038" in page
    assert "client037" not in page


def test_a_campaign_s_page_counts_its_clients(site: TestClient) -> None:
    words = plain(text(site, "/campaigns/spring"))
    assert "Waiting 3 Completed 9" in words
    paused = plain(text(site, "/campaigns/evil"))
    assert "Paused Held: <script>" in paused
    assert "overdue ones will be replanned" in paused


def test_a_product_page_has_its_picture_and_sizes(site: TestClient) -> None:
    html = text(site, "/shop/coat-1")
    assert 'src="/pictures/coat-1.svg"' in html
    assert "$289.00" in html
    assert "/clients" not in html, "clients come here: nothing leads into the console"
    assert "Business time" not in html


def test_an_item_that_is_not_there_leads_nobody_to_the_console(site: TestClient) -> None:
    answer = site.get("/shop/nothing")
    assert answer.status_code == 404
    assert "Back to the overview" not in answer.text


@pytest.mark.parametrize("path", ["/clients/nobody", "/campaigns/none", "/clients/a%20b", "/nowhere"])
def test_what_is_not_there_is_a_page_that_says_so(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert "Not found" in answer.text
    assert "Back to the overview" in answer.text


def test_hostile_addresses_are_harmless(site: TestClient) -> None:
    for path in (f"/clients/{HOSTILE}", f"/clients?q={HOSTILE}", f"/clients?phase={HOSTILE[:20]}"):
        answer = site.get(path)
        assert answer.status_code in (200, 404)
        assert "<script>document" not in answer.text


def test_nightly_training_shows_who_serves_and_what_has_drifted(site: TestClient) -> None:
    words = plain(text(site, "/refreshes"))
    assert "20 November 2026 Done" in words
    assert "Ranking ndcg@10 Better, now champion hybrid-2 +0.0125 +0.0031 to +0.0219 812" in words
    assert "Fit brier Too few to judge by – – 14" in words, "nothing was measured"
    assert "−0.0100 −0.0200 to +0.0010" in words
    assert "price of an item 0.310 under 0.001 900 1,100 Drifted" in words


def test_a_list_stands_in_the_order_of_the_column_that_was_chosen(
    site: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.console.clients.ROWS", 20)
    page = text(site, "/clients?sort=-name&phase=new")
    assert 'aria-sort="descending"' in page
    names = re.findall(r'<td><a href="/clients/[^"]+">(Person [^<]+)<', page)
    assert len(names) == 20
    assert names == sorted(names, reverse=True)
    assert "sort=name" in page, "chosen again, it is turned"
    (following,) = re.findall(r'<a href="([^"]+)">Next page', page)
    again = re.findall(r'<td><a href="/clients/[^"]+">(Person [^<]+)<', text(site, unescape(following)))
    assert sorted(again) == sorted(set(again) - set(names))
    assert [*names, *again] == sorted([*names, *again], reverse=True)
    assert "aria-sort" not in text(site, "/clients?sort=shoe")
    monkeypatch.setattr("web.console.clients.MOST", 3)
    page = text(site, "/clients?sort=-name")
    assert "aria-sort" not in page
    assert "sort=" not in page.partition('id="clients"')[2], "too many to sort"
