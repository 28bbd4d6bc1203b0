"""Splits of a log into a past and what was taken after it: by time, the last of each client, or at random."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from algorithms.ranking.data import Asked, Log, among
from domain.arrays import Flags
from errors import BadInput

KINDS: Final = "leave-last-out, time:0.8, time:2016-12-31 or random:0.25"


@dataclass(frozen=True)
class Held:
    """The past; targets of later; and what each wanted, sparse (t, n). No row of `wanted` is empty."""

    past: Log
    asked: Asked
    wanted: Any

    def part(self, rows: Flags) -> Held:
        """Some of the targets."""
        return Held(self.past, self.asked.part(rows), self.wanted[rows])


def split(log: Log, how: str, seed: int, repeats: bool = False) -> Held:
    """`how` as in KINDS: the share of a time split is that which is learnt from, that of a random one is held out.
    Raises BadInput when it is none of them, or leaves nothing to learn or to ask."""
    kind, _, rest = how.partition(":")
    makers: dict[str, Callable[[Log, str, int], Flags]] = {
        "leave-last-out": _last,
        "time": _later,
        "random": _drawn,
    }
    if kind not in makers or (kind == "leave-last-out" and rest):
        raise BadInput(f"{how!r} is none of {KINDS}", "split")
    held = held_out(log, makers[kind](log, rest, seed), repeats)
    if not len(held.past) or not len(held.asked):
        raise BadInput(f"{how} leaves nothing to {'ask' if len(held.past) else 'learn from'}", "split")
    return held


def held_out(log: Log, out: Flags, repeats: bool = False) -> Held:
    """Interactions flagged `out` are asked for: one target for each client and context. Without `repeats`, what the
    client had taken before is not asked for."""
    from scipy import sparse  # noqa: PLC0415

    past, later = log.part(~out), log.part(out)
    n = len(log.items)
    if not repeats:
        later = later.part(~among(past.taken, later.client, later.item))
    pairs, target = np.unique(np.stack([later.client, later.context]), axis=1, return_inverse=True)
    cells = (np.ones(len(later), np.float32), (target.ravel(), later.item))
    wanted = sparse.coo_matrix(cells, (pairs.shape[1], n)).tocsr()
    wanted.data[:] = 1.0
    return Held(past, Asked(pairs[0], pairs[1]), wanted)


def cut_at(log: Log, moment: float, until: float = np.inf, repeats: bool = False) -> Held:
    """The past up to `moment`, and what was taken then until `until` (epoch seconds)."""
    known = log.part(log.at <= until)
    return held_out(known, known.at > moment, repeats)


def _later(log: Log, rest: str, _seed: int) -> Flags:
    return np.asarray(log.at > _moment(log, rest))


def _moment(log: Log, rest: str) -> float:
    """The end of the day named, or the moment by which that share had come."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", rest):
        try:
            day = datetime.combine(date.fromisoformat(rest), datetime.min.time(), UTC)
        except ValueError:
            raise BadInput(f"there is no day {rest}", "split") from None
        return (day + timedelta(days=1)).timestamp() - 1e-3
    return float(np.quantile(log.at, _share(rest))) if len(log) else 0.0


def _share(rest: str) -> float:
    try:
        share = float(rest)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise BadInput(f"{rest!r} is no share between 0 and 1 (splits: {KINDS})", "split")
    return share


def _last(log: Log, _rest: str, _seed: int) -> Flags:
    """The last interaction of each client who has two at least; of equal moments the last in the file."""
    order = np.lexsort((np.arange(len(log)), log.at, log.client))
    ends = np.append(log.client[order][1:] != log.client[order][:-1], True)
    out = np.zeros(len(log), np.bool_)
    out[order[ends]] = True
    return out & (np.bincount(log.client, minlength=len(log.clients)) > 1)[log.client]


def _drawn(log: Log, rest: str, seed: int) -> Flags:
    return np.asarray(np.random.default_rng(seed).random(len(log)) < _share(rest))
