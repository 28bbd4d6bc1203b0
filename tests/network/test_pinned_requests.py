"""A host is asked at an address that was checked: the next one where nobody answers, and no other."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from errors import ConfigError
from network.allowlist import NetworkAllowlist, NetworkFault
from network.pinned_requests import ask_in_turn, await_in_turn, pin_request, resolve_url

URL = httpx.URL("https://hooks.example:8443/in?a=1")


def test_a_request_goes_to_the_address_and_names_the_host() -> None:
    pinned = pin_request(URL, "2001:db8::1", {"accept": "*/*"})
    assert str(pinned["url"]) == "https://[2001:db8::1]:8443/in?a=1"
    assert pinned["headers"] == {"host": "hooks.example:8443", "accept": "*/*"}
    assert pinned["extensions"] == {"sni_hostname": "hooks.example"}


@pytest.mark.parametrize("on_loop", [False, True])
def test_the_next_address_is_asked_only_where_nobody_answers(on_loop: bool) -> None:
    asked = list[str]()

    def ask(address: str) -> str:
        asked.append(address)
        if address.startswith("down"):
            raise httpx.ConnectError("nobody")
        if address == "broken":
            raise httpx.ReadError("cut off")
        return address

    async def ask_on_loop(address: str) -> str:
        return ask(address)

    def turn(*addresses: str) -> str:
        asked.clear()
        return asyncio.run(await_in_turn(addresses, ask_on_loop)) if on_loop else ask_in_turn(addresses, ask)

    assert (turn("down", "up", "other"), asked) == ("up", ["down", "up"])
    with pytest.raises(httpx.ReadError):
        turn("broken", "up")
    assert asked == ["broken"]
    with pytest.raises(httpx.ConnectError):
        turn("down", "down too")


def test_a_network_that_a_setting_names_is_reached_and_no_other() -> None:
    reach = NetworkAllowlist.parse_networks(" 127.0.0.0/8, ::1/128 ", "SELVEDGE_X")
    assert resolve_url(reach, httpx.URL("http://127.0.0.9/")) == ["127.0.0.9"]
    for url in ("http://10.0.0.1/", "https://10.0.0.1/", "http://8.8.8.8/"):
        with pytest.raises(NetworkFault, match="forbidden_address"):
            resolve_url(reach, httpx.URL(url))
    plain = NetworkAllowlist.parse_networks("", "SELVEDGE_X", plain=True)
    assert resolve_url(plain, httpx.URL("http://8.8.8.8/")) == ["8.8.8.8"]
    with pytest.raises(ConfigError, match="SELVEDGE_X"):
        NetworkAllowlist.parse_networks("everywhere", "SELVEDGE_X")
