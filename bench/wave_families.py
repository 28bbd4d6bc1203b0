"""Waves where stock is short and clients like the same, by family and size, beside simpler ways in the same run.

`python -m bench.wave_families` measures 200 clients, `--all` 200, 1,000, 5,000 and 20,000 and several seeds: hours.
"""

from __future__ import annotations

import argparse
import resource
import time
from typing import Final, NamedTuple

import numpy as np

from algorithms.assembly.checks import find_faults, find_lacking_clients
from algorithms.assembly.model import Ints, Wave
from algorithms.assembly.wave import assemble
from algorithms.evaluation.greedy_boxes import assemble_greedily, assemble_with_prices
from bench.family_instances import FAMILIES, build_family
from bench.wave_peers import compute_linear_bound, fill_by_prices, solve_programme

SIZES: Final = (200, 1_000, 5_000, 20_000)
SEEDS: Final = (1, 2, 3)
LINEAR: Final = 5_000
"""The relaxation of the whole wave is solved again, as a peer, up to so many clients."""
GREEDY: Final = 5_000


class WaveFigures(NamedTuple):
    """Figures of one wave: gaps in per cent of the smaller bound; CPU in seconds, memory of the process in MB."""

    gap: float
    cpu: float
    megabytes: float
    prices_gap: float
    greedy_gap: float
    lacking: int
    bound: float
    objective: float


def measure_wave(name: str, clients: int, seed: int) -> WaveFigures:
    """Measure one wave. Raises RuntimeError where a box breaks a rule or a bound is below what somebody reached."""
    wave = build_family(name, clients, seed)
    begun = time.process_time()
    done = assemble(wave)
    spent = time.process_time() - begun
    if find_faults(wave, done.chosen):
        raise RuntimeError("boxes that break a rule were timed")
    bound = min(done.bound, compute_linear_bound(wave)) if clients <= LINEAR else done.bound
    filled = fill_by_prices(wave, done.prices)
    greedy = assemble_greedily(wave) if clients <= GREEDY else np.zeros(0, np.int64)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return WaveFigures(
        _compute_gap(wave, done.chosen, bound),
        spent,
        memory,
        _compute_gap(wave, filled, bound),
        _compute_gap(wave, greedy, bound),
        len(find_lacking_clients(wave, done.chosen)),
        bound,
        done.objective,
    )


def _compute_gap(wave: Wave, chosen: Ints, bound: float) -> float:
    return 100 * (1 - float(wave.score[chosen].sum()) / bound)


def measure_single_requests(name: str, clients: int, seed: int) -> float:
    """Measure a day of single requests with the prices of another day's wave, in per cent of the hindsight bound."""
    before, today = build_family(name, clients, seed, day=1), build_family(name, clients, seed, day=2)
    usual = float(before.score.mean())
    served = assemble_with_prices(today, assemble(before).prices, usual)
    return 100 * float(today.score[served].sum()) / assemble(today).bound


def main() -> None:
    """Print a table, a line for each wave."""
    parser = argparse.ArgumentParser(prog="python -m bench.wave_families", description=__doc__)
    parser.add_argument("--all", action="store_true", help="all sizes and seeds")
    parser.add_argument("--size", type=int, action="append", help="a number of clients; may be given again")
    parser.add_argument("--seed", type=int, action="append", help="a seed; may be given again")
    parser.add_argument("--family", action="append", choices=FAMILIES, help="may be given again")
    parser.add_argument("--solver", type=float, default=0.0, help="seconds for HiGHS with the whole wave; default none")
    parser.add_argument("--requests", action="store_true", help="single requests as well")
    arguments = parser.parse_args()
    sizes = arguments.size or (SIZES if arguments.all else SIZES[:1])
    for clients in sizes:
        for name in arguments.family or FAMILIES:
            for seed in arguments.seed or (SEEDS if arguments.all else SEEDS[:1]):
                _print_wave(name, clients, seed, arguments.solver, requests=arguments.requests)


def _print_wave(name: str, clients: int, seed: int, solver: float, *, requests: bool) -> None:
    figures = measure_wave(name, clients, seed)
    line = (
        f"{name:<10}{clients:>7}{seed:>3}  gap {figures.gap:6.3f}  prices {figures.prices_gap:6.2f}  "
        f"greedy {figures.greedy_gap:6.2f}  cpu {figures.cpu:6.1f}  {figures.megabytes:5.0f} MB  "
        f"lacking {figures.lacking}"
    )
    if solver:
        best, bound = solve_programme(build_family(name, clients, seed), solver)
        line += f"  ours {figures.objective:.4f}  HiGHS {best:.4f} to {bound:.4f}"
        if best > figures.bound + 1e-6 and name != "wishes":
            raise RuntimeError(f"{line}: the bound is below a solution")
    if requests:
        line += f"  requests {measure_single_requests(name, clients, seed):.2f}"
    print(line, flush=True)


if __name__ == "__main__":
    main()
