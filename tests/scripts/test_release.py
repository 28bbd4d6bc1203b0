"""A release dates the changelog, sets the version and tags, or refuses before it changes anything."""

from __future__ import annotations

import subprocess
from datetime import date
from pathlib import Path

import pytest

from scripts.release import release

TODAY = date(2026, 12, 1)
PROJECT = '[project]\nname = "selvedge"\nversion = "0.1.0"\n'
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n\n- Flying.\n\n## 0.1.0 (2026-11-21)\n\n- Walking.\n"


def git(repository: Path, *arguments: str) -> str:
    """Run git as nobody in particular."""
    who = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    return subprocess.run(["git", *who, *arguments], cwd=repository, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A committed project of version 0.1.0 with something to release."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "t")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "t@example.com")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    return tmp_path


def test_a_release_is_dated_committed_and_tagged(repository: Path) -> None:
    release(repository, "0.2.0", TODAY)
    changelog = (repository / "CHANGELOG.md").read_text()
    assert changelog == CHANGELOG.replace("## Unreleased\n", "## Unreleased\n\n## 0.2.0 (2026-12-01)\n")
    assert 'version = "0.2.0"' in (repository / "pyproject.toml").read_text()
    assert git(repository, "describe").strip() == "v0.2.0"
    assert git(repository, "status", "--porcelain") == ""


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "1.0", "", "v0.2.0"])
def test_a_version_that_is_not_higher_is_refused(repository: Path, version: str) -> None:
    with pytest.raises(ValueError, match=r"is not higher|say the version"):
        release(repository, version, TODAY)
    assert git(repository, "status", "--porcelain") + git(repository, "tag") == ""


def test_changes_that_are_not_committed_are_refused(repository: Path) -> None:
    (repository / "new.txt").write_text("x")
    with pytest.raises(ValueError, match="commit or remove"):
        release(repository, "0.2.0", TODAY)


def test_nothing_to_release_is_refused(repository: Path) -> None:
    release(repository, "0.2.0", TODAY)
    with pytest.raises(ValueError, match="says nothing"):
        release(repository, "0.3.0", TODAY)
    assert git(repository, "tag").split() == ["v0.2.0"]
