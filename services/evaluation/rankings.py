"""Evaluation of the slot `ranking`: algorithms are asked as of a past day, and measured by what clients bought
since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.evaluation import draw_clients, list_taken_up, rebuild_clients
from algorithms.blending.replay import Buyer, replay, summarise
from algorithms.blending.trend import Trend
from algorithms.ranking.catalogue_ranker import CatalogueRanker
from algorithms.slots.registry import Registry
from domain.histories import SIGNAL, ClientSignals, WeightedInteractions
from errors import BadInput
from models.catalogue import Item
from services.evaluation.trial_algorithms import open_members
from services.recommendations.blend_weights import add_model, read_weights
from services.recommendations.ranking_state import SLOT
from settings import Settings
from store.catalogue import catalogue
from store.clients import interactions
from store.database import read_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

FEWEST: Final = 2

Progress = Callable[[str], None]


def evaluate(
    engine: Engine,
    settings: Settings,
    names: Sequence[str],
    cut: datetime,
    until: datetime,
    *,
    k: int = 10,
    most: int = 2_000,
    seed: int = 42,
    progress: Progress = lambda _: None,
    more: Callable[[int], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure popularity, the built-in, the champion and the named algorithms, for at most `most` clients who bought
    after `cut`, up to `until` (business time).

    Raises BadInput when nobody bought, or an algorithm is for another slot; NotFound when it does not exist.
    """
    with ExitStack() as stack:
        registry = Registry.from_settings(settings, serving=False)
        trial_members = open_members(stack, registry, names, SLOT)
        progress("reading the store")
        with read_transaction(engine) as connection:
            touches, clients = (
                interactions.load_interactions(connection, None, until),
                interactions.load_descriptions(connection),
            )
            items, live = catalogue.list_items(connection), artefacts.find_live(connection, SLOT)
        past, future = touches.select(touches.at <= cut.timestamp()), touches.select(touches.at > cut.timestamp())
        past_catalogue = build_past_catalogue(items, past, cut)
        chosen_buyers = choose_buyers(past, future, past_catalogue, clients, most, seed)
        if len(chosen_buyers) < FEWEST:
            raise BadInput(
                f"fewer than {FEWEST} clients bought something since {cut:%Y-%m-%d} that was there before", "since"
            )
        progress("learning the built-in from the time before")
        blend = build_past_blend(settings, past_catalogue, past, clients, live)
        progress(f"asking about {len(chosen_buyers):,} clients")
        rankings = replay(blend, chosen_buyers, cut, trial_members, registry.find_deadline(SLOT), k, more)
    period = {"cut": cut.isoformat(), "until": until.isoformat()}
    return {"slot": SLOT, **period, "clients": len(chosen_buyers), "k": k, "seed": seed, "found": summarise(rankings)}


def build_past_catalogue(items: Sequence[Item], past: WeightedInteractions, cut: datetime) -> Catalogue:
    """Build the catalogue as of the cut, each item in all its sizes, because past stock levels are not known."""
    touched = {past.items[index] for index in np.unique(past.item).tolist()}
    there = [item for item in items if item.added_at <= cut or item.item_id in touched]
    return Catalogue.of(there, [(item.item_id, size, 1) for item in there for size in item.sizes or ("",)])


def choose_buyers(
    past: WeightedInteractions,
    future: WeightedInteractions,
    of: Catalogue,
    clients: dict[str, ClientSignals],
    most: int,
    seed: int,
) -> list[Buyer]:
    """Choose clients who bought after the cut an item that they did not own by then; at most `most`, drawn by the
    seed."""
    later = list_taken_up(future, of, SIGNAL["order_placed"])
    chosen, buyers = draw_clients(later, most, seed), []
    for index, client in zip(chosen, rebuild_clients(past, clients, chosen), strict=True):
        wanted = frozenset(of.items[item_index].item_id for item_index in later[index]) - client.owned
        buyers += [Buyer(client, wanted)] if wanted else []
    return buyers


def build_past_blend(
    settings: Settings,
    of: Catalogue,
    past: WeightedInteractions,
    clients: dict[str, ClientSignals],
    live: Artefact | None,
) -> Blend:
    """Build the blend as of the cut: the trend and the live model's kind, learnt from the past alone."""
    blend = Blend(of, Trend.of(past, of, clients), read_weights(settings))
    if live is None:
        return blend
    model = CatalogueRanker(live.algorithm)
    model.fit(past, of, clients, live.seed)
    return add_model(blend, model, live)
