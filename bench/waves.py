"""The short part of the wave families: 200 clients; `python -m bench.wave_families --all` prints the whole table."""

from __future__ import annotations

from bench.family_instances import FAMILIES
from bench.wave_families import measure_single_requests, measure_wave

CLIENTS, SEED, DAY = 200, 4, 1_000


def measure() -> dict[str, float]:
    """Measure the gap of each family, the least lead over simpler ways, and single requests in the base family."""
    figures: dict[str, float] = {}
    leads, spent = [], 0.0
    for name in FAMILIES:
        wave = measure_wave(name, CLIENTS, SEED)
        spent += wave.cpu
        figures[f"wave_{name}_gap_pct"] = round(wave.gap, 4)
        if name != "wishes":  # simpler ways pass over must-haves there
            leads.append(min(wave.prices_gap, wave.greedy_gap) - wave.gap)
    base = measure_wave("base", DAY, SEED)
    return figures | {
        "wave_families_least_lead_pct": round(min(leads), 4),
        "wave_families_cpu_s": round(spent, 2),
        "wave_base_1000_gap_pct": round(base.gap, 4),
        "wave_base_1000_cpu_s": round(base.cpu, 2),
        "wave_base_requests_pct": round(measure_single_requests("base", DAY, SEED), 2),
    }
