"""A small shop's catalogue: its pictures are fetched, a real mail shows them, links lead to the items' pages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from ingest.files import import_file
from mail.mailbox import DeliveredMail, Mailbox
from mail.sink import get_mailbox_path
from models.actors import SYSTEM
from models.states import TouchKind
from services.goods.picture_fetch import PictureFetcher
from services.goods.pictures import fetch_due, report_pictures
from services.mailing.staff_mail import send_staff_mail
from store.mail.policy import ShopPolicy
from tests.support.shop import Shop, a_shop
from tests.support.shop_pictures import Page, draw_photo, serve_shop
from web.app import create_app

PAGES = "https://www.boutique.example/p"
HEADER = "item_id,title,category,price,colour,url,image_url,description,materials,occasions\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = a_shop(tmp_path / "home", stock=False, picture_networks="127.0.0.0/8", worker_health_url="none")
    try:
        yield made
    finally:
        made.sink.stop()
        made.engine.dispose()


def import_goods(shop: Shop, server: str, tmp_path: Path) -> None:
    lines = [
        f"a{n},Lambswool jumper {n},knit,89.50,rust,{PAGES}/a{n}?ref=1,{server}/{name},Warm,wool,work|everyday"
        for n, name in enumerate(("one.jpg", "two.jpg", "gone.jpg"))
    ]
    path, now = tmp_path / "catalogue.csv", datetime.now(UTC)
    path.write_text(HEADER + "\n".join(lines))
    summary = import_file("catalogue", path, shop.engine, SYSTEM, ShopPolicy.from_settings(shop.settings), now, now)
    assert (summary.new, summary.rejected) == (3, 0)
    while fetch_due(shop.engine, shop.settings.home, PictureFetcher.from_settings(shop.settings).fetch, now):
        pass


def send_mail(shop: Shop) -> DeliveredMail:
    asyncio.run(send_staff_mail(shop.context, SYSTEM, "staff@shop.example", TouchKind.MISSED))
    return next(iter(Mailbox(get_mailbox_path(shop.settings)).list_newest(1)))


def test_a_mail_shows_the_shop_s_pictures_and_leads_to_its_pages(shop: Shop, tmp_path: Path) -> None:
    photos = {f"/{name}.jpg": Page(draw_photo(colour)) for name, colour in (("one", "#a8512e"), ("two", "#27364f"))}
    with serve_shop(photos) as server:
        import_goods(shop, server, tmp_path)
    report = report_pictures(shop.engine)
    assert (report.fetched, report.broken, [fault.item_id for fault in report.faults]) == (2, 1, ["a2"])
    html, base = send_mail(shop).html, shop.settings.base_url
    sources = re.findall(r'<img[^>]* src="([^"]+)"', html)
    app = create_app(
        shop.settings.model_copy(update={"smtp_url": "smtp://127.0.0.1:9", "open_pages": True})
    )  # the mailbox's port is taken
    with TestClient(app, base_url=base, follow_redirects=False) as site:
        answers = [site.get(source.removeprefix(base)) for source in sources]
        assert [answer.headers["content-type"] for answer in answers] == ["image/jpeg", "image/jpeg", "image/png"]
        assert answers[0].headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "max-age=300" in answers[2].headers["cache-control"], "its picture may still come"
        found = site.get("/pictures/a0.svg")
        assert (found.status_code, base + found.headers["location"]) == (302, sources[0])
        links = dict.fromkeys(re.findall(rf'href="({re.escape(base)}/go/[^"]+)"', html))
        goals = [site.get(link.removeprefix(base)).headers["location"] for link in links]
        assert f"{PAGES}/a1?ref=1&utm_source=selvedge&utm_medium=email" in goals
        assert site.get("/go/" + "x" * 40).status_code == 404
        page = site.get("/goods").text
        assert "a2" in page
        assert "the server answers 404" in page


def test_an_item_without_a_picture_has_a_card_without_one(shop: Shop) -> None:
    html = send_mail(shop).html
    assert "<img" not in html
    assert "Black dress no. A" in html
