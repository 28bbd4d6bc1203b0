"""The product's own ranking as settings and training make it: the parts' weights, and the model with its share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from algorithms.blending.blend import Blend
from algorithms.blending.contracts import Ranker
from algorithms.ranking.served import Served
from domain.blend import PARTS, BlendWeights
from settings import Settings
from store.learning.artefacts import Artefact


def weights_of(settings: Settings) -> BlendWeights:
    """The weights in force."""
    return BlendWeights(**{name: getattr(settings, f"blend_{name}") for name in PARTS})


def with_model(blend: Blend, model: Ranker, artefact: Artefact) -> Blend:
    """The blend with `model`, trusted as far as the training that made `artefact` measured."""
    shares = artefact.metrics.get("shares", {})
    share, share_new = shares.get("returning", Blend.share), shares.get("new", Blend.share_new)
    return replace(blend, model=model, share=float(share), share_new=float(share_new))


def with_kept(blend: Blend, artefact: Artefact, home: Path) -> Blend:
    """The blend with the model as it was kept under `home`. Raises what reading a broken one raises."""
    return with_model(blend, Served.load(artefact.algorithm, home / artefact.path, blend.catalogue), artefact)
