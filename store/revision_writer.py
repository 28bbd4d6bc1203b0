"""Writes a migration revision for what changed in the tables. For developers.

`python -m store.revision_writer "why"` compares the tables with what the revisions make, and adds the next revision.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alembic import command

from store.database import connect, write_transaction
from store.migrate import VERSIONS, build_config, upgrade

NUMBER_WIDTH: Final = 4


def main(arguments: Sequence[str]) -> int:
    """Write the revision that the arguments ask for, and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m store.revision_writer", description="Add a migration revision for what changed in the tables."
    )
    parser.add_argument("why", help="what the revision does, in a few words; it becomes the file's name")
    print(write_revision(parser.parse_args(arguments).why))
    return 0


def write_revision(why: str, versions: Path = VERSIONS) -> Path:
    """Add a revision that leads from the newest one to the tables as they are, and return its file."""
    number = 1 + max((int(file.name[:NUMBER_WIDTH]) for file in versions.glob("[0-9]*.py")), default=0)
    with tempfile.TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{folder}/empty.db")
        upgrade(engine)
        with write_transaction(engine) as connection:
            config = build_config(connection, versions)
            script = command.revision(config, why, autogenerate=True, rev_id=f"{number:0{NUMBER_WIDTH}d}")
        engine.dispose()
    if script is None or isinstance(script, list):
        raise SystemExit("no revision was written")
    file = Path(script.path)
    file.write_text(_tidy(file.read_text()))
    return file


def _tidy(text: str) -> str:
    for verb in (["check", "--fix-only", "-q"], ["format", "-q"]):
        arguments = [sys.executable, "-m", "ruff", *verb, "--stdin-filename", str(VERSIONS / "new.py"), "-"]
        result = subprocess.run(arguments, input=text, check=True, capture_output=True, text=True)  # noqa: S603 (our own)
        text = result.stdout
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
