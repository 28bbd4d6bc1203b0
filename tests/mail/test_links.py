from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from errors import ConfigError, Forbidden
from mail.links import LONGEST, Links, LinkTarget, UtmTags, require_reachable_links
from models.base import ID_PATTERN
from tests.mail.samples import settings

LINKS = Links("key", "http://web", "https://shop.com/p", "shop.com", "bounce.shop.com")
OTHERS = Links("another key", "http://web", "https://shop.com/p", "shop.com", "bounce.shop.com")

ids = st.from_regex(ID_PATTERN, fullmatch=True).filter(lambda text: text not in (".", ".."))  # no ids
numbers = st.integers(min_value=1, max_value=2**31 - 1)


@given(ids, numbers, st.none() | ids)
def test_tokens_are_those_of_the_library_compressed_or_not(client_id: str, n: int, item_id: str | None) -> None:
    plain = URLSafeSerializer("key", salt="selvedge.go", signer_kwargs={"digest_method": sha256})
    token = LINKS.build_click_url(client_id, n, item_id).removeprefix("http://web/go/")
    assert tuple(plain.loads(token)) == (client_id, n, item_id)
    theirs = plain.dumps((client_id, n, item_id))
    assert LINKS.read_click(theirs) == LinkTarget(client_id, n, item_id)
    assert theirs.startswith(".") or theirs == token
    assert len(token) <= LONGEST


@pytest.mark.parametrize(
    ("own", "leads_to"),
    [
        ("", "https://shop.com/p/i1?utm_source=us&utm_medium=email&utm_campaign=spring"),
        ("https://a.example/i1", "https://a.example/i1?utm_source=us&utm_medium=email&utm_campaign=spring"),
        (
            "https://a.example/?id=1&utm_medium=own#size",
            "https://a.example/?id=1&utm_medium=own&utm_source=us&utm_campaign=spring#size",
        ),
        ("http://web/shop/i1", "http://web/shop/i1"),
    ],
)
def test_links_to_the_shop_say_where_they_stood(own: str, leads_to: str) -> None:
    links = replace(LINKS, utm=UtmTags("us", "email"))
    goal = LinkTarget("c1", 1, "i1")
    assert links.build_target_url(goal, own, "spring") == leads_to
    assert replace(links, utm=UtmTags()).build_target_url(goal, "https://a.example/i1", "x") == "https://a.example/i1"


def token(url: str) -> str:
    return url.rpartition("/")[2]


@given(ids, numbers, st.none() | ids)
def test_links_name_their_mail_and_nothing_else_reads_them(client_id: str, n: int, item_id: str | None) -> None:
    leave, onward = LINKS.build_unsubscribe_url(client_id, n), LINKS.build_click_url(client_id, n, item_id)
    assert LINKS.read_unsubscribe(token(leave)) == (client_id, n)
    assert LINKS.read_click(token(onward)) == LinkTarget(client_id, n, item_id)
    for read, url in ((OTHERS.read_unsubscribe, leave), (LINKS.read_unsubscribe, onward), (LINKS.read_click, leave)):
        with pytest.raises(Forbidden):
            read(token(url))


@given(st.integers(min_value=0, max_value=30), st.characters(codec="ascii"))
def test_a_token_changed_in_one_place_is_refused(index: int, letter: str) -> None:
    made = token(LINKS.build_unsubscribe_url("c1", 1))
    changed = made[:index] + letter + made[index + 1 :]
    if changed == made:
        return
    with pytest.raises(Forbidden):
        LINKS.read_unsubscribe(changed)


@pytest.mark.parametrize("nonsense", ["", ".", "a.b", "é", "x" * 100_000, "WyJjMSIsMV0", "\x00", "\ud800"])
def test_nonsense_is_refused_as_a_token(nonsense: str) -> None:
    with pytest.raises(Forbidden):
        LINKS.read_click(nonsense)


def test_a_product_link_leads_only_to_the_shop() -> None:
    assert LINKS.build_target_url(LinkTarget("c1", 1, "i1")) == "https://shop.com/p/i1"
    assert LINKS.build_target_url(LinkTarget("c1", 1, None)) == "https://shop.com/p"


def test_without_a_shop_of_its_own_links_lead_to_our_plain_product_pages(tmp_path: Path) -> None:
    links = Links.from_settings(settings(tmp_path, public_url="https://mail.shop.com/"))
    assert links.build_target_url(LinkTarget("c1", 1, "i1")) == "https://mail.shop.com/shop/i1"
    assert links.build_unsubscribe_url("c1", 1).startswith("https://mail.shop.com/u/")


@given(ids, numbers)
def test_a_return_path_fits_names_nobody_and_leads_to_the_message_id(client_id: str, n: int) -> None:
    path = LINKS.build_return_path(client_id, n)
    local, _, domain = path.partition("@")
    assert len(local) <= 64
    assert domain == "bounce.shop.com"
    assert len(client_id) < 6 or client_id.lower() not in path
    for arriving in (path, path.upper(), f"<{path}>"):
        assert LINKS.parse_return_path(arriving) == LINKS.build_message_id(client_id, n)


def test_a_message_id_is_stable_and_no_two_mails_share_one() -> None:
    mails = [("c1", 1), ("c1", 2), ("c1", 11), ("c11", 1), ("C1", 1)]
    ids = [LINKS.build_message_id(*mail) for mail in mails]
    assert ids == [LINKS.build_message_id(*mail) for mail in mails]
    assert len(set(ids)) == len(mails)
    assert OTHERS.build_message_id("c1", 1) != LINKS.build_message_id("c1", 1)


@pytest.mark.parametrize("foreign", ["", "ann@shop.com", "b+short.1@bounce.shop.com", "b+" + "a" * 26 + ".1@evil.com"])
def test_a_foreign_return_path_is_refused(foreign: str) -> None:
    with pytest.raises(Forbidden):
        LINKS.parse_return_path(foreign)


def test_the_signing_key_is_not_printed() -> None:
    assert "key" not in repr(LINKS).replace("signing_key", "")


REAL = "smtp://mail.shop.example:587"
LOCAL = ("localhost", "localhost.", "127.0.0.1", "127.1", "2130706433", "[::1]", "[::ffff:7f00:1]", "0.0.0.0", "*.a.b")


@pytest.mark.parametrize(
    ("public", "more"),
    [
        ("shop.example", {}),
        ("ftp://shop.example", {}),
        ("//shop.example", {}),
        ("https://", {}),
        ("https://[::1", {}),
        ("https://shop.example/\r\nX: y", {}),
        ("https://shop.example/\x7f", {}),
        ("https://shop .example", {}),
        *((f"https://{host}", {"smtp_url": REAL}) for host in LOCAL),
    ],
)
def test_a_public_url_that_leads_nowhere_is_refused(tmp_path: Path, public: str, more: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"^SELVEDGE_PUBLIC_URL: ") as refused:
        settings(tmp_path, public_url=public, **more)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("public", ["", "http://shop.example"])
def test_no_real_mail_goes_out_whose_links_are_not_https(tmp_path: Path, public: str) -> None:
    with pytest.raises(ConfigError, match=r"^SELVEDGE_PUBLIC_URL: .*https"):
        require_reachable_links(settings(tmp_path, public_url=public, smtp_url=REAL))


@pytest.mark.parametrize(
    "values",
    [
        {"public_url": "https://style.shop.example/", "smtp_url": REAL},
        {"public_url": "http://127.0.0.1:8000", "smtp_url": REAL, "smtp_delivers": False},
        {"smtp_url": REAL, "smtp_delivers": False},
        {"public_url": "http://127.0.0.1:8000"},
        {},
    ],
)
def test_links_that_lead_to_us_are_accepted(tmp_path: Path, values: dict[str, object]) -> None:
    given_settings = settings(tmp_path, **values)
    require_reachable_links(given_settings)
    assert given_settings.base_url.startswith(("https://", "http://127.0.0.1"))
