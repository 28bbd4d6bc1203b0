"""The registry on a real folder of packages and a real file, changed while it serves."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from algorithms.slots import policy_changes, policy_file
from algorithms.slots.registry import Registry
from algorithms.slots.slot_decisions import build_answer_record
from domain.experiments import assign_variant
from errors import ConfigError, NotFound
from models.answers import AnswerRecord
from models.slot_policies import SlotSplit
from tests.algorithms.slots.questions import NOW, build_ranking_question
from tests.support.algorithms import install_algorithm, wait_until, write_policy_file

SECRET = "whsec_a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5"


Serve = Callable[[], Registry]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    registries: list[Registry] = []

    def begin() -> Registry:
        registries.append(Registry(tmp_path / "algorithms.toml", [str(tmp_path / "packages")], helpers=1))
        return registries[-1]

    yield begin
    for registry in registries:
        registry.close()


def ask_algorithm(registry: Registry, client_id: str = "c1") -> str:
    return registry.decide("ranking", build_ranking_question(client_id)).algorithm


def test_with_no_file_the_house_answers(serve: Serve) -> None:
    assert ask_algorithm(serve()) == "house"


def test_a_package_and_an_edit_take_effect_within_ten_seconds_without_a_restart(tmp_path: Path, serve: Serve) -> None:
    registry = serve()
    registry.watch()
    install_algorithm(tmp_path / "packages", "fresh")
    write_policy_file(tmp_path, '[slots.ranking]\nchampion = "fresh"')
    started = time.monotonic()
    assert wait_until(lambda: ask_algorithm(registry) == "fresh")
    print(f"{time.monotonic() - started:.1f} s")
    assert time.monotonic() - started < 10
    write_policy_file(tmp_path, "")
    assert wait_until(lambda: ask_algorithm(registry) == "house")
    (tmp_path / "algorithms.toml").unlink()

    def list_changes() -> list[tuple[str, str]]:
        records = policy_changes.load_history(tmp_path / "algorithms.toml", NOW)
        return [(entry.what, entry.slots["ranking"].champion if entry.slots else "house") for entry in records]

    assert wait_until(lambda: (tmp_path / policy_changes.HISTORY).read_text().count("\n") == 2)
    assert list_changes() == [("edited by hand", "fresh"), ("edited by hand", "house")], (
        "an emptied and a deleted file are one"
    )


def test_a_circuit_is_told_as_it_stands_and_forgotten_with_its_algorithm(tmp_path: Path, serve: Serve) -> None:
    def read_state() -> float | None:
        return REGISTRY.get_sample_value("selvedge_slot_circuit", {"slot": "ranking", "algorithm": "broken"})

    install_algorithm(
        tmp_path / "packages",
        "broken",
        source='slot, version = "ranking", "1"\n\ndef answer(question):\n    return 1\n',
    )
    write_policy_file(tmp_path, '[slots.ranking]\nchampion = "broken"')
    registry = serve()
    assert read_state() == 0
    assert wait_until(lambda: registry.decide("ranking", build_ranking_question()).faults[0].code == "circuit_open")
    assert read_state() == 2
    write_policy_file(tmp_path, "")
    registry.refresh()
    assert read_state() is None


def test_a_new_release_replaces_the_old(tmp_path: Path, serve: Serve) -> None:
    packages = tmp_path / "packages"
    install_algorithm(packages, "fresh")
    write_policy_file(tmp_path, '[slots.ranking]\nchampion = "fresh"')
    registry = serve()
    assert wait_until(lambda: ask_algorithm(registry) == "fresh")
    (packages / "fresh-1.dist-info" / "METADATA").unlink()
    (packages / "fresh-1.dist-info" / "entry_points.txt").unlink()
    os.rmdir(packages / "fresh-1.dist-info")
    install_algorithm(packages, "fresh", "2")
    registry.refresh()
    assert wait_until(lambda: registry.decide("ranking", build_ranking_question()).version == "2")


def test_a_broken_file_changes_nothing(tmp_path: Path, serve: Serve) -> None:
    install_algorithm(tmp_path / "packages", "fresh")
    write_policy_file(tmp_path, '[slots.ranking]\nchampion = "fresh"')
    registry = serve()
    assert wait_until(lambda: ask_algorithm(registry) == "fresh")
    for text in ("[slots.ranking", '[slots.ranking]\nchampion = "unknown"', '[slots.ranks]\nchampion = "fresh"'):
        write_policy_file(tmp_path, text)
        with pytest.raises(ConfigError, match=r"algorithms\.toml"):
            registry.refresh()
        assert ask_algorithm(registry) == "fresh"


def test_an_algorithm_of_another_slot_does_not_answer(tmp_path: Path, serve: Serve) -> None:
    install_algorithm(tmp_path / "packages", "fresh")
    write_policy_file(tmp_path, '[slots.risk]\nchampion = "fresh"')
    [member] = serve().list_chain("risk", "c1")
    assert not member.algorithm.is_ready(20)
    assert "'ranking'" in member.algorithm.fault  # type: ignore[attr-defined]


def test_a_split_is_sticky_and_near_its_part(tmp_path: Path, serve: Serve) -> None:
    install_algorithm(tmp_path / "packages", "one")
    install_algorithm(tmp_path / "packages", "two")
    write_policy_file(
        tmp_path, '[slots.ranking]\nchampion = "one"\nfallbacks = ["two"]\n[slots.ranking.split]\ntwo = 0.25'
    )
    registry = serve()
    chains = [[member.name for member in registry.list_chain("ranking", f"client-{i}")] for i in range(4_000)]
    assert 0.22 < sum(chain == ["two"] for chain in chains) / 4_000 < 0.28
    assert all(chain in (["two"], ["one", "two"]) for chain in chains)
    again = [[member.name for member in registry.list_chain("ranking", f"client-{i}")] for i in range(4_000)]
    assert chains == again


def test_shadows_reach_the_recorder_and_belong_to_what_was_answered(tmp_path: Path) -> None:
    install_algorithm(tmp_path / "packages", "one")
    install_algorithm(tmp_path / "packages", "two")
    write_policy_file(tmp_path, '[slots.ranking]\nchampion = "one"\nshadows = ["two"]')
    records: list[AnswerRecord] = []
    registry = Registry(tmp_path / "algorithms.toml", [str(tmp_path / "packages")], helpers=1, record=records.append)
    try:
        assert wait_until(lambda: ask_algorithm(registry) == "one")
        assert wait_until(lambda: any(record.answer for record in records))
        live = build_answer_record(
            "ranking", build_ranking_question(), registry.decide("ranking", build_ranking_question())
        )
        assert (live.variant, live.algorithm, live.role) == ("one", "one", "live")
        assert {(record.variant, record.role, record.question) for record in records} == {
            ("two", "shadow", live.question)
        }
    finally:
        registry.close()


def test_many_clients_are_answered_each_by_their_own_variant_in_chunks(tmp_path: Path, serve: Serve) -> None:
    install_algorithm(tmp_path / "packages", "one")
    install_algorithm(tmp_path / "packages", "two")
    write_policy_file(
        tmp_path, '[slots.ranking]\nchampion = "one"\ndeadline_ms = 2000\n[slots.ranking.split]\ntwo = 0.25'
    )
    registry = serve()
    assert wait_until(lambda: {ask_algorithm(registry, f"c{n}") for n in range(20)} == {"one", "two"})
    questions = [build_ranking_question(f"c{n}", candidates=20) for n in range(120)]
    decisions = registry.decide_many("ranking", questions)
    assert len(decisions) == 120
    assert [decision.algorithm for decision in decisions] == [decision.variant for decision in decisions]
    for question, decision in zip(questions, decisions, strict=True):
        assert decision.variant == registry.list_chain("ranking", question.client_id)[0].name
        assert decision.experiment == SlotSplit(champion="one", shares={"one": 0.75, "two": 0.25})
    assert registry.decide_many("ranking", []) == []


def test_a_broken_file_at_the_start_leaves_the_house(
    tmp_path: Path, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    write_policy_file(tmp_path, "[slots.ranking")
    assert ask_algorithm(serve()) == "house"
    assert "algorithms.toml" in caplog.text
    with pytest.raises(ConfigError):
        Registry(tmp_path / "algorithms.toml", serving=False)


def test_a_part_that_grows_keeps_its_clients() -> None:
    clients = [f"client-{i}" for i in range(2_000)]
    few = {client for client in clients if assign_variant(client, "e", {"b": 0.1}, "a") == "b"}
    more = {client for client in clients if assign_variant(client, "e", {"b": 0.3}, "a") == "b"}
    assert few < more
    assert few != {client for client in clients if assign_variant(client, "other", {"b": 0.1}, "a") == "b"}


def test_all_are_listed_and_unknown_ones_named(tmp_path: Path, serve: Serve) -> None:
    install_algorithm(tmp_path / "packages", "fresh")
    write_policy_file(tmp_path, REMOTE)
    registry = serve()
    listed = [
        (algorithm.name, algorithm.kind, algorithm.slot)
        for algorithm in registry.list_algorithms()
        if algorithm.name in {"far", "fresh"}
    ]
    assert listed == [("far", "remote", "ranking"), ("fresh", "package", "")]
    with pytest.raises(NotFound, match="fresh"):
        registry.open("frehs")


REMOTE = f"""
[remote.far]
slot = "ranking"
url = "http://models.example:9000/rank"
secret = "{SECRET}"

[remotes]
hosts = ["models.example:9000"]
networks = ["10.0.0.0/8"]
"""


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ('hosts = ["models.example:9000"]', "hosts = []", r"remote\.far\.url"),
        ('slot = "ranking"', 'slot = "rnk"', r"remote\.far\.slot"),
        (SECRET, "short", r"remote\.far\.secret"),
        ('["10.0.0.0/8"]', '["10.0.0.1/8"]', "networks"),
        ("secret =", "secrets =", r"remote\.far\.secret"),
    ],
)
def test_a_mistake_in_the_file_is_named_and_no_secret_told(was: str, becomes: str, told: str) -> None:
    assert policy_file.parse_file(REMOTE).remote["far"].slot == "ranking"
    with pytest.raises(ConfigError, match=told) as refused:
        policy_file.parse_file(REMOTE.replace(was, becomes))
    assert "a2V5" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[slots.ranking.split]\na = 0.7\nb = 0.7", "add up"),
        ("[slots.ranking]\ndeadline_ms = 1", "deadline_ms"),
        ("[slots.ranking]\nchampoin = 'x'", "champoin"),
    ],
)
def test_a_mistake_in_a_policy_is_named(text: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        policy_file.parse_file(text)
