"""Writes migration revisions from the tables. For developers.

`python -m store.revising --regenerate` writes the initial revision anew (until the first release there is only that
one); `python -m store.revising --autogenerate "why"` adds one (after it).
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alembic import command

from store.database import connect, write_transaction
from store.migrate import VERSIONS, config, upgrade

INITIAL: Final = VERSIONS / "0001_initial.py"


def main(arguments: Sequence[str]) -> int:
    """Write what the arguments ask for; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m store.revising", description="Write a migration revision from the tables."
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--regenerate", action="store_true", help="write the initial revision anew (before a release)")
    what.add_argument("--autogenerate", metavar="WHY", help="add a revision for what changed in the tables")
    given = parser.parse_args(arguments)
    print(regenerate() if given.regenerate else autogenerate(given.autogenerate))
    return 0


def regenerate() -> Path:
    """Write the one initial revision anew."""
    if later := [file.name for file in VERSIONS.glob("[0-9]*.py") if file != INITIAL]:
        raise SystemExit(f"{later[0]} stands after the initial revision; use --autogenerate")
    INITIAL.write_text(initial())
    return INITIAL


def initial() -> str:
    """The text of the initial revision. Its id is made from the text, so that an older schema is told apart."""
    with tempfile.TemporaryDirectory() as folder:
        text = _generate(Path(folder), "The whole schema.", "0001").read_text()
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return _tidy(text.replace("'0001'", f"'0001_{mark}'"))


def autogenerate(why: str) -> Path:
    """Add a revision that leads from the newest one to the tables as they are."""
    number = len(list(VERSIONS.glob("[0-9]*.py"))) + 1
    written = _generate(VERSIONS, why, f"{number:04d}")
    written.write_text(_tidy(written.read_text()))
    return written


def _generate(versions: Path, why: str, revision: str) -> Path:
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/empty.db")
        if versions == VERSIONS:
            upgrade(engine)
        with write_transaction(engine) as connection:
            script = command.revision(config(connection, versions), why, autogenerate=True, rev_id=revision)
        engine.dispose()
    if script is None or isinstance(script, list):
        raise SystemExit("no revision was written")
    return Path(script.path)


def _tidy(text: str) -> str:
    for verb in (["check", "--fix-only", "-q"], ["format", "-q"]):
        arguments = [sys.executable, "-m", "ruff", *verb, "--stdin-filename", str(INITIAL), "-"]
        done = subprocess.run(arguments, input=text, check=True, capture_output=True, text=True)  # noqa: S603 (our own)
        text = done.stdout
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
