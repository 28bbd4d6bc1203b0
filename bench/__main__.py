"""`make bench`: every figure of the product, measured here and now, into bench/results.json.

`python -m bench lifecycle year` measures some parts alone; the figures of the others stay as they were. Each figure is
compared with the last kept one (bench/kept.json, which `--keep` writes).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from bench.kept_figures import describe_losses, describe_machine, keep_figures, load_kept

RESULTS = Path(__file__).parent / "results.json"
PARTS = (
    "science",
    "risk",
    "forecasts",
    "fit",
    "ranking",
    "outcomes",
    "sessions",
    "realtime",
    "search",
    "served",
    "assembly",
    "boxes",
    "box_faults",
    "slots",
    "mail",
    "mail_copy",
    "opt_outs",
    "returns",
    "ingest",
    "streams",
    "lifecycle",
    "sleepers",
    "year",
    "notes_reading",
    "words",
    "honest",
    "segments",
    "lists",
    "simulate",
    "campaigns",
)

BARS: dict[str, tuple[str, float]] = {
    "copy_largest_subject_share": ("<=", 0.02),
    "copy_repeats_in_last_ten": ("<=", 0),
    "copy_blurbs_repeated_in_mail": ("<=", 0),
    "copy_largest_pick_share": ("<=", 0.05),
    "words_hostile_delivered": ("<=", 0),
    "words_written_outside_delivered": ("<=", 0),
    "words_harmless_share": (">=", 1),
    "honest_passed_share": (">=", 0.9),
    "notes_held_found_share": (">=", 0.9),
    "notes_held_wrong_share": ("<=", 0.03),
    "events_accepted_per_s": (">=", 3_000),
    "import_rows_per_s": (">=", 20_000),
    "assess_s_per_million_clients": ("<=", 3),
    "simulate_ms_per_workflow": ("<=", 90),
    "idle_client_workflow_tasks_per_year": ("<=", 30),
    "idle_client_in_3_journeys_workflow_tasks_per_year": ("<=", 45),
    "busy_client_workflow_tasks_per_year": ("<=", 400),
    "busy_client_history_events_per_year": ("<=", 4_000),
    "campaign_mails_per_s": (">=", 150),
    "pause_of_100000_ms": ("<=", 1_000),
    "pause_data_after": ("<=", 0),
    "signups_to_delivered_mail_per_s": (">=", 5),
    "signups_to_delivered_mail_share_of_bare_flow": (">=", 0.8),
    "mails_by_all_cores_per_s": (">=", 400),
    "returns_by_two_read_per_s": (">=", 500),
    "returns_postgresql_by_two_read_per_s": (">=", 500),
    "opt_outs_sqlite_data_after": ("<=", 0),
    "opt_outs_postgresql_data_after": ("<=", 0),
    "risk_cdnow_auc_over_bgnbd": (">=", 0),
    "risk_cdnow_calibration_error": ("<=", 0.06),
    "risk_200000_orders_s": ("<=", 60),
    "risk_served_cdnow_calibration_error": ("<=", 0.06),
    "risk_served_retail_calibration_error": ("<=", 0.06),
    "risk_served_rentals_calibration_error": ("<=", 0.06),
    "risk_served_client_ms": ("<=", 2),
    "risk_retail_auc_over_bgnbd": (">=", 0.02),
    "risk_rentals_auc_over_bgnbd": (">=", 0),
    "risk_retail_calibration_error": ("<=", 0.06),
    "risk_rentals_calibration_error": ("<=", 0.06),
    "forecasts_cuts": (">=", 100),
    "forecasts_calibration_error": ("<=", 0.036),
    "forecasts_worst_shop_calibration_error": ("<=", 0.06),
    "forecasts_worst_auc_over_best": (">=", -0.01),
    "forecasts_mean_error_above_zero_where_bgnbd_is_below": ("<=", 0),
    "fit_made_up_auc_over_boosting_low": (">=", 0),
    "fit_made_up_calibration_error": ("<=", 0.02),
    "fit_rentals_auc_over_boosting_low": (">=", 0.002),
    "fit_rentals_calibration_error": ("<=", 0.02),
    "fit_200000_rows_cpu_s": ("<=", 60),
    "off_policy_held_of_6": (">=", 6),
    "off_policy_alarms_of_6": (">=", 6),
    "bundles_affinity_over_titles_low": (">=", 0.01),
    "uplift_qini_chosen_over_rule": (">=", 0),
    "ranking_retail_time_over_best_low": (">=", 0),
    "ranking_retail_repeats_over_best": (">=", 0),
    "ranking_retail_last_over_best_low": (">=", 0),
    "ranking_rentals_time_over_best": (">=", 0),
    "ranking_new_items_over_category_low": (">=", 0),
    "ranking_retail_since_over_best_low": (">=", 0),
    "ranking_rentals_since_over_best_low": (">=", 0),
    "ranking_shops_held_of_10": (">=", 10),
    "ranking_shops_above_of_10": (">=", 4),
    "ranking_shops_cpu_over_tuned": ("<=", 3),
    "ranking_shops_memory_over_tuned": ("<=", 2),
    "ranking_top10_of_100000_ms": ("<=", 3),
    "ranking_100000_clients_s": ("<=", 60),
    "ranking_als_over_implicit": ("<=", 1.2),
    "ranking_200000_interactions_cpu_s": ("<=", 60),
    "ranking_load_s": ("<=", 1),
    "session_alike_over_static_low": (">=", 0),
    "session_other_over_static_low": (">=", 0),
    "session_ips_low_over_truth": ("<=", 1),
    "session_ips_high_over_truth": (">=", 1),
    "session_answer_ms": ("<=", 5),
    "session_answer_200_items_ms": ("<=", 5),
    "realtime_share_of_bare": (">=", 1 / 3),
    "realtime_p99_ms": ("<=", 25),
    "realtime_alone_p50_ms": ("<=", 2),
    "realtime_wrong_answers": ("<=", 0),
    "realtime_event_shown_p99_s": ("<=", 1),
    "realtime_start_s": ("<=", 7),
    "search_p99_ms": ("<=", 20),
    "served_ndcg_below_ranking": ("<=", 0.005),
    "box_500_candidates_ms": ("<=", 10),
    "wave_200_gap_pct": ("<=", 0.5),
    "wave_200_greedy_gap_pct": (">=", 5),
    "wave_1000_gap_pct": ("<=", 0.5),
    "wave_1000_greedy_gap_pct": (">=", 5),
    "wave_1000_s": ("<=", 2),
    "wave_5000_gap_pct": ("<=", 0.5),
    "wave_5000_greedy_gap_pct": (">=", 5),
    "wave_5000_s": ("<=", 15),
    "wave_20000_gap_pct": ("<=", 1),
    "wave_20000_greedy_gap_pct": (">=", 5),
    "boxes_keep_price_calibration_error": ("<=", 0.03),
    "boxes_keep_fit_calibration_error": ("<=", 0.03),
    "boxes_keep_noise_calibration_error": ("<=", 0.03),
    "boxes_fit_rentals_calibration_error": ("<=", 0.03),
    "boxes_role_share_worst_multiple": ("<=", 2),
    "box_faults_alike_share": ("<=", 0),
    "box_faults_no_outfit_share": ("<=", 0),
    "box_faults_clash_share": ("<=", 0.05),
    "single_requests_priced_pct": (">=", 97),
    "wave_base_gap_pct": ("<=", 0.5),
    "wave_alike_gap_pct": ("<=", 0.5),
    "wave_identical_gap_pct": ("<=", 0.5),
    "wave_tiny_gap_pct": ("<=", 0.5),
    "wave_dominant_gap_pct": ("<=", 0.5),
    "wave_price_gap_pct": ("<=", 0.5),
    "wave_cap1_gap_pct": ("<=", 0.5),
    "wave_slots8_gap_pct": ("<=", 0.5),
    "wave_sizes_gap_pct": ("<=", 0.5),
    "wave_equal_gap_pct": ("<=", 0.5),
    "wave_wishes_gap_pct": ("<=", 0.5),
    "wave_families_least_lead_pct": (">=", 0),
    "wave_base_1000_gap_pct": ("<=", 0.5),
    "wave_base_1000_cpu_s": ("<=", 3),
    "wave_base_requests_pct": (">=", 97),
    "lists_sqlite_100000_slowest_ms": ("<=", 200),
    "lists_postgresql_100000_slowest_ms": ("<=", 200),
    "lists_postgresql_1000000_slowest_ms": ("<=", 200),
    "segments_1000000_slowest_s": ("<=", 1),
    "slot_process_fault_worst_ms": ("<=", 250),
    "slot_remote_fault_worst_ms": ("<=", 250),
    "slot_path_house_over_bare": ("<=", 6),
}
"""What is promised. Other figures are printed, not judged."""


def parse_arguments(arguments: list[str]) -> tuple[list[str], bool]:
    """Parse the parts that were named, and whether to keep the figures. Ends with status 2 and one line for an unknown
    part."""
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measure here and now, into bench/results.json. With no part named, all: that takes many minutes. "
        "Figures of parts that are not named stay as they were. What is worse by over a tenth than the last kept "
        "figure is named.",
        epilog="Exit status: 0 every promised figure is kept, 1 one is not.",
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--full",
        action="store_true",
        help="all clients that a bar is about: segments and lists a million, simulate 1,000, campaigns "
        "50,000, sleepers 20,000",
    )
    parser.add_argument("--keep", action="store_true", help="keep what is measured now in bench/kept.json")
    parsed = parser.parse_args(arguments)
    parts: list[str] = parsed.parts
    for part in parts:
        if part not in PARTS:
            parser.error(f"no part {part}; there are {', '.join(PARTS)}")
    return parts, parsed.keep


def main(parts: list[str], *, keep: bool = False) -> int:
    """Measure `parts` (all when empty); 1 when a promise is not kept. `keep`: later runs compare with these figures."""
    results: dict[str, float | str] = json.loads(RESULTS.read_text()) if parts and RESULTS.exists() else {}
    measured = _measure(parts or PARTS)
    results |= measured | {"cores": os.cpu_count() or 0, "python": platform.python_version(), "measured_at": _now()}
    RESULTS.write_text(json.dumps(results, indent=2, sort_keys=True) + "\n")
    figures = {name: value for name, value in sorted(results.items()) if isinstance(value, int | float)}
    broken = [name for name, value in figures.items() if not _render_result(name, value)]
    _compare(measured, keep=keep)
    return 1 if broken else 0


def _measure(parts: Iterable[str]) -> dict[str, float]:
    measured: dict[str, float] = {}
    for part in parts:
        begun = time.perf_counter()
        print(f"{part} ...", file=sys.stderr, flush=True)
        measured |= importlib.import_module(f"bench.{part}").measure()
        print(f"{part}: {time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return measured


def _compare(measured: dict[str, float], *, keep: bool) -> None:
    """Say what fell behind the kept figures; then keep today's where asked."""
    kept, machine = load_kept(), describe_machine()
    losses = list(describe_losses(measured, kept, BARS, machine))
    print("\n".join(losses) or f"no figure of {len(measured.keys() & kept.keys())} is worse by over 10 % than kept")
    if keep:
        keep_figures(measured, _now()[:10], machine)


def _render_result(name: str, value: float) -> bool:
    sign, bar = BARS.get(name, ("", 0.0))
    ok = not sign or (value >= bar if sign == ">=" else value <= bar)
    promise = f"  {sign} {bar:g}{'' if ok else '  NOT KEPT'}" if sign else ""
    decimals = 2 if not value or abs(value) >= 1 else 4
    print(f"{name:<44}{value:>12,.{decimals}f}{promise}")
    return ok


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    named, keep_them = parse_arguments(sys.argv[1:])
    sys.exit(main(named, keep=keep_them))
