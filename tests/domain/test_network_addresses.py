"""No form of a private address is public."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.network_addresses import is_public, parse_address

PRIVATE = [
    *("127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1"),
    *("255.255.255.255", "192.88.99.1", "198.18.0.1", "::", "::1", "::7f00:1", "::127.0.0.1", "::ffff:127.0.0.1"),
    *("::ffff:10.0.0.1", "::ffff:0:7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1", "fec0::1", "fe80::1", "fe80::1%eth0"),
    *(
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "2001:0:7f00::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "5f00::1",
        "100::1",
    ),
]


@pytest.mark.parametrize("text", PRIVATE)
def test_private_forms_are_refused(text: str) -> None:
    assert not is_public(parse_address(text))


@pytest.mark.parametrize("text", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1"])
def test_public_ones_are_not(text: str) -> None:
    assert is_public(parse_address(text))


@given(st.integers(0, 2**32 - 1))
def test_an_embedded_address_is_no_way_round(number: int) -> None:
    embedded = (number, 0xFFFF00000000 + number, (0x64FF9B << 96) + number, (0x2002 << 112) + (number << 80))
    for form in map(ipaddress.IPv6Address, embedded):
        assert not is_public(parse_address(str(form))) or is_public(ipaddress.IPv4Address(number))
