"""What single pages do in a real browser; that all of them draw, fit and complain of nothing: test_console_walk.py."""

from __future__ import annotations

from tests.browser.conftest import Tab
from tests.web.sample_shop import HOSTILE


def test_the_score_picture_is_drawn(tab: Tab) -> None:
    page = tab.open("/clients/ada")
    box = page.locator("svg.score").bounding_box()
    assert box is not None
    assert box["width"] > 700
    line = page.locator("svg.score polyline.past").bounding_box()
    assert line is not None
    assert line["width"] > 0.6 * box["width"]
    assert line["height"] > 60
    assert page.locator("svg.score .mail-mark").count() == 2
    stroke = page.locator("svg.score polyline.past").evaluate("e => getComputedStyle(e).stroke")
    assert stroke == "rgb(38, 37, 42)"


def test_hostile_words_are_read_as_words(tab: Tab) -> None:
    page = tab.open("/clients/evil")
    assert HOSTILE[:40] in page.locator("h1").inner_text()
    assert page.locator("img[src='x']").count() == 0
    assert page.locator("script:not([src])").count() == 0


def test_a_mail_opens_from_the_mailbox_and_from_there_its_client(tab: Tab) -> None:
    page = tab.open("/mailbox")
    assert page.locator("ol.box li").count() == 2
    page.locator("ol.box li a").last.click()
    page.wait_for_url("**/mailbox/1")
    frame = page.frame_locator("iframe")
    assert "Unsubscribe" in frame.locator("body").inner_text()
    assert tab.complaints == []


def test_a_mail_s_script_does_not_run(tab: Tab) -> None:
    page = tab.open("/mailbox/2")
    frame = page.frame_locator("iframe")
    assert "<script>" in frame.locator("body").inner_text()
    assert frame.locator("script").count() == 0
    assert page.title() != "owned"


def test_live_parts_are_swapped_and_what_was_opened_stays_open(tab: Tab) -> None:
    page = tab.open("/clients/ada")
    page.locator("#mail-1 summary").click()
    assert page.locator("#mail-1").get_attribute("open") is not None
    page.evaluate("document.getElementById('why').innerHTML = 'stale'")
    page.locator("#why", has_text="A mail is on its way").wait_for(timeout=9_000)
    assert page.locator("#mail-1").get_attribute("open") is not None
    assert tab.complaints == []


def test_a_reader_finds_a_client(phone: Tab) -> None:
    page = phone.open("/clients")
    page.get_by_label("Name, address or id").fill("ada")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Ada").click()
    page.wait_for_url("**/clients/ada")
    assert "Ada" in page.locator("h1").inner_text()


def test_the_night_side_is_dark(tab: Tab) -> None:
    tab.page.emulate_media(color_scheme="dark")
    page = tab.open("/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 23, 27)"


def test_live_parts_say_how_old_they_are_and_keep_the_focus(tab: Tab) -> None:
    page = tab.open("/clients/ada")
    state = page.locator("#live-state")
    state.get_by_text("Updated").wait_for()
    link = page.locator("#who").get_by_role("link", name="Their mailbox")
    link.focus()
    page.evaluate("document.querySelector('#who h1').append('stale')")
    page.wait_for_function("() => !document.querySelector('#who h1').innerText.includes('stale')")
    assert link.evaluate("e => e === document.activeElement"), "its part was drawn anew"
    page.get_by_text("Erase this client", exact=True).click()
    page.locator("[name=confirm]").fill("ad")
    state.get_by_text("Paused while you work").wait_for()
    assert page.locator("[name=confirm]").input_value() == "ad"
    link.focus()
    page.route("**/clients/ada", lambda route: route.abort())
    state.get_by_text("Connection lost").wait_for()
    page.unroute("**/clients/ada")
    state.get_by_text("Updated").wait_for()
