"""Makes a release: `make release VERSION=0.2.0`. It dates the changelog, sets the version, commits and tags; it pushes
nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).parents[1]
HEADING: Final = "## Unreleased\n"


def main(arguments: Sequence[str]) -> int:
    """Release the version that is the only argument, and return the exit status."""
    version = arguments[0] if len(arguments) == 1 else ""
    try:
        release(REPOSITORY, version, datetime.now(UTC).date())
    except ValueError as wrong:
        print(f"release: {wrong}", file=sys.stderr)
        return 1
    print(f"tagged v{version}; push it with: git push --follow-tags")
    return 0


def release(repository: Path, version: str, today: date) -> None:
    """Date the changelog, set the version, commit and tag. Raises ValueError, before any change, where that may not
    be."""
    if _git(repository, "status", "--porcelain"):
        raise ValueError("commit or remove your changes first")
    project, changelog = repository / "pyproject.toml", repository / "CHANGELOG.md"
    new_project, new_changelog = (
        set_version(project.read_text(), version),
        date_section(changelog.read_text(), version, today),
    )
    project.write_text(new_project)
    changelog.write_text(new_changelog)
    _git(repository, "commit", "-q", "-m", f"Release {version}", "pyproject.toml", "CHANGELOG.md")
    _git(repository, "tag", "-a", f"v{version}", "-m", f"Selvedge {version}")


def set_version(project: str, version: str) -> str:
    """Return pyproject.toml with another version. Raises ValueError unless it is a higher one."""
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise ValueError("say the version as VERSION=MAJOR.MINOR.PATCH")
    current = re.search(r'^version = "(\d+\.\d+\.\d+)"$', project, re.M)
    if current is None:
        raise ValueError("pyproject.toml states no version")
    if _parse_version(version) <= _parse_version(current[1]):
        raise ValueError(f"{version} is not higher than {current[1]}")
    return project[: current.start(1)] + version + project[current.end(1) :]


def date_section(changelog: str, version: str, today: date) -> str:
    """Return the changelog with "Unreleased" as a dated version below a new, empty "Unreleased"."""
    before, heading, after = changelog.partition(HEADING)
    section = after.partition("\n## ")[0]
    if not heading or not re.search(r"^- ", section, re.M):
        raise ValueError('CHANGELOG.md says nothing under "Unreleased"')
    return f"{before}{HEADING}\n## {version} ({today:%Y-%m-%d})\n{after}"


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=repository, check=True, capture_output=True, text=True)  # noqa: S603, S607
    return done.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
