"""The built-in ranking as settings and training configure it: the parts' weights, and the model with its share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from algorithms.blending.blend import Blend
from algorithms.blending.contracts import Ranker
from algorithms.ranking.catalogue_ranker import CatalogueRanker
from domain.blend import PARTS, BlendWeights
from settings import Settings
from store.learning.artefacts import Artefact


def read_weights(settings: Settings) -> BlendWeights:
    """Read the weights from the settings."""
    return BlendWeights(**{name: getattr(settings, f"blend_{name}") for name in PARTS})


def add_model(blend: Blend, model: Ranker, artefact: Artefact) -> Blend:
    """Return the blend with `model`, whose share is what the training of `artefact` measured."""
    shares = artefact.metrics.get("shares", {})
    share, share_new = shares.get("returning", Blend.share), shares.get("new", Blend.share_new)
    return replace(blend, model=model, share=float(share), share_new=float(share_new))


def add_stored_model(blend: Blend, artefact: Artefact, home: Path) -> Blend:
    """Return the blend with the artefact's model loaded from `home`. Raises what loading a broken model raises."""
    return add_model(blend, CatalogueRanker.load(artefact.algorithm, home / artefact.path, blend.catalogue), artefact)
