"""The rankers that come with the house, by name."""

from __future__ import annotations

import hashlib
import inspect
from importlib.metadata import version
from pathlib import Path
from typing import Final

from algorithms.catalogue import Catalogue
from algorithms.hybrid import Hybrid
from algorithms.popularity import Popularity
from algorithms.slots import Ranker
from algorithms.stacked import Stacked
from errors import BadInput

RANKERS: Final[dict[str, type[Hybrid] | type[Popularity] | type[Stacked]]] = {
    each.name: each for each in (Hybrid, Popularity, Stacked)
}


def make(name: str) -> Ranker:
    """A ranker that has learnt nothing yet. Raises BadInput with the names there are."""
    if name not in RANKERS:
        raise BadInput(f"no ranker {name!r}; there are {', '.join(RANKERS)}", "algorithm")
    return RANKERS[name]()


def load(name: str, folder: Path, catalogue: Catalogue) -> Ranker:
    """A trained ranker from its folder. Raises BadInput for an unknown name, OSError for a broken folder."""
    make(name)
    return RANKERS[name].load(folder, catalogue)


def code_version(name: str) -> str:
    """The release, and a fingerprint of the ranker's own file."""
    source = Path(inspect.getfile(RANKERS[name])).read_bytes()
    return f"{version('selvedge')}+{hashlib.sha256(source).hexdigest()[:12]}"
