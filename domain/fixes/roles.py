"""The role of each category: by the shop's own mapping, else by the words of its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final, TypeAlias

from domain.histories import normalise_word
from errors import BadInput
from models.box_roles import BoxRole

RoleOverrides: TypeAlias = Mapping[str, BoxRole]
"""The shop's own roles, by normalised category."""
EXTRAS: Final = frozenset({BoxRole.BAG, BoxRole.ACCESSORY})
"""Roles that round a box off; a box has at most one piece of them unless the client asks for more."""

_NAMES: Final[Mapping[BoxRole, str]] = MappingProxyType(
    {
        BoxRole.TOP: """top shirt tshirt tee blouse tunic tank camisole cami polo henley vest bodysuit body kurta kurti
            longsleeve singlet crop bustier corset oberteil hemd bluse chemise chemisier haut debardeur blusa camisa
            camiseta تيشيرت قميص بلوزة""",
        BoxRole.BOTTOM: """bottom trouser pant jean chino skirt short legging jegging culotte jogger slack capri tight
            trackpant tracksuit sweatpant palazzo skort salwar churidar patiala hose rock jeanshose pantalon jupe
            falda vaquero pantalones بنطلون تنورة جينز""",
        BoxRole.DRESS: """dress gown frock sheath shift maxi mini midi jumpsuit romper playsuit overall dungaree caftan
            kaftan shirtdress saree sari suit kleid robe combinaison vestido mono فستان""",
        BoxRole.KNITWEAR: """knitwear knit jumper sweater cardigan pullover turtleneck hoodie sweatshirt fleece
            roundneck strick strickjacke pulli strickwaren maille tricot gilet jersey sueter كنزة""",
        BoxRole.OUTERWEAR: """outerwear coat jacket blazer parka trench bomber peacoat overcoat cape poncho anorak
            puffer raincoat waistcoat kimono shrug windbreaker down mantel jacke sakko manteau veste blouson abrigo
            chaqueta cazadora معطف سترة جاكيت""",
        BoxRole.SHOES: """shoe footwear boot bootie sneaker trainer loafer sandal heel pump flat flip flop mule derby
            oxford brogue espadrille slipper clog ballerina stiletto schuh stiefel stiefelette chaussure botte zapato
            bota zapatilla حذاء أحذية""",
        BoxRole.BAG: """bag handbag tote clutch backpack rucksack purse satchel crossbody duffel holdall pouch wallet
            luggage tasche handtasche rucksack beutel sac cartera bolso mochila حقيبة""",
        BoxRole.ACCESSORY: """accessory accessories scarf scarve belt hat cap beanie glove mitten sock tie bowtie shawl
            stole wrap jewellery jewelry earring necklace bracelet ring brooch watch sunglass sunglasses eyewear
            headband headwear hair umbrella stocking cufflink pendant bangle muffler dupatta suspender bandana keychain
            wristband schal tuch gurtel mutze handschuh schmuck accessoire foulard echarpe ceinture chapeau bonnet
            bijou bufanda cinturon sombrero gorro وشاح إكسسوارات""",
    }
)
_ROLE_BY_WORD: Final = {word: role for role, words in _NAMES.items() for word in words.split()}
_WORD: Final = re.compile(r"[^\W\d_]+")
_LEVEL: Final = re.compile(r"\s*[>/|]\s*")
_COMPOUND: Final = 4
"""Letters from which a word counts at the end of a longer one: Lederjacke, overshirt."""
_ACCENTS: Final = str.maketrans("áàâäãéèêëíìîïóòôöõúùûüñç", "aaaaaeeeeiiiiooooouuuunc")


def find_role(category: str, overrides: RoleOverrides = MappingProxyType({})) -> BoxRole:
    """Find the role of a category: the shop's own, else by its last known word, as in "shirt dress".

    In a path such as `Women > Shoes > Ankle boots` the narrowest level that says something counts.
    """
    word = normalise_word(category)
    return overrides.get(word) or _guess_role(word)


def parse_roles(text: str) -> dict[str, BoxRole]:
    """Parse the shop's own roles, as in `poncho=outerwear,wraps=accessory`. Raises BadInput that names the entry."""
    roles = {}
    for entry in filter(None, (part.strip() for part in text.split(","))):
        category, equals, role = (part.strip() for part in entry.rpartition("="))
        if not (category and equals and role in list(BoxRole)):
            raise BadInput(f"{entry!r} is not CATEGORY=ROLE; roles are {', '.join(BoxRole)}", "SELVEDGE_FIX_ROLES")
        roles[normalise_word(category)] = BoxRole(role)
    return roles


@lru_cache(maxsize=4_096)
def _guess_role(category: str) -> BoxRole:
    plain = category.translate(_ACCENTS).replace("t-shirt", "tshirt")
    for level in reversed(_LEVEL.split(plain)):
        roles = [role for word in reversed(_WORD.findall(level)) if (role := _read_word(word)) is not None]
        if roles:
            return roles[0]
    return BoxRole.OTHER


def _read_word(word: str) -> BoxRole | None:
    """Read one word, in the singular or plural, or by its end."""
    forms = [word, *(word.removesuffix(ending) for ending in ("s", "es", "n", "en", "e", "er"))]
    known = next((_ROLE_BY_WORD[form] for form in forms if form in _ROLE_BY_WORD), None)
    if known is not None:
        return known
    ends = (form[begin:] for form in forms for begin in range(1, len(form) - _COMPOUND + 1))
    return next((_ROLE_BY_WORD[end] for end in ends if end in _ROLE_BY_WORD), None)
