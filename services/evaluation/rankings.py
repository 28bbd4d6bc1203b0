"""Algorithms of the slot `ranking` on what is stored: asked as of a day past, judged by what clients bought since."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Engine

from algorithms.blending.blend import Blend
from algorithms.blending.catalogue import Catalogue
from algorithms.blending.evaluation import as_they_were, drawn, taken_up
from algorithms.blending.replay import Buyer, replay, told
from algorithms.blending.trend import Trend
from algorithms.ranking.served import Served
from algorithms.slots.registry import Registry
from domain.histories import SIGNAL, ClientSignals, Interactions
from errors import BadInput
from models.catalogue import Item
from services.evaluation.trial_algorithms import members
from services.recommendations.blend_weights import weights_of, with_model
from services.recommendations.recommender import SLOT
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
    """Popularity, the house, the champion and those named, for at most `most` clients who bought after `cut`, up to
    `until` (business time).

    Raises BadInput when nobody did, or an algorithm is for another slot; NotFound when it is not there.
    """
    with ExitStack() as stack:
        registry = Registry.from_settings(settings, serving=False)
        asked_too = members(stack, registry, names, SLOT)
        progress("reading the store")
        with read_transaction(engine) as connection:
            touches, clients = interactions.between(connection, None, until), interactions.described(connection)
            items, live = catalogue.every_item(connection), artefacts.live(connection, SLOT)
        past, future = touches.part(touches.at <= cut.timestamp()), touches.part(touches.at > cut.timestamp())
        of = as_of(items, past, cut)
        asked = buyers(past, future, of, clients, most, seed)
        if len(asked) < FEWEST:
            raise BadInput(
                f"fewer than {FEWEST} clients bought something since {cut:%Y-%m-%d} that was there before", "since"
            )
        progress("learning the house's own from the time before")
        blend = house_of(settings, of, past, clients, live)
        progress(f"asking about {len(asked):,} clients")
        found = replay(blend, asked, cut, asked_too, registry.seconds(SLOT), k, more)
    span = {"cut": cut.isoformat(), "until": until.isoformat()}
    return {"slot": SLOT, **span, "clients": len(asked), "k": k, "seed": seed, "found": told(found)}


def as_of(items: Sequence[Item], past: Interactions, cut: datetime) -> Catalogue:
    """What was there at the cut, each in all its sizes: how much was on the shelf is not known any more."""
    touched = {past.items[place] for place in np.unique(past.item).tolist()}
    there = [item for item in items if item.added_at <= cut or item.item_id in touched]
    return Catalogue.of(there, [(item.item_id, size, 1) for item in there for size in item.sizes or ("",)])


def buyers(
    past: Interactions,
    future: Interactions,
    of: Catalogue,
    clients: dict[str, ClientSignals],
    most: int,
    seed: int,
) -> list[Buyer]:
    """Clients who bought after the cut what they did not own by then, drawn by the seed where they are more."""
    later = taken_up(future, of, SIGNAL["order_placed"])
    chosen, found = drawn(later, most, seed), []
    for place, client in zip(chosen, as_they_were(past, clients, chosen), strict=True):
        wanted = frozenset(of.items[each].item_id for each in later[place]) - client.owned
        found += [Buyer(client, wanted)] if wanted else []
    return found


def house_of(
    settings: Settings, of: Catalogue, past: Interactions, clients: dict[str, ClientSignals], live: Artefact | None
) -> Blend:
    """The blend as it would have been: the trend and the live model's kind, learnt from the past alone."""
    blend = Blend(of, Trend.of(past, of, clients), weights_of(settings))
    if live is None:
        return blend
    model = Served(live.algorithm)
    model.fit(past, of, clients, live.seed)
    return with_model(blend, model, live)
