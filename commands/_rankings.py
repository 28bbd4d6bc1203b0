"""The figures of `selvedge evaluate ranking` as lines for people."""

from __future__ import annotations

from typing import Any, Final

HEADS: Final = (
    "recall",
    "NDCG",
    "95 %",
    "MAP",
    "cold clients",
    "cold items",
    "coverage",
    "novelty",
    "fit s",
    "MB",
    "us",
)


def table(found: dict[str, Any]) -> str:
    """Best NDCG first; the columns of cold clients and items are NDCG too."""
    lines = [
        f"{found['asked']:,} targets, {found['asked_cold_clients']:,} of clients who are new; learnt from "
        f"{found['learnt_from']:,} of {found['interactions']:,} interactions with {found['items']:,} items "
        f"({found['split']}, k {found['k']}, seed {found['seed']})",
        f"{'':<13}" + "".join(f"{head:>{15 if head == '95 %' else 13}}" for head in HEADS),
    ]
    best_first = sorted(found["algorithms"].items(), key=lambda pair: -pair[1]["ndcg"])
    return "\n".join([*lines, *(_line(name, figures) for name, figures in best_first)])


def _line(name: str, of: dict[str, Any]) -> str:
    low, high = of["ndcg_interval"]
    cold = [f"{of[part]['ndcg']:.4f}" if of[part] else "-" for part in ("cold_clients", "cold_items")]
    cells = (f"{of['recall']:.4f}", f"{of['ndcg']:.4f}", f"[{low:.4f},{high:.4f}]", f"{of['map']:.4f}", *cold)
    costs: tuple[str, ...] = (f"{of['coverage']:.3f}", f"{of['novelty']:.1f}", f"{of['fit_seconds']:.1f}")
    costs = (*costs, f"{of['peak_memory_mb']:,.0f}", f"{of['recommend_us']:,.0f}")
    return f"{name:<13}" + "".join(f"{cell:>{15 if cell.startswith('[') else 13}}" for cell in (*cells, *costs))
