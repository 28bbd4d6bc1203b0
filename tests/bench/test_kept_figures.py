"""Today's figures against the kept ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.kept_figures import KeptFigure, describe_losses, find_direction, keep_figures, load_kept

BARS = {"box_ms": ("<=", 10.0), "cases_held": (">=", 6.0)}


def _build_figure(value: float, machine: str = "here") -> KeptFigure:
    return KeptFigure(value=value, date="2026-11-01", machine=machine)


@pytest.mark.parametrize(
    ("name", "direction"),
    [("box_ms", -1), ("cases_held", 1), ("mails_per_s", 1), ("refit_s", -1), ("worker_rss_mb", -1), ("mails", 0)],
)
def test_the_direction_comes_from_the_bar_else_the_suffix(name: str, direction: int) -> None:
    assert find_direction(name, BARS) == direction


@pytest.mark.parametrize(
    ("name", "now", "falls"),
    [
        ("mails_per_s", 89.0, True),
        ("mails_per_s", 91.0, False),
        ("mails_per_s", 500.0, False),
        ("box_ms", 111.0, True),
        ("box_ms", 109.0, False),
        ("box_ms", 1.0, False),
        ("mails", 1.0, False),
    ],
)
def test_only_a_loss_of_over_a_tenth_is_told(name: str, now: float, falls: bool) -> None:
    assert bool(list(describe_losses({name: now}, {name: _build_figure(100)}, BARS, "here"))) is falls


def test_a_negative_figure_falls_by_its_size() -> None:
    losses = list(describe_losses({"uplift_low": -0.2}, {"uplift_low": _build_figure(-0.1)}, BARS, "here"))
    assert losses == ["uplift_low: worse by 100%: -0.2, kept -0.1 on 2026-11-01"]


def test_another_machine_is_named() -> None:
    (loss,) = describe_losses({"mails_per_s": 1}, {"mails_per_s": _build_figure(100, "64 cores")}, BARS, "here")
    assert loss.endswith("on another machine (64 cores)")


def test_a_figure_without_a_kept_one_is_not_compared() -> None:
    assert not list(describe_losses({"new_per_s": 1.0}, {}, BARS, "here"))


def test_keeping_leaves_what_was_not_measured(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    assert load_kept(path) == {}
    keep_figures({"a_ms": 1.0, "b_ms": 2.0}, "2026-11-01", "here", path)
    keep_figures({"b_ms": 3.0}, "2026-11-29", "there", path)
    kept = load_kept(path)
    assert (kept["a_ms"].value, kept["a_ms"].date, kept["a_ms"].machine) == (1.0, "2026-11-01", "here")
    assert (kept["b_ms"].value, kept["b_ms"].date, kept["b_ms"].machine) == (3.0, "2026-11-29", "there")
