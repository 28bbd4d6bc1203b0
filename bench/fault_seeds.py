"""Run the tests of faults by seed, and keep what came of each: `python -m bench.fault_seeds --seeds 3 stop partition`.

Each run appends one line to bench/notes/faults.jsonl: seed, commit, database, fault, outcome, and the seconds from the
end of the last fault until nothing was left to do, where the test says so; of `process_kill`, which kills 20 times, the
longest time until another web process stood, and what was asked and answered meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
KEPT: Final = ROOT / "bench" / "notes" / "faults.jsonl"
FAULTS: Final[Mapping[str, tuple[str, str]]] = {
    "kill": ("test_kill.py", ""),
    "stop": ("test_stop.py", "[stop]"),
    "partition": ("test_stop.py", "[partition]"),
    "loss": ("test_stop.py", "[loss]"),
    "fix_kill": ("test_fix_kill.py", ""),
    "wave_kill": ("test_wave_kill.py", ""),
    "broadcast_kill": ("test_broadcast_kill.py", "kills_during"),
    "pause": ("test_pause.py", "acknowledged"),
    "process_kill": ("test_process_kill.py", ""),
}
"""The test of each fault: its file, and what its name holds. Their shops lie in the database of the run."""
ROUNDS: Final[Mapping[str, str]] = {"process_kill": "SELVEDGE_TEST_PROCESS_KILLS"}
"""Variables that say how often a test does harm; here 20 times."""
ON_SQLITE: Final = frozenset({"process_kill"})
"""Tests whose shop lies on SQLite whatever the run says."""
DATABASES: Final[Mapping[str, list[str]]] = {"sqlite": [], "postgresql": ["--production"]}


def main() -> int:
    """Run what was asked for; 1 when a fault did harm."""
    parser = argparse.ArgumentParser(prog="python -m bench.fault_seeds", description=__doc__)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=f"all by default: {', '.join(FAULTS)}")
    parser.add_argument("--seeds", type=int, default=1, help="seeds for each fault and database (1)")
    parser.add_argument("--seed", type=int, help="this one seed")
    parser.add_argument("--database", choices=DATABASES, action="append", help="both by default")
    given = parser.parse_args()
    if unknown := set(given.faults) - set(FAULTS):
        parser.error(f"no fault {min(unknown)}; there are {', '.join(FAULTS)}")
    commit, failed = _find_commit(parser), 0
    for _ in range(1 if given.seed is not None else given.seeds):
        seed = random.randrange(2**32) if given.seed is None else given.seed
        for line in _run_all(given.faults or FAULTS, given.database or DATABASES, seed, commit):
            failed += line["outcome"] != "held"
            with KEPT.open("a") as file:
                file.write(json.dumps(line) + "\n")
    return 1 if failed else 0


def _find_commit(parser: argparse.ArgumentParser) -> str:
    changed = _git("status", "--porcelain", "--", ".", f":!{KEPT.relative_to(ROOT)}")
    if changed:
        parser.error("the tree has changes, and a line names the commit that it is about: commit them first")
    return _git("rev-parse", "--short=12", "HEAD")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _run_all(faults: Iterable[str], databases: Iterable[str], seed: int, commit: str) -> Iterator[dict[str, object]]:
    for fault in faults:
        for database in ["sqlite"] if fault in ON_SQLITE else databases:
            line = {"at": datetime.now(UTC).isoformat(timespec="seconds"), "seed": seed, "commit": commit}
            line |= {"database": database, "fault": fault} | _run(fault, database, seed)
            print(json.dumps(line), flush=True)
            yield line


def _run(fault: str, database: str, seed: int) -> dict[str, object]:
    """Run one test: its outcome, with the first line of what went wrong, and how long it took."""
    file, name = FAULTS[fault]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-s",
        f"tests/faults/{file}",
        f"--seed={seed}",
        *DATABASES[database],
    ]
    begun = time.monotonic()
    done = subprocess.run(
        [*command, *(["-k", name] if name else [])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | ({ROUNDS[fault]: "20"} if fault in ROUNDS else {}),
    )
    held = {0: "held", 1: "failed"}.get(done.returncode, f"pytest ended with {done.returncode}")
    answer: dict[str, object] = {"outcome": held, "seconds": round(time.monotonic() - begun)}
    if recovered := re.search(r"recovered in ([\d.]+) s", done.stdout):
        answer["recovered_s"] = float(recovered[1])
    if figures := re.search(r"^figures: (.*)$", done.stdout, re.MULTILINE):
        answer["figures"] = figures[1]
    if wrong := re.search(r"^E +(.*)$", done.stdout, re.MULTILINE):
        answer["why"] = wrong[1][:300]
    return answer


if __name__ == "__main__":
    sys.exit(main())
