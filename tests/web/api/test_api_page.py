"""docs/api.md says what the OpenAPI document and the app say."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient

from models.events import MOST_EVENTS
from tests.web.conftest import prepare_home
from web.api.document import build_document
from web.api.routing import ERRORS
from web.app import create_app
from web.bodies import LIMITS

PAGE = (Path(__file__).parents[3] / "docs" / "api.md").read_text()


def list_curl_commands() -> list[list[str]]:
    """The words of every curl command on the page."""
    code = "\n".join(re.findall(r"^```\n(.*?)^```", PAGE, re.M | re.S)).replace("\\\n", " ")
    return [shlex.split(line) for line in code.splitlines() if line.startswith("curl ")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    nowhere = {"smtp_url": "smtp://127.0.0.1:9", "temporal_address": "127.0.0.1:9", "worker_health_url": "none"}
    settings = prepare_home(tmp_path_factory.mktemp("page"), api_key="key", **nowhere)
    with TestClient(create_app(settings), base_url="http://127.0.0.1:8000") as client:
        yield client


def test_the_operations_are_those_of_the_document() -> None:
    rows = re.findall(r"^\| `([A-Z]+) (/(?:v1|ofrep)/\S+)` \| `(\w+)` \|", PAGE, re.M)
    document: Any = build_document()["paths"]
    declared = {(m.upper(), path, op["operationId"]) for path, methods in document.items() for m, op in methods.items()}
    assert set(rows) == declared
    assert len(rows) == len(declared)


def test_the_limits_are_those_of_the_app() -> None:
    rows = re.findall(r"^\| `(/\S+)` \| ([\d,]+) \|$", PAGE, re.M)
    assert [(path, int(size.replace(",", ""))) for path, size in rows] == list(LIMITS[:-1])
    assert f"{MOST_EVENTS:,} events a request" in PAGE


def test_the_errors_are_those_of_the_document() -> None:
    assert [int(status) for status in re.findall(r"^\| (\d{3}) \|", PAGE, re.M)] == list(ERRORS)


def test_the_commands_of_the_page_work_in_order(site: TestClient) -> None:
    statuses = []
    for words in list_curl_commands():
        method, url = words[words.index("-X") + 1], next(word for word in words if word.startswith("http"))
        name, _, value = words[words.index("-H") + 1].replace("$KEY", "key").partition(": ")
        body = words[words.index("-d") + 1] if "-d" in words else None
        headers = {name: value} | (
            {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        )  # as curl does
        answer = site.request(method, url, headers=headers, content=body)
        statuses.append((method, answer.status_code))
        if method == "POST":
            assert answer.json() == orjson.loads(re.findall(r"202 with `(\{.*?\})`", PAGE)[0])
    assert statuses == [("PUT", 201), ("POST", 202), ("GET", 200)]
