"""The examples, as a stranger would run them: the package installed by pip, the remote as a Node process."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from algorithms.slots import signing
from algorithms.slots.conformance import run_conformance_suite
from algorithms.slots.processes import Helpers
from algorithms.slots.registry import Registry
from algorithms.slots.remote import RemoteAlgorithm, RemoteEndpoint
from algorithms.slots.slot_table import SLOTS
from network.allowlist import NetworkAllowlist
from tests.algorithms.slots.questions import build_ranking_question, build_target
from tests.support.packages import install

EXAMPLES = Path(__file__).parents[3] / "examples" / "algorithms"
RANKING = SLOTS["ranking"]
SECRET = "whsec_" + base64.b64encode(b"thirty bytes that nobody knows").decode()


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packages")
    install(EXAMPLES / "short_of_stock", folder, tmp_path_factory.mktemp("work"))
    return folder


def test_the_package_conforms_and_serves(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "algorithms.toml").write_text('[slots.ranking]\nchampion = "short-of-stock"')
    registry = Registry(tmp_path / "algorithms.toml", [str(packages)])
    try:
        algorithm = registry.open("short-of-stock")
        report = run_conformance_suite(RANKING, "short-of-stock", algorithm, seconds=2.0)
        algorithm.close()
        assert report.passed, report
        assert report.version == "1.0"
        [member] = registry.list_chain("ranking", "c1")
        assert member.algorithm.is_ready(20)
        assert registry.decide("ranking", build_ranking_question()).algorithm == "short-of-stock"
    finally:
        registry.close()


@pytest.fixture
def node(tmp_path: Path) -> Iterator[RemoteAlgorithm]:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    command = ["node", str(EXAMPLES / "node_ranking" / "server.mjs"), "0", str(tmp_path / "secret")]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = server.stdout.readline().split()[-1]
    reach = NetworkAllowlist.parse([f"127.0.0.1:{port}"], ["127.0.0.1/32"])
    remote = RemoteAlgorithm(RemoteEndpoint("node", f"http://127.0.0.1:{port}/", signing.parse_key(SECRET), reach))
    yield remote
    remote.close()
    server.kill()
    server.wait()
    server.stdout.close()


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")


@needs_node
def test_the_remote_in_another_language_conforms(node: RemoteAlgorithm) -> None:
    report = run_conformance_suite(RANKING, "node", node, seconds=2.0)
    assert report.passed, report
    assert report.version == "node-1"


@needs_node
@pytest.mark.parametrize("spoilt", ["none", "body", "id", "old", "key"])
def test_the_remote_takes_no_order_that_is_not_ours(node: RemoteAlgorithm, spoilt: str) -> None:
    body = json.dumps({"questions": [json.loads(build_ranking_question().model_dump_json())]}).encode()
    key = b"another key of thirty bytes..." if spoilt == "key" else signing.parse_key(SECRET)
    headers = signing.build_headers(key, "msg_1", int(time.time()) - (3_600 if spoilt == "old" else 0), body)
    headers |= {"webhook-id": "msg_2"} if spoilt == "id" else {}
    body = body.replace(b"item-1", b"item-2", 1) if spoilt == "body" else body
    request = urllib.request.Request(node.endpoint.url, body, headers)
    if spoilt == "none":
        with urllib.request.urlopen(request, timeout=5) as response:
            assert json.load(response)["version"] == "node-1"
        return
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=5)
    refused.value.close()
    assert refused.value.code == 401


def test_the_examples_are_short_and_import_nothing_of_ours() -> None:
    package = (EXAMPLES / "short_of_stock" / "short_of_stock.py").read_text()
    remote = (EXAMPLES / "node_ranking" / "server.mjs").read_text()
    assert len(package.splitlines()) < 40
    assert len(remote.splitlines()) < 80
    imports = [line for line in package.splitlines() if line.startswith(("import", "from"))]
    assert imports == ["from typing import Any"]
    assert all('"node:' in line for line in remote.splitlines() if line.startswith("import"))


@pytest.mark.parametrize(
    ("name", "failed", "words"),
    [
        ("TooFew", "schema and rules", "wanted"), ("NotFinite", "schema and rules", "finite"),
        ("Slowish", "deadline", "no answer within"), ("Raise", "schema and rules", "ZeroDivisionError"),
        ("Unsteady", "the same seed", "other answers"), ("NoEmpty", "empty input", "IndexError"),
        ("Strict", "fields to come", "added_later"), ("BrokenImport", "loads", "torchvision"),
    ],
)  # fmt: skip
def test_the_suite_finds_each_fault_and_says_what_to_mend(name: str, failed: str, words: str) -> None:
    helpers = Helpers(build_target(name), 2)
    report = run_conformance_suite(RANKING, name, helpers, seconds=0.05)
    helpers.close()
    wrong = {check.name: check for check in report.checks if not check.passed}
    assert not report.passed
    assert failed in wrong
    assert words in wrong[failed].words
    assert wrong[failed].mend
