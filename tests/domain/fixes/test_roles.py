"""What categories are worn as."""

from __future__ import annotations

import pytest

from domain.fixes.roles import find_role, parse_roles
from errors import BadInput
from models.box_roles import BoxRole as R

SAYS = {
    R.TOP: ("shirt", "T-shirts & Tops", "Blusen", "Dress shirts", "Chemise"),
    R.BOTTOM: ("trousers", "Jeans", "skirt", "Shorts", "Röcke", "Track Pants"),
    R.DRESS: ("dress", "shirt dress", "Jumpsuit", "Abendkleid", "Robe", "gown"),
    R.KNITWEAR: ("knitwear", "Pullover & Cardigans", "Strickjacke", "sweatshirt"),
    R.OUTERWEAR: ("coat", "jacket", "Lederjacken", "Manteau en laine", "parka"),
    R.SHOES: ("shoes", "Women > Shoes > Ankle Boots", "Winterstiefel", "Flip Flops"),
    R.BAG: ("bag", "Handbags", "Sac à main", "Rucksacks"),
    R.ACCESSORY: ("scarf", "Scarves", "Accessories > Belts", "Watches", "Sunglasses"),
    R.OTHER: ("gift card", "", "candle"),
}


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in SAYS.items() for name in names])
def test_a_category_is_worn_as_its_name_says(role, name):
    assert find_role(name) is role


def test_the_shop_knows_better():
    own = {"wraps": R.OUTERWEAR, "scarf": R.OTHER}
    assert find_role(" Wraps", own) is R.OUTERWEAR
    assert find_role("Scarf", own) is R.OTHER
    assert find_role("coat", own) is R.OUTERWEAR


def test_the_setting_is_read_and_a_wrong_entry_is_named():
    assert parse_roles(" Poncho=outerwear, wraps = bag,") == {"poncho": R.OUTERWEAR, "wraps": R.BAG}
    for wrong in ("poncho=hat", "poncho", "=bag"):
        with pytest.raises(BadInput, match="SELVEDGE_FIX_ROLES"):
            parse_roles(f"wraps=bag,{wrong}")
