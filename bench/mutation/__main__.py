"""`python -m bench.mutation --sample 300 --seed 1`: plant faults at random and count how many the tests see.

Each fault changes one place: a comparison, a sign, a constant, a condition, a returned value or a statement that is
left out. `equivalents.txt` names the faults that change nothing, each with the reason; they do not count.
"""

from __future__ import annotations

import os
import secrets
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import Final

import click

from bench.mutation.mutants import Mutant, list_mutants, show_change
from bench.mutation.selection import ROOT, choose_tests, list_subjects
from bench.mutation.trial import Fate, load_libraries, try_mutant

EQUIVALENTS: Final = Path(__file__).with_name("equivalents.txt")


@click.command()
@click.option("--sample", default=300, show_default=True, help="How many faults.")
@click.option("--seed", type=int, help="Draws the faults; a new one where none is given.")
@click.option("--only", default="", help="Faults of modules whose path begins so.")
@click.option("--share", default="1/1", show_default=True, help="2/3: every third of the sample, from the second on.")
def main(sample: int, seed: int | None, only: str, share: str) -> None:
    """Measure how many faults the tests see, and print the others."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    faults = [fault for path in list_subjects() for fault in list_mutants(path)]
    faults = [fault for fault in faults if show_path(fault.path).startswith(only)]
    drawn = sorted(Random(seed).sample(faults, min(sample, len(faults))), key=lambda fault: (fault.path, fault.index))
    first, step = map(int, share.split("/"))
    drawn = drawn[first - 1 :: step]
    click.echo(f"seed {seed}: {len(drawn)} of {len(faults)} faults")
    load_libraries()
    fates = try_all(drawn)
    seen = fates[Fate.KILLED] + fates[Fate.TIMEOUT]
    counted = len(drawn) - fates["equivalent"]
    click.echo(f"seed {seed}: " + ", ".join(f"{count} {fate}" for fate, count in sorted(fates.items())))
    click.echo(f"{seen} of {counted} that change something were seen: {seen / max(counted, 1):.1%}")


def try_all(drawn: list[Mutant]) -> Counter[str]:
    """Try each fault; print the survivors and, now and then, the progress."""
    fates, equivalents, tests, begun = Counter[str](), read_equivalents(), dict[Path, list[Path]](), time.monotonic()
    for number, fault in enumerate(drawn, 1):
        path, change = fault.path, show_change(fault)
        if (show_path(path), *change) in equivalents:
            fates["equivalent"] += 1
            continue
        if path not in tests:
            tests[path] = choose_sound_tests(path)
        fate = try_mutant(fault, path, tests[path]) if tests[path] else Fate.NO_TESTS
        fates[fate] += 1
        if fate in {Fate.SURVIVED, Fate.NO_TESTS}:
            click.echo(f"{fate}: {show_path(path)}:{fault.line} ({fault.operator})\n  - {change[0]}\n  + {change[1]}")
        if number % 20 == 0:
            click.echo(f"... {number} of {len(drawn)}, {time.monotonic() - begun:.0f} s, {dict(fates)}", err=True)
    return fates


def choose_sound_tests(path: Path) -> list[Path]:
    """Choose the test files that pass without a fault: others tell nothing."""
    tests = choose_tests(path)
    if tests and try_mutant(None, path, tests) is Fate.SURVIVED:
        return tests
    sound = [test for test in tests if try_mutant(None, path, [test]) is Fate.SURVIVED]
    left_out = [show_path(test) for test in tests if test not in sound]
    click.echo(f"{show_path(path)}: fails, is too slow or too large without a fault: {left_out}")
    return sound


def read_equivalents() -> set[tuple[str, str, str]]:
    """Read the faults that change nothing: four lines each, path, before, after and the reason, then an empty one."""
    blocks = EQUIVALENTS.read_text().strip().split("\n\n") if EQUIVALENTS.exists() else []
    lines = [[line.strip() for line in block.splitlines() if not line.startswith("#")] for block in blocks]
    return {(block[0], block[1].removeprefix("- "), block[2].removeprefix("+ ")) for block in lines if len(block) == 4}


def show_path(path: Path) -> str:
    """Return a path from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    os.environ |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    main()
