"""`selvedge algorithms`, typed as the recipe types it, on a package installed as pip does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import selvedge
from errors import BadInput, ConfigError, NotFound
from tests.support.packages import install

EXAMPLE = Path(__file__).parents[2] / "examples" / "algorithms" / "short_of_stock"
BAD = 'slot, version = "ranking", "1"\n\ndef answer(question):\n    return {"items": []}\n'

Type = Callable[..., Result]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SELVEDGE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    install(EXAMPLE, tmp_path / "home" / "algorithms", tmp_path)
    return tmp_path / "home"


@pytest.fixture
def enter(home: Path) -> Type:
    def run(*words: str) -> Result:
        result = CliRunner().invoke(selvedge, ["algorithms", *words], standalone_mode=False)
        if isinstance(result.exception, Exception):
            raise result.exception
        return result

    return run


def champion(enter: Type) -> str:
    return str(json.loads(enter("list", "--json").output)["slots"]["ranking"]["champion"])


def test_from_installed_to_promoted_and_back(enter: Type, home: Path) -> None:
    assert "short-of-stock" in enter("list").output
    assert champion(enter) == "house"
    assert "it may serve" in enter("check", "short-of-stock", "--deadline", "5000").output
    assert enter("promote", "short-of-stock", "--unchecked", "--by", "ada").return_value == 0
    assert champion(enter) == "short-of-stock"
    enter("demote", "ranking", "--by", "bob")
    assert champion(enter) == "house"
    kept = json.loads(enter("history", "--json").output)
    assert [(change["who"], change["what"]) for change in kept] == [
        ("ada", "promote short-of-stock in ranking"),
        ("bob", "demote in ranking: back to house"),
    ]
    with pytest.raises(BadInput, match="already"):
        enter("demote", "ranking")


def test_a_shadow_and_a_split_come_and_go_and_comments_and_hand_made_changes_stay(enter: Type, home: Path) -> None:
    file = home / "algorithms.toml"
    file.write_text("# ours\n[slots.ranking]\ndeadline_ms = 150  # agreed with the shop\n")
    enter("shadow", "short-of-stock", "--by", "ada")
    with pytest.raises(ConfigError, match="at once"):
        enter("split", "short-of-stock", "--share", "0.1")
    enter("shadow", "short-of-stock", "--off")
    enter("split", "short-of-stock", "--share", "0.1")
    assert "short-of-stock = 0.1" in file.read_text()
    enter("split", "short-of-stock", "--share", "0")
    assert "0.1" not in file.read_text()
    assert "# ours" in file.read_text()
    assert "deadline_ms = 150  # agreed with the shop" in file.read_text()
    assert "edited by hand" in enter("history").output.splitlines()[1]


def does(enter: Type, name: str = "short-of-stock") -> tuple[str, str, str]:
    found = next(load for load in json.loads(enter("list", "--json").output)["algorithms"] if load["name"] == name)
    return found["slot"], found["version"], found["part"]


def test_the_list_says_for_what_an_algorithm_is_and_what_it_does_now(enter: Type) -> None:
    assert does(enter) == ("", "1.0", "")
    assert "not known before it is tried" in enter("list").output
    for words, part in (
        (("shadow", "short-of-stock"), "shadow"),
        (("shadow", "short-of-stock", "--off"), ""),
        (("split", "short-of-stock", "--share", "0.125"), "12.5% of the clients"),
        (("promote", "short-of-stock", "--unchecked"), "champion"),
        (("demote", "ranking"), ""),
    ):
        enter(*words)
        assert does(enter) == ("ranking", "1.0", part)
    (row,) = (line for line in enter("list").output.splitlines() if line.startswith("short-of-stock"))
    assert [cell.strip() for cell in row.split("  ") if cell][:4] == ["short-of-stock", "1.0", "ranking", "nothing"]


@pytest.mark.parametrize("wrong", ["[slots.ranking\n", '[slots.ranking]\nchampion = "left-long-ago"\n'])
def test_a_mistake_in_the_file_is_told_above_the_list(enter: Type, home: Path, wrong: str) -> None:
    enter("promote", "short-of-stock", "--unchecked")
    (home / "algorithms.toml").write_text(wrong)
    listed = enter("list")
    assert listed.return_value == 1
    assert listed.output.startswith("algorithms.toml: ")
    assert "ranking       short-of-stock" in listed.output
    assert json.loads(enter("list", "--json").output)["problem"].startswith("algorithms.toml: ")
    with pytest.raises(ConfigError):
        enter("promote", "short-of-stock", "--unchecked")


def test_what_changes_nothing_is_not_entered_again(enter: Type) -> None:
    assert "shadow short-of-stock in ranking\n" in enter("shadow", "short-of-stock").output
    assert "nothing was changed" in enter("shadow", "short-of-stock").output
    enter("promote", "short-of-stock", "--unchecked")
    assert "stands already" in enter("promote", "short-of-stock", "--unchecked").output
    assert "stands already" in enter("shadow", "short-of-stock", "--off").output
    heads, *entered = enter("history").output.splitlines()
    assert heads.startswith("real time (UTC)")
    assert len(entered) == 2


def test_a_remote_out_of_reach_is_told_once(enter: Type, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + "QUFB" * 12)
    told = enter("check", "http://127.0.0.1:1/", "--slot", "ranking", "--secret-file", str(secret))
    assert told.return_value == 1
    assert (told.output.count("MEND"), told.output.count("--private)"), "ok" in told.output) == (1, 1, False)


def test_a_long_time_over_very_many_things_says_why_it_may_pass(enter: Type) -> None:
    checks = json.loads(enter("check", "short-of-stock", "--deadline", "5000", "--json").output)["checks"]
    (huge,) = [check["words"] for check in checks if check["name"] == "huge input"]
    assert huge.endswith("ms; 10 s would do, the deadline is tried with 500")


def test_what_fails_the_suite_is_not_promoted(enter: Type, home: Path) -> None:
    (home / "algorithms" / "short_of_stock.py").write_text(BAD)
    refused = enter("promote", "short-of-stock")
    assert refused.return_value == 1
    assert champion(enter) == "house"
    report = json.loads(enter("check", "short-of-stock", "--json").output)
    assert not all(check["passed"] for check in report["checks"])
    mends = {check["mend"] for check in report["checks"]} - {""}
    said = enter("check", "short-of-stock").output
    assert mends
    assert all(said.count(mend) == 1 for mend in mends)


def test_mistakes_are_told_and_change_nothing(enter: Type, home: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="short-of-stock"):
        enter("promote", "shortofstock")
    with pytest.raises(BadInput, match="secret-file"):
        enter("check", "http://127.0.0.1:1/", "--slot", "ranking")
    with pytest.raises(BadInput, match="built-in"):
        enter("promote", "house")
    with pytest.raises(NotFound, match="session"):
        enter("schema", "rank")
    assert not (home / "algorithms.toml").exists()


def test_a_schema_is_what_the_docs_hold(enter: Type) -> None:
    docs = Path(__file__).parents[2] / "docs" / "slots" / "ranking.json"
    assert json.loads(enter("schema", "ranking").output) == json.loads(docs.read_text())
