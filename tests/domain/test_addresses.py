from __future__ import annotations

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import given
from hypothesis import strategies as st

from domain.addresses import normalise_address
from errors import BadInput


@pytest.mark.parametrize(
    ("given_address", "expected"),
    [
        ("ann@shop.com", "ann@shop.com"),
        ("Ann.Lee+fix@Shop.COM", "Ann.Lee+fix@shop.com"),
        ("client00017@example.com", "client00017@example.com"),
        ("ann@münchen.de", "ann@xn--mnchen-3ya.de"),
    ],
)
def test_one_plain_address_is_taken_in_its_normal_form(given_address: str, expected: str) -> None:
    assert normalise_address(given_address) == expected


@pytest.mark.parametrize(
    "hostile",
    [
        "",
        "ann",
        "ann@",
        "@shop.com",
        "ann@shop",
        "ann@localhost",
        "ann@[127.0.0.1]",
        "ann@shop.com,bob@shop.com",
        "ann@shop.com bob@shop.com",
        "ann@shop.com;bob@shop.com",
        "Ann <ann@shop.com>",
        "<ann@shop.com>",
        "ann(comment)@shop.com",
        '"ann"@shop.com',
        '"ann\r\nRCPT TO:<bob@shop.com>"@shop.com',
        "ann@shop.com\r\nBcc: bob@shop.com",
        "ann@shop.com\n",
        "ann\x00@shop.com",
        "ann@shop.com\u2028",
        "ann\u202e@shop.com",
        "=?utf-8?q?ann?=@shop.com",
        "jürgen@shop.com",
        "ann@@shop.com",
        "a" * 65 + "@shop.com",
        "ann@" + "a" * 250 + ".com",
    ],
)
def test_everything_else_is_refused_naming_the_field(hostile: str) -> None:
    with pytest.raises(BadInput) as refused:
        normalise_address(hostile)
    assert refused.value.field == "email"
    assert str(refused.value).startswith("email: ")
    assert "\n" not in str(refused.value)


@given(st.from_regex(r"[A-Za-z0-9_.+-]{1,66}@([a-z0-9.-]{1,66}\.)?(com|de|local|test|arpa|x1|c)", fullmatch=True))
def test_plain_addresses_take_a_short_way_to_the_same_answer(address: str) -> None:
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True, strict=True).ascii_email
    except EmailNotValidError:
        with pytest.raises(BadInput):
            normalise_address(address)
    else:
        assert normalise_address(address) == checked


@given(st.text(max_size=40), st.text(max_size=20))
def test_whatever_is_taken_cannot_break_out_of_a_header_or_a_command(local: str, domain: str) -> None:
    try:
        address = normalise_address(f"{local}@{domain}")
    except BadInput:
        return
    assert address.isascii()
    assert address.isprintable()
    assert address.count("@") == 1
    assert not set(address) & set(' <>(),;:"[]\\')
