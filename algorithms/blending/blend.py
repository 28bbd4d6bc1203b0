"""The built-in ranking: user match, trend, inventory, margin, freshness and season, blended as `domain.blend` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.content import Content
from algorithms.blending.contracts import Ranker, RankingRequest, Reason
from algorithms.blending.trend import Trend
from domain import blend
from domain.arrays import Floats, Ints
from domain.blend import PARTS, BlendWeights
from domain.histories import ClientSignals, normalise_word
from domain.variety import limit_per_category, select_highest, spread_over_groups
from models.catalogue import Season
from models.mail import Pick

HEAD: Final = 20
"""The best `HEAD * n` are sorted first; sorting all of them takes ten times as long."""

TREND: Final = PARTS.index("trend")


class EligibleItems(NamedTuple):
    """Items that may be shown: `indices` into the catalogue, shape (k,), and `shares` of the score, shape (parts,
    k)."""

    indices: Ints
    shares: Floats


@dataclass(frozen=True)
class Blend:
    """Everything in memory that a ranking needs; built again when the catalogue, the stock or the model changes.

    `model` gives `share` of the user match and content match the rest; for clients who did nothing yet, and of whom a
    model knows a few words at best, `share_new`. Training measures both; unmeasured, a model gets a small share.
    """

    catalogue: Catalogue
    trend: Trend
    weights: BlendWeights = field(default_factory=BlendWeights)
    model: Ranker | None = None
    share: float = 0.25
    share_new: float = 0.0

    @property
    def name(self) -> str:
        """What the ranking is made of."""
        return f"blend+{self.model.name if self.model else Content.name}"

    def rank(self, request: RankingRequest, client: ClientSignals) -> tuple[Pick, ...]:
        """Rank the best items that may be shown, best first; equal ones in the order of the catalogue."""
        return self.select_best(self.score_eligible(request, client), request.n)

    def score_eligible(self, request: RankingRequest, client: ClientSignals) -> EligibleItems:
        """Score all items that may be shown, with what each part of the score adds."""
        indices = self.list_eligible(client, request)
        if not len(indices):
            return EligibleItems(indices, np.zeros((len(PARTS), 0)))
        return EligibleItems(indices, blend.contributions(self.weights, self.compute_parts(client, indices, request)))

    def score_items(self, client: ClientSignals, item_ids: Sequence[str], now: datetime) -> tuple[Pick, ...]:
        """Score these items of the catalogue for a client, whether or not they may be shown, in their order."""
        request = RankingRequest(client_id=client.client_id, n=max(1, len(item_ids)), now=now)
        indices = self.catalogue.find_indices(item_ids)
        shares = blend.contributions(self.weights, self.compute_parts(client, indices, request))
        return tuple(self._pick(index, shares[:, place]) for place, index in enumerate(indices.tolist()))

    def select_best(
        self, offered: EligibleItems, n: int, groups: Mapping[str, str] | None = None, trend_share: float = 1.0
    ) -> tuple[Pick, ...]:
        """Select the `n` best of them, best first and varied. `groups`, by normalised category: as many of each.
        `trend_share`: how much of its trend counts when an item is selected; scores and order are the same."""
        if not len(offered.indices):
            return ()
        if groups is not None:
            best = self.spread_over_groups(offered, n, groups).tolist()
            return tuple(self._pick(int(offered.indices[index]), offered.shares[:, index]) for index in best)
        category, total = self.catalogue.category[offered.indices], offered.shares.sum(axis=0)
        wanted = total - (1 - trend_share) * offered.shares[TREND]
        best = limit_per_category(select_highest(wanted, HEAD * n).tolist(), category, n)
        if len(best) < n:  # the items of the head were too similar
            best = limit_per_category(select_highest(wanted, len(wanted)).tolist(), category, n)
        if trend_share < 1:
            best.sort(key=lambda index: -total[index])
        return tuple(self._pick(int(offered.indices[index]), offered.shares[:, index]) for index in best)

    def spread_over_groups(self, offered: EligibleItems, n: int, groups: Mapping[str, str]) -> Ints:
        """Return the positions in `offered` of `n` items with as many of each group as there can be, best first."""
        category = self.catalogue.category[offered.indices]
        names = [groups.get(normalise_word(name), "") for name in self.catalogue.category_names]
        code = np.unique(np.array([*names, ""], np.str_), return_inverse=True)[1].reshape(-1)
        return spread_over_groups(offered.shares.sum(axis=0), category, code[category], n)

    def list_eligible(self, client: ClientSignals, request: RankingRequest) -> Ints:
        """List the indices of items in stock in the client's sizes, not owned, not lately sent back, not excluded."""
        may = self.catalogue.count_in_sizes(client.wears) > 0
        hidden = client.owned | client.list_sent_back(request.now.timestamp()) | request.exclude
        may[self.catalogue.find_indices(hidden)] = False
        return np.flatnonzero(may)

    def compute_parts(self, client: ClientSignals, candidates: Ints, request: RankingRequest) -> dict[str, Floats]:
        """Compute each part in [0, 1], shape (candidates,)."""
        now, of = request.now.timestamp(), self.catalogue
        fit = blend.score_seasons(request.now, client.time_zone)
        return {
            "match": self.compute_match(client, candidates, now),
            "trend": self.trend.scores(client, candidates),
            "inventory": blend.inventory(
                of.count_in_sizes(client.wears)[candidates].astype(np.float64), of.typical_stock
            ),
            "margin": of.margin[candidates],
            "freshness": blend.freshness(of.added[candidates], now),
            "season": np.array([fit[season] for season in Season])[of.seasons[candidates]],
        }

    def compute_match(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """Compute how well each candidate suits the client, from the model and from content."""
        content = np.zeros(len(candidates))
        if not client.is_unknown:
            content = Content(self.catalogue).scores(client, candidates, now)
        if self.model is None:
            return content
        share = self.share if client.touches else self.share_new
        return mix_scores(self.model.scores(client, candidates, now), content, share)

    def reasons(self, client: ClientSignals, items: Sequence[str]) -> Mapping[str, Reason]:
        """Return what the model says for these items, where it has a share in the match."""
        share = self.share if client.touches else self.share_new
        return self.model.reasons(client, items) if self.model and share > 0 else {}

    def _pick(self, index: int, shares: Floats) -> Pick:
        parts = {name: round(float(value), 6) for name, value in zip(PARTS, shares, strict=True)}
        return Pick(item_id=self.catalogue.items[index].item_id, score=round(sum(parts.values()), 6), parts=parts)


def mix_scores(modelled: Floats, content: Floats, share: float) -> Floats:
    """Mix `share` of the model's scores with the rest of content's; use content alone where the model knows nothing.

    Where both know little the match stays small, and what is liked by others leads.
    """
    return np.asarray(share * modelled + (1 - share) * content) if modelled.any() else content
