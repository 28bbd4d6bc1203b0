"""The default ranking: user match, trend, inventory, margin, freshness and season, blended as `domain.blend` says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from algorithms.blending.catalogue import Catalogue
from algorithms.blending.content import Content
from algorithms.blending.contracts import Ranker, RankingRequest, Reason
from algorithms.blending.trend import Trend
from domain import blend
from domain.arrays import Floats, Ints
from domain.blend import PARTS, BlendWeights
from domain.histories import ClientSignals
from domain.variety import varied
from models.catalogue import Season
from models.mail import Pick

HEAD: Final = 20
"""So many times `n` of the best are put in order first; to sort all of them takes ten times as long."""


class Offered(NamedTuple):
    """Items that may be shown: `places` in the catalogue, shape (k,), and `shares` of the score, shape (parts, k)."""

    places: Ints
    shares: Floats


@dataclass(frozen=True)
class Blend:
    """Everything in memory that a ranking needs; made anew when the catalogue, the stock or the model changes.

    `model` gives `share` of the user match and content match the rest; for clients who did nothing yet, and of whom a
    model knows a few words at best, `share_new`. Training measures both; unmeasured, a model is trusted little.
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
        """The best items that may be shown, best first; of equal ones the first in the catalogue."""
        return self.best(self.scored(request, client), request.n)

    def scored(self, request: RankingRequest, client: ClientSignals) -> Offered:
        """All items that may be shown, with what each part of the score adds."""
        places = self.eligible(client, request)
        if not len(places):
            return Offered(places, np.zeros((len(PARTS), 0)))
        return Offered(places, blend.contributions(self.weights, self.parts(client, places, request)))

    def best(self, offered: Offered, n: int) -> tuple[Pick, ...]:
        """The `n` best of them, best first and varied."""
        if not len(offered.places):
            return ()
        category, total = self.catalogue.category[offered.places], offered.shares.sum(axis=0)
        best = varied(_best(total, HEAD * n).tolist(), category, n)
        if len(best) < n:  # the head was too much alike
            best = varied(_best(total, len(total)).tolist(), category, n)
        return tuple(self._pick(int(offered.places[place]), offered.shares[:, place]) for place in best)

    def eligible(self, client: ClientSignals, request: RankingRequest) -> Ints:
        """In stock in the client's sizes, not owned, not lately sent back, not excluded; places in the catalogue."""
        may = self.catalogue.in_sizes(client.wears) > 0
        hidden = client.owned | client.sent_back(request.now.timestamp()) | request.exclude
        may[self.catalogue.places(hidden)] = False
        return np.flatnonzero(may)

    def parts(self, client: ClientSignals, candidates: Ints, request: RankingRequest) -> dict[str, Floats]:
        """Each part in [0, 1], shape (candidates,)."""
        now, of = request.now.timestamp(), self.catalogue
        fit = blend.season_fit(request.now, client.time_zone)
        return {
            "match": self.match(client, candidates, now),
            "trend": self.trend.scores(client, candidates),
            "inventory": blend.inventory(of.in_sizes(client.wears)[candidates].astype(np.float64), of.typical_stock),
            "margin": of.margin[candidates],
            "freshness": blend.freshness(of.added[candidates], now),
            "season": np.array([fit[season] for season in Season])[of.seasons[candidates]],
        }

    def match(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """How well each candidate suits the client, from the model and from content."""
        content = Content(self.catalogue).scores(client, candidates, now)
        if self.model is None:
            return content
        share = self.share if client.touches else self.share_new
        return mixed(self.model.scores(client, candidates, now), content, share)

    def reasons(self, client: ClientSignals, items: Sequence[str]) -> Mapping[str, Reason]:
        """What the model says for these items, where it has a say in the match."""
        share = self.share if client.touches else self.share_new
        return self.model.reasons(client, items) if self.model and share > 0 else {}

    def _pick(self, place: int, shares: Floats) -> Pick:
        parts = {name: round(float(value), 6) for name, value in zip(PARTS, shares, strict=True)}
        return Pick(item_id=self.catalogue.items[place].item_id, score=round(sum(parts.values()), 6), parts=parts)


def mixed(modelled: Floats, content: Floats, share: float) -> Floats:
    """`share` of the model's scores and the rest of content's; content's alone where the model knows nothing. Where
    both know little the match stays small, and what is liked by others leads."""
    return np.asarray(share * modelled + (1 - share) * content) if modelled.any() else content


def _best(scores: Floats, n: int) -> Ints:
    """Places of the `n` highest scores and of all that equal the last of them, best first, ties in their order."""
    if n >= len(scores):
        return np.argsort(-scores, kind="stable")
    head = np.flatnonzero(scores >= np.partition(scores, len(scores) - n)[len(scores) - n])
    return head[np.argsort(-scores[head], kind="stable")]
