"""Where the Temporal servers are looked for, in which order, and what counts as good enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from demo.servers import (
    SEARCH_ATTRIBUTES,
    build_dev_server_command,
    build_temporal_path,
    build_time_skipping_path,
    find_temporal,
    find_time_skipping,
    is_new_enough,
    read_server_version,
    require_temporal,
    require_time_skipping,
)
from errors import ConfigError

GOOD = "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"


def program(place: Path, says: str = GOOD) -> Path:
    """A fake server: it only says its version."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\necho '{says}'\n")
    place.chmod(0o755)
    return place


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder that stands for PATH."""
    (tmp_path / "bin").mkdir()
    return tmp_path / "bin"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A folder that stands for the user's cache."""
    return tmp_path / "cache"


def test_path_comes_before_the_cache(path: Path, cache: Path) -> None:
    program(build_temporal_path(cache))
    on_path = program(path / "temporal")
    assert find_temporal(cache, str(path)) == on_path


def test_cache_when_path_has_none(path: Path, cache: Path) -> None:
    cached = program(build_temporal_path(cache))
    assert find_temporal(cache, str(path)) == cached


@pytest.mark.parametrize("says", ["temporal version 1.1.0 (Server 1.25.0, UI 2.30.0)", "tctl 1.18", ""])
def test_too_old_or_unknown_on_path_is_passed_over(says: str, path: Path, cache: Path) -> None:
    program(path / "temporal", says)
    assert find_temporal(cache, str(path)) is None
    cached = program(build_temporal_path(cache))
    assert find_temporal(cache, str(path)) == cached


def test_a_broken_program_on_path_is_passed_over(path: Path, cache: Path) -> None:
    broken = path / "temporal"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    assert find_temporal(cache, str(path)) is None


def test_a_cached_file_that_cannot_run_is_none(path: Path, cache: Path) -> None:
    program(build_temporal_path(cache)).chmod(0o644)
    assert find_temporal(cache, str(path)) is None


def test_time_skipping_server_likewise(path: Path, cache: Path) -> None:
    assert find_time_skipping(cache, str(path)) is None
    cached = program(build_time_skipping_path(cache))
    assert find_time_skipping(cache, str(path)) == cached
    on_path = program(path / "temporal-test-server")
    assert find_time_skipping(cache, str(path)) == on_path


@pytest.mark.parametrize(
    ("says", "version", "enough"),
    [
        (GOOD, (1, 29, 1), True),
        ("temporal version 0.0.0-DEV (Server 1.29.0, UI 2.42.1)", (1, 29, 0), True),
        ("temporal version 1.4.0 (Server 1.28.1, UI 2.39.0)", (1, 28, 1), False),
        ("temporal version 9.0.0 (Server 1.100.0, UI 9.0.0)", (1, 100, 0), True),
        ("something else", None, False),
    ],
)
def test_versions(says: str, version: tuple[int, ...] | None, enough: bool, tmp_path: Path) -> None:
    binary = program(tmp_path / "temporal", says)
    assert read_server_version(binary) == version
    assert is_new_enough(binary) is enough


@pytest.mark.parametrize("wanted", [require_temporal, require_time_skipping])
def test_missing_names_what_to_run(wanted, path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    with pytest.raises(ConfigError, match="make setup"):
        wanted()


def test_cache_folder_of_the_user(path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    cached = program(build_temporal_path(cache / "selvedge"))
    assert require_temporal() == cached


def test_command_tells_every_search_attribute_and_only_chosen_ports() -> None:
    command = build_dev_server_command(Path("/bin/temporal"), Path("/x/t.db"), port=1, ui_port=2)
    assert command[:3] == ["/bin/temporal", "server", "start-dev"]
    assert sum(part.startswith("--search-attribute=") for part in command) == len(SEARCH_ATTRIBUTES)
    assert not any("http-port" in part for part in command)
    assert "--http-port=3" in build_dev_server_command(Path("t"), Path("d"), port=1, ui_port=2, http_port=3)


def test_the_servers_are_told_of_every_attribute_that_workflows_set() -> None:
    from temporalio.common import SearchAttributeKey

    from workflows import attributes

    keys = [value for value in vars(attributes).values() if isinstance(value, SearchAttributeKey)]
    assert {key.name: key.indexed_value_type.name.capitalize() for key in keys} == SEARCH_ATTRIBUTES
