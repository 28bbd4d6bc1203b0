"""A made-up shop whose bundles keep to one style and one occasion each."""

from __future__ import annotations

import numpy as np

from algorithms.evaluation.bundles.goods import Bundles, Goods

STYLES = ("linen", "denim", "velvet", "wool", "silk", "cotton")
KINDS = {"dress": "Women > Dresses", "boot": "Women > Shoes > Boots", "scarf": "Women > Accessories > Scarves"}
OFTEN = ("boot00", "scarf77")


def goods(n: int = 240) -> Goods:
    """Items named by style and kind, so that the title tells most of what goes together."""
    rng = np.random.default_rng(1)
    ids, titles, categories = [], [], []
    for index in range(n):
        kind = list(KINDS)[index % 3]
        style = STYLES[int(rng.integers(len(STYLES)))]
        ids.append(f"{kind}{index:02d}")
        titles.append(f"Maker{index % 7} {style} {kind} no {rng.integers(99)}")
        categories.append(KINDS[kind])
    ids[0], ids[77] = OFTEN
    titles[0], titles[77] = "Aaa rubber boot", "Zzz knitted scarf"
    return Goods(tuple(ids), tuple(titles), tuple(categories))


def bundles(of: Goods, n: int = 100) -> Bundles:
    """Three of one style each; and, in every tenth, two that have no word in common."""
    rng = np.random.default_rng(2)
    by_style = {s: np.array([i for i, title in enumerate(of.titles) if f" {s} " in title]) for s in STYLES}
    members, intents = [], []
    for index in range(n):
        style = STYLES[int(rng.integers(len(STYLES)))]
        if index % 10 == 0:
            members.append(np.array([of.index[item_id] for item_id in OFTEN]))
            intents.append("")
        else:
            members.append(rng.choice(by_style[style], 3, replace=False))
            intents.append(f"something in {style}" if index % 2 else "")
    return Bundles(tuple(members), tuple(intents))
