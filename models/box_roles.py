"""The role that a piece plays in a box."""

from __future__ import annotations

from enum import StrEnum


class BoxRole(StrEnum):
    """What a piece is worn as; the categories of a shop fall into these."""

    TOP = "top"
    BOTTOM = "bottom"
    DRESS = "dress"
    KNITWEAR = "knitwear"
    OUTERWEAR = "outerwear"
    SHOES = "shoes"
    BAG = "bag"
    ACCESSORY = "accessory"
    OTHER = "other"
    """Neither the words nor the shop say what it is."""
