"""Pictures: fetched once, checked at each hop, sized, kept by content; broken ones named, tried again, given up."""

from __future__ import annotations

import socket
import struct
import zlib
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine, select

from errors import ConfigError
from models.actors import SYSTEM
from services.goods.picture_fetch import MOST_REDIRECTS, PictureFault, PictureFetcher
from services.goods.picture_sizing import SIDE, size_picture
from services.goods.pictures import WAITS, fetch_due, locate_picture, report_pictures, retry_pictures
from settings import Settings
from store.database import connect, read_transaction
from store.tables import items
from tests.store.conftest import NOW, REAL
from tests.support.shop_pictures import Page, draw_photo, serve_shop
from tests.support.shop_services import StockedShop
from tests.support.tables import create_tables

PHOTO = draw_photo("#a8512e")
LOOPBACK = "127.0.0.0/8"


def build_fetcher(networks: str = LOOPBACK, **more: Any) -> PictureFetcher:
    return PictureFetcher.from_settings(Settings(picture_networks=networks, _env_file=None, **more))


def test_a_network_that_is_none_names_its_setting() -> None:
    with pytest.raises(ConfigError, match=r"^SELVEDGE_PICTURE_NETWORKS: 'intranet'"):
        build_fetcher("10.0.0.0/8, intranet")


@pytest.fixture(scope="module")
def pages() -> dict[str, Any]:
    hops = {f"/hop{n}": Page(status=302, location=f"/hop{n + 1}") for n in range(MOST_REDIRECTS + 2)}
    return {
        "/ok.jpg": Page(PHOTO),
        "/large.jpg": Page(PHOTO + bytes(5_000)),
        "/page": Page(b"<html>", kind="text/html"),
        "/lies.jpg": Page(b"<html>no picture</html>"),
        "/gone.jpg": Page(status=410),
        "/down.jpg": Page(status=503),
        "/moved.jpg": Page(status=301, location="ok.jpg"),
        "/metadata": Page(status=302, location="http://169.254.169.254/latest/meta-data"),
        "/inside": Page(status=302, location="http://[::7f00:1]:9/a.jpg"),
        "/file": Page(status=302, location="file:///etc/passwd"),
        **hops,
    }


@pytest.fixture(scope="module")
def server(pages: dict[str, Any]) -> Iterator[str]:
    with serve_shop(pages) as address:
        yield address


@pytest.mark.parametrize(
    ("path", "code", "again"),
    [
        ("/page", "no_picture", False),
        ("/gone.jpg", "status_410", False),
        ("/down.jpg", "status_503", True),
        ("/metadata", "forbidden_address", False),
        ("/inside", "forbidden_address", False),
        ("/file", "no_address", False),
        ("/hop0", "too_many_redirects", False),
        ("/large.jpg", "too_large", False),
    ],
)
def test_what_is_refused(server: str, path: str, code: str, again: bool) -> None:
    with pytest.raises(PictureFault) as fault:
        build_fetcher(picture_max_bytes=len(PHOTO) + 100).fetch(server + path)
    assert (fault.value.code, fault.value.again) == (code, again)


def test_a_redirect_within_the_rule_is_followed(server: str) -> None:
    assert build_fetcher().fetch(f"{server}/moved.jpg") == PHOTO


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_this_machine_is_not_asked_by_any_name(server: str, host: str) -> None:
    port = server.rpartition(":")[2]
    with pytest.raises(PictureFault, match=r"forbidden_address|unreachable|no_address"):
        build_fetcher(networks="").fetch(f"http://{host}:{port}/ok.jpg")


def test_the_address_that_was_checked_is_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere at the second look is looked up once."""
    looks: list[str] = []

    def resolve(host: str, port: int, *_: object, **__: object) -> list[Any]:
        if host == "127.0.0.1":  # how Python asks for an address that it has
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]
        looks.append(host)
        address = "127.0.0.1" if len(looks) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr("network.allowlist.socket.getaddrinfo", resolve)
    port = server.rpartition(":")[2]
    assert build_fetcher().fetch(f"http://rebinding.example:{port}/ok.jpg") == PHOTO
    assert looks == ["rebinding.example"]


def build_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims to be this large."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1_000))), (b"IEND", b""))
    body = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (build_png(60_000, 60_000), "too_many_pixels"),
        (build_png(10_000, 10_000), "too_many_pixels"),
        (build_png(500, 500), "no_picture"),
        (draw_photo("red", size=(20, 20)), "too_small"),
        (PHOTO[: len(PHOTO) // 2], "no_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no_picture"),
        (draw_photo("red", kind="TIFF"), "no_picture"),
        (b"", "no_picture"),
    ],
    ids=["bomb", "large", "broken", "small", "half", "svg", "tiff", "empty"],
)
def test_what_is_no_picture(body: bytes, code: str) -> None:
    with pytest.raises(PictureFault, match=code):
        size_picture(body)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_every_kind_becomes_a_whole_square_on_its_own_ground(kind: str) -> None:
    with Image.open(BytesIO(size_picture(draw_photo("#27364f", ground="#e0d3b8", kind=kind)))) as sized:
        assert (sized.format, sized.size, sized.mode) == ("JPEG", (SIDE, SIDE), "RGB")
        corner = sized.getpixel((2, 2))
        assert isinstance(corner, tuple)
        assert max(abs(a - b) for a, b in zip(corner, (0xE0, 0xD3, 0xB8), strict=True)) < 12


def draw_lit(size: tuple[int, int], *, crossed: bool) -> bytes:
    """Draw a ground that darkens downwards, as in a studio; `crossed`: what is worn leaves the picture at its sides."""
    image = Image.new("RGB", (1, size[1]))
    for y in range(size[1]):
        image.putpixel((0, y), (240 - 60 * y // size[1],) * 3)
    image = image.resize(size)
    if crossed:
        image.paste((30, 40, 80), (0, size[1] // 3, size[0], size[1] // 2))
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("size", [(600, 800), (800, 600)])
def test_the_ground_of_a_studio_goes_on_to_the_edges(size: tuple[int, int]) -> None:
    with Image.open(BytesIO(size_picture(draw_lit(size, crossed=False)))) as sized:
        for end, expected in (((4, 4), 240), ((SIDE - 5, SIDE - 5), 180)):
            shade = sized.convert("L").getpixel(end)
            assert isinstance(shade, int | float)
            assert abs(shade - expected) < 8, "no white bar beside it, which the dark would show"


def test_a_picture_without_a_ground_at_its_sides_stays_on_white() -> None:
    with Image.open(BytesIO(size_picture(draw_lit((600, 800), crossed=True)))) as sized:
        assert sized.getpixel((2, 2)) == (255, 255, 255)


def test_what_is_transparent_lies_on_white() -> None:
    out = BytesIO()
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(BytesIO(size_picture(out.getvalue()))) as sized:
        assert sized.getpixel((320, 320)) == (255, 255, 255)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine_made = connect(f"sqlite:///{tmp_path / 'store.db'}")
    create_tables(engine_made)
    yield engine_made
    engine_made.dispose()


def load_digests(engine: Engine) -> dict[str, str]:
    with read_transaction(engine) as connection:
        query = select(items.c.item_id, items.c.picture).order_by(items.c.item_id)
        return {row.item_id: row.picture for row in connection.execute(query)}


def test_pictures_are_fetched_once_and_faults_are_named(server: str, engine: Engine, tmp_path: Path) -> None:
    shop, fetcher = StockedShop(engine), build_fetcher()
    for name in ("ok", "gone", "down", "lies"):
        shop.item(name, image_url=f"{server}/{name}.jpg")
    shop.item("same", image_url=f"{server}/moved.jpg")
    shop.item("none")
    assert [fetch_due(engine, tmp_path, fetcher.fetch, REAL) for _ in range(3)] == [4, 1, 0]
    digests = load_digests(engine)
    assert digests["ok"] == digests["same"] != ""
    assert {name for name, digest in digests.items() if not digest} == {"gone", "down", "lies", "none"}
    assert locate_picture(tmp_path, digests["ok"]).read_bytes().startswith(b"\xff\xd8")
    report = report_pictures(engine)
    assert (report.fetched, report.waiting, report.broken, report.without_address) == (2, 1, 2, 1)
    assert {fault.item_id: (fault.code, fault.given_up) for fault in report.faults} == {
        "gone": ("status_410", True),
        "lies": ("no_picture", True),
        "down": ("status_503", False),
    }
    assert [fetch_due(engine, tmp_path, fetcher.fetch, REAL + sum(WAITS[:n], timedelta())) for n in (1, 2, 3, 4)] == [
        1
    ] * 4
    assert report_pictures(engine).broken == 3, "it is given up after the fifth try"
    assert retry_pictures(engine, SYSTEM, NOW, REAL) == 3


def test_a_new_address_is_fetched_and_an_empty_one_drops_the_picture(
    server: str, engine: Engine, tmp_path: Path
) -> None:
    shop, fetcher = StockedShop(engine), build_fetcher()
    shop.item("one", image_url=f"{server}/gone.jpg")
    fetch_due(engine, tmp_path, fetcher.fetch, REAL)
    shop.item("one", image_url=f"{server}/ok.jpg")
    fetch_due(engine, tmp_path, fetcher.fetch, REAL)
    assert load_digests(engine)["one"]
    shop.item("one")
    assert load_digests(engine)["one"], "a row that says nothing of it keeps it"
    shop.item("one", image_url="")
    assert load_digests(engine) == {"one": ""}
    assert report_pictures(engine).without_address == 1
