"""Splits of interactions into a past and what was taken after it: by time, the last visit of each client, or at
random."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from algorithms.ranking.data import NONE, Interactions, Targets, contains_pairs
from algorithms.ranking.returns import settle_returns
from domain.arrays import Flags
from errors import BadInput

KINDS: Final = "leave-last-out, time:0.8, time:2016-12-31 or random:0.25"


@dataclass(frozen=True)
class HoldoutSplit:
    """The past; later targets; and what each wanted, sparse (t, n). No row of `wanted` is empty."""

    past: Interactions
    targets: Targets
    wanted: Any

    def part(self, rows: Flags) -> HoldoutSplit:
        """Select some of the targets."""
        return HoldoutSplit(self.past, self.targets.part(rows), self.wanted[rows])


def split(interactions: Interactions, how: str, seed: int, repeats: bool = False) -> HoldoutSplit:
    """Split as `how` says (see KINDS): a time split names the share to learn from, a random one the share to hold out.

    Raises BadInput when `how` is none of them, or when it leaves nothing to learn from or to ask.
    """
    kind, _, rest = how.partition(":")
    makers: dict[str, Callable[[Interactions, str, int], Flags]] = {
        "leave-last-out": _flag_last,
        "time": _flag_later,
        "random": _flag_random,
    }
    if kind not in makers or (kind == "leave-last-out" and rest):
        raise BadInput(f"{how!r} is none of {KINDS}", "split")
    held = build_holdout(interactions, makers[kind](interactions, rest, seed), repeats)
    if not len(held.past) or not len(held.targets):
        raise BadInput(f"{how} leaves nothing to {'ask' if len(held.past) else 'learn from'}", "split")
    return held


def build_holdout(
    interactions: Interactions, out: Flags, repeats: bool = False, in_context: bool = True
) -> HoldoutSplit:
    """Build the split that holds out the interactions flagged `out`: one target for each client and context.

    Without `repeats`, what the client had taken before is not wanted again. Without `in_context`, there is one target
    for each client, in no context.
    """
    from scipy import sparse  # noqa: PLC0415

    past, later = settle_returns(interactions.part(~out)), settle_returns(interactions.part(out))
    n = len(interactions.items)
    if not repeats:
        later = later.part(~contains_pairs(past.taken, later.client, later.item))
    context = later.context if in_context else np.full(len(later), NONE)
    pairs, target = np.unique(np.stack([later.client, context]), axis=1, return_inverse=True)
    cells = (np.ones(len(later), np.float32), (target.ravel(), later.item))
    wanted = sparse.coo_matrix(cells, (pairs.shape[1], n)).tocsr()
    wanted.data[:] = 1.0
    return HoldoutSplit(past, Targets(pairs[0], pairs[1]), wanted)


def cut_at(
    interactions: Interactions,
    moment: float,
    until: float = np.inf,
    repeats: bool = False,
    in_context: bool = True,
) -> HoldoutSplit:
    """Split at `moment`: the past up to it, and what was taken after it until `until` (epoch seconds)."""
    known = interactions.part(interactions.at <= until)
    return build_holdout(known, known.at > moment, repeats, in_context)


def _flag_later(interactions: Interactions, rest: str, _seed: int) -> Flags:
    return np.asarray(interactions.at > _parse_moment(interactions, rest))


def _parse_moment(interactions: Interactions, rest: str) -> float:
    """Return the end of the day named, or the moment by which that share of the interactions had come."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", rest):
        try:
            day = datetime.combine(date.fromisoformat(rest), datetime.min.time(), UTC)
        except ValueError:
            raise BadInput(f"there is no day {rest}", "split") from None
        return (day + timedelta(days=1)).timestamp() - 1e-3
    return float(np.quantile(interactions.at, _parse_share(rest))) if len(interactions) else 0.0


def _parse_share(rest: str) -> float:
    try:
        share = float(rest)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise BadInput(f"{rest!r} is no share between 0 and 1 (splits: {KINDS})", "split")
    return share


def _flag_last(interactions: Interactions, _rest: str, _seed: int) -> Flags:
    """Flag the last visit of each client who came at two moments or more: all that has the latest moment."""
    first, last = np.full(len(interactions.clients), np.inf), np.full(len(interactions.clients), -np.inf)
    np.minimum.at(first, interactions.client, interactions.at)
    np.maximum.at(last, interactions.client, interactions.at)
    return np.asarray((interactions.at == last[interactions.client]) & (first < last)[interactions.client])


def _flag_random(interactions: Interactions, rest: str, seed: int) -> Flags:
    return np.asarray(np.random.default_rng(seed).random(len(interactions)) < _parse_share(rest))
