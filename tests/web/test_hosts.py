"""By which names the server answers: those that are stated, never what it happens to listen on."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter, ValidationError

from errors import ConfigError
from models.base import Id
from settings import Settings
from web.hosts import list_hosts


def load(**more: object) -> Settings:
    return Settings(_env_file=None, **more)  # type: ignore[arg-type]


def test_listening_everywhere_serves_no_further_name() -> None:
    everywhere = list_hosts(load(web_host="0.0.0.0", public_url="https://shop.example", web_names="web, Inner.example"))
    assert everywhere == {"127.0.0.1", "::1", "localhost", "shop.example", "web", "inner.example"}


@pytest.mark.parametrize(
    ("host", "status"),
    [
        *[(host, 200) for host in ("127.0.0.1:8000", "localhost", "[::1]:8000", "[::1]")],
        *[
            (host, 400)
            for host in ("evil.example", "evil.example:8000", "127.0.0.1.evil.example", "[::2]", "", "[", ":8000")
        ],
    ],
)
def test_a_name_of_somebody_else_is_refused(site: TestClient, host: str, status: int) -> None:
    assert site.get("/mailbox", headers={"Host": host}).status_code == status


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert load(web_host="::1").base_url == "http://[::1]:8000"


@pytest.mark.parametrize("number", [2**62 + 1, 2**63, 10**30])
def test_a_number_beyond_the_database_is_refused(site: TestClient, number: int) -> None:
    assert site.get("/mailbox", params={"before": number}).status_code == 422


@pytest.mark.parametrize("name", ["what?", "50%", "a#b"])
def test_a_home_that_no_address_of_a_database_can_hold_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_HOME"):
        load(home=tmp_path / name)


@pytest.mark.parametrize("text", [".", ".."])
def test_a_folder_is_no_id(text: str) -> None:
    with pytest.raises(ValidationError, match="are no ids"):
        TypeAdapter(Id).validate_python(text)
    assert TypeAdapter(Id).validate_python(f"{text}a") == f"{text}a"
