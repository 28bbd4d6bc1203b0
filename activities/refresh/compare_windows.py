"""The drift report: features and scores of the latest days against those of as many days before."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from temporalio import activity

from activities.heartbeat import beating
from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.contracts import RankingRequest
from algorithms.blending.evaluation import as_they_were
from algorithms.drift_samples import Samples, of_orders, of_touches
from algorithms.risk.kept import Kept
from domain.arrays import Floats
from domain.drift import moved
from domain.engagement import DAY, score, strength
from domain.histories import ClientSignals, Histories
from models.refreshes import RefreshCount, RefreshState, RefreshStep
from services.assessment import risk
from services.context import ServiceContext
from services.evaluation.rankings import as_of, house_of
from services.recommendations import recommender
from services.recommendations.blend_weights import with_kept
from services.training.ranking_trial import K
from store.catalogue import catalogue
from store.clients import histories, interactions, order_histories
from store.database import read_transaction, write_transaction
from store.learning import artefacts, refreshes

ASKED: Final = 300
"""Clients whose lists are looked at, of each stretch of days."""
SEED: Final = 42

Days: TypeAlias = tuple[datetime, datetime, datetime]
"""Two stretches of days: from, to the cut, to."""

log = logging.getLogger(__name__)


class CompareWindows:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def compare_windows(self, step: RefreshStep) -> RefreshCount:
        """Look, keep what was found, and how many alarms there are."""
        with write_transaction(self._context.engine) as connection:
            refreshes.note(connection, step.refresh, state=RefreshState.COMPARING)
            days = refreshes.days(refreshes.get(connection, step.refresh))
        with beating():
            samples = self._features(days) | self._risks(days) | self._rankings(days)
            alarm_at = self._context.settings.refresh_drift_alarm
            found = [moved(name, *values, alarm_at) for name, values in samples.items()]
        drift = tuple(each for each in found if each is not None)
        for each in drift:
            if each.alarm:
                log.warning("%s has moved: %.3f apart from the days before", each.feature, each.statistic)
        with write_transaction(self._context.engine) as connection:
            refreshes.note(connection, step.refresh, drift=drift)
        return RefreshCount(count=sum(each.alarm for each in drift))

    def _features(self, days: Days) -> Samples:
        since, cut, until = days
        with read_transaction(self._context.engine) as connection:
            of = Catalogue.of(catalogue.every_item(connection), ())
            touches = interactions.between(connection, since, until)
            rows = order_histories.everybody(connection, until)
        orders = of_orders(rows.client_ids, rows.at, rows.value_cents / 100, since.timestamp(), cut.timestamp())
        return of_touches(touches, of, cut.timestamp()) | orders

    def _risks(self, days: Days) -> Samples:
        """What every client would be scored at the end of each stretch, by the model that serves now."""
        with read_transaction(self._context.engine) as connection:
            artefact = artefacts.live(connection, risk.SLOT)
            ends = [histories.as_of_then(connection, self._context.engagement, day)[1] for day in days[1:]]
        model, found = risk.loaded(Path(self._context.settings.home), artefact), {}
        found["score: engagement"] = _pair(lambda at, some: self._engaged(some, at), days, ends)
        if model is not None:
            found["score: risk"] = _pair(lambda at, some: model.told(_kept(some), at / DAY).p_order, days, ends)
        return found

    def _engaged(self, some: Histories, at: float) -> Floats:
        rules = self._context.engagement
        return score(
            rules, some.anchor, strength(rules, some.anchor, some.frequency, some.monetary, some.last_order), at
        )

    def _rankings(self, days: Days) -> Samples:
        """The mean score of the ten best for clients who did something in each stretch, asked at its end."""
        since, cut, until = days
        with read_transaction(self._context.engine) as connection:
            touches, clients = interactions.between(connection, None, until), interactions.described(connection)
            items, artefact = catalogue.every_item(connection), artefacts.live(connection, recommender.SLOT)
        found = []
        for begin, end in ((since, cut), (cut, until)):
            past = touches.part(touches.at <= end.timestamp())
            active = np.unique(past.client[past.at > begin.timestamp()])
            if not len(active):
                return {}
            blend = house_of(self._context.settings, as_of(items, past, end), past, clients, None)
            if artefact is not None:
                blend = with_kept(blend, artefact, Path(self._context.settings.home))
            asked = np.random.default_rng(SEED).permutation(active)[:ASKED].tolist()
            people = as_they_were(past, clients, asked)
            found.append(np.array([_best_mean(blend, client, end) for client in people]))
        return {"score: ranking": (found[0], found[1])}


def _pair(score_at: Callable[[float, Histories], Floats], days: Days, ends: list[Histories]) -> tuple[Floats, Floats]:
    before, now = (score_at(at.timestamp(), some) for at, some in zip(days[1:], ends, strict=True))
    return before[~np.isnan(before)], now[~np.isnan(now)]


def _kept(some: Histories) -> Kept:
    rows = some.orders > 0
    return Kept(some.orders[rows], some.first_order[rows] / DAY, some.last_order[rows] / DAY, some.value[rows])


def _best_mean(blend: Blend, client: ClientSignals, now: datetime) -> float:
    picks = blend.rank(RankingRequest(client_id=client.client_id, n=K, now=now), client)
    return float(np.mean([pick.score for pick in picks])) if picks else 0.0
