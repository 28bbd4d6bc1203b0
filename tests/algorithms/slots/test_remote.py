"""Faults of remote algorithms, against a server in a process of its own: a valid answer comes in time all the same."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from algorithms.slots.guard import Member, decide, decide_many
from algorithms.slots.remote import THREADS, RemoteAlgorithm, RemoteEndpoint
from algorithms.slots.slot_table import SLOTS
from domain import slot_rules as rules
from errors import ConfigError
from models.slots import RankingAnswer
from network.allowlist import NetworkAllowlist
from tests.algorithms.slots.questions import HERE, build_ranking_question
from tests.support.ports import free_port

RANKING = SLOTS["ranking"]
DEADLINE = 0.2
SLACK = 0.05
KEY = base64.b64decode("a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5")

Connect = Callable[[str], RemoteAlgorithm]


@pytest.fixture
def connect() -> Iterator[Connect]:
    server = subprocess.Popen([sys.executable, str(HERE / "faulty_server.py")], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    port = int(server.stdout.readline())
    remotes: list[RemoteAlgorithm] = []

    def at(path: str) -> RemoteAlgorithm:
        reach = NetworkAllowlist.parse([f"127.0.0.1:{port}"], ["127.0.0.0/8"])
        remotes.append(RemoteAlgorithm(RemoteEndpoint(path, f"http://127.0.0.1:{port}/{path}", KEY, reach)))
        return remotes[-1]

    yield at
    for remote in remotes:
        remote.close()
    server.kill()
    server.wait()
    server.stdout.close()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("hang", "late"), ("Slow", "late"), ("trickle", "late"), ("slowhead", "late"), ("crash", "unreachable"),
        ("die", "unreachable"), ("redirect", "redirect"), ("status", "status"), ("notjson", "schema"),
        ("endless", "too_large"), ("Oversize", "too_large"), ("Unending", "schema"), ("Deep", "schema"),
        ("missing", "schema"), ("NotFinite", "not_finite"), ("Infinite", "not_finite"), ("Unknown", "unknown_id"),
        ("Twice", "duplicate"), ("TooFew", "size"), ("WrongSchema", "schema"),
    ],
)  # fmt: skip
def test_a_fault_costs_no_more_than_the_deadline(connect: Connect, path: str, code: str) -> None:
    member = Member(path, connect(path))
    question = build_ranking_question(candidates=500)
    took = []
    for _ in range(3):  # a busy machine may hold up one round, not all
        started = time.monotonic()
        decision = decide(RANKING, [member], question, DEADLINE)
        took.append(time.monotonic() - started)
        assert decision.algorithm == "house"
        assert [fault.code for fault in decision.faults] == [code], decision.faults
        assert isinstance(decision.answer, RankingAnswer)
        assert rules.check_ranking(question, decision.answer) is None
    print(f"{path}: {max(took) * 1000:.0f} ms")
    assert min(took) < DEADLINE + SLACK


def test_a_good_answer_is_used(connect: Connect) -> None:
    member = Member("Good", connect("Good"))
    decisions = decide_many(RANKING, [member], [build_ranking_question(f"c{i}", n=2) for i in range(20)], 5.0)
    assert {(decision.algorithm, decision.version, decision.faults) for decision in decisions} == {
        ("Good", "remote-1", ())
    }
    assert [item.item_id for item in decisions[0].answer.items] == ["item-49", "item-48"]  # type: ignore[attr-defined]


def test_stuck_calls_have_an_end_and_the_remote_is_asked_again_after(connect: Connect) -> None:
    remote = connect("hang")
    for _ in range(12):
        started = time.monotonic()
        decision = decide(RANKING, [Member("hang", remote)], build_ranking_question(), 0.05)
        assert time.monotonic() - started < 0.5
        assert decision.faults[0].code == "late"


@pytest.mark.parametrize("path", ["continues", "slowhead"])
def test_a_reply_that_never_ends_gives_its_thread_back(connect: Connect, path: str) -> None:
    remote = connect(path)

    def code() -> str:
        return decide(RANKING, [Member(path, remote)], build_ranking_question(), 0.1).faults[0].code

    with ThreadPoolExecutor(2 * THREADS) as pool:  # at once: on a busy machine one after the other takes too long
        assert "busy" in [asked.result() for asked in [pool.submit(code) for _ in range(2 * THREADS)]]
    until = time.monotonic() + 60
    while (code_now := code()) == "busy" and time.monotonic() < until:
        time.sleep(0.2)
    assert code_now == "late"


def test_nobody_there_is_a_fault() -> None:
    port = free_port()
    reach = NetworkAllowlist.parse([f"127.0.0.1:{port}"], ["127.0.0.1/32"])
    remote = RemoteAlgorithm(RemoteEndpoint("gone", f"http://127.0.0.1:{port}/", KEY, reach))
    decision = decide(RANKING, [Member("gone", remote)], build_ranking_question(), 1.0)
    remote.close()
    assert [fault.code for fault in decision.faults] == ["unreachable"]


@pytest.mark.parametrize(
    "url",
    [
        "http://elsewhere.example/", "http://listed.example:81/", "ftp://listed.example/", "http:///x",
        "http://user:pass@listed.example/", "http://listed.example/#x", "http://listed.example:99999/",
    ],
)  # fmt: skip
def test_only_listed_hosts_are_taken(url: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        NetworkAllowlist.parse(["listed.example"], []).check_url(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_private_addresses_are_refused_unless_listed(address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    remote = RemoteAlgorithm(RemoteEndpoint("near", f"https://{host}/", KEY, NetworkAllowlist.parse([host], [])))
    decision = decide(RANKING, [Member("near", remote)], build_ranking_question(), 1.0)
    remote.close()
    assert [fault.code for fault in decision.faults] == ["forbidden_address"]


def test_a_public_address_needs_tls() -> None:
    reach = NetworkAllowlist.parse([], [])
    assert reach.resolve_addresses("https", "8.8.8.8", 443) == ["8.8.8.8"]
    with pytest.raises(Exception, match="forbidden_address"):
        reach.resolve_addresses("http", "8.8.8.8", 80)
    assert NetworkAllowlist.parse([], ["10.0.0.0/8"]).resolve_addresses("http", "10.1.2.3", 80) == ["10.1.2.3"]


def test_the_key_is_not_shown() -> None:
    assert "keykey" not in repr(RemoteEndpoint("x", "http://h/", KEY))
