"""The demo shop's clients: invented people, the same on every run, each with preferences of their own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from math import exp, log
from random import Random
from typing import Final, NamedTuple

from demo.catalogue import CATEGORIES, COLOURS, LETTERS, SHOES, STYLES
from models.catalogue import ItemRow
from models.clients import ClientRow

FIRST_NAMES: Final = (
    "Ada", "Aisha", "Akira", "Alma", "Amara", "Anders", "Anika", "Astrid", "Bea", "Bruno", "Camille", "Carmen", "Chidi",
    "Clara", "Dalia", "Dario", "Divya", "Edith", "Elif", "Elena", "Emeka", "Esther", "Farah", "Felix", "Fiona", "Freya",
    "Gita", "Hana", "Hugo", "Ines", "Ingrid", "Isaac", "Ivy", "Jamal", "Jun", "Kai", "Kemi", "Lars", "Layla", "Leila",
    "Leo", "Lin", "Lucia", "Maeve", "Malik", "Marta", "Mateo", "Mei", "Milan", "Nadia", "Naomi", "Nia", "Noor", "Olive",
    "Omar", "Oona", "Paloma", "Pavel", "Priya", "Rafael", "Ravi", "Rosa", "Ruth", "Sana", "Selma", "Simone", "Sofia",
    "Sunita", "Tala", "Tariq", "Tessa", "Thea", "Tomas", "Uma", "Vera", "Viktor", "Wanda", "Willa", "Yara", "Yuki",
    "Yusuf", "Zadie", "Zeynep", "Zoe",
)  # fmt: skip
TIME_ZONES: Final = (
    "Europe/London", "Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Madrid", "Europe/Stockholm",
    "Europe/Istanbul", "America/New_York", "America/New_York", "America/Chicago", "America/Denver",
    "America/Los_Angeles", "America/Mexico_City", "America/Sao_Paulo", "Africa/Lagos", "Africa/Nairobi",
    "Africa/Johannesburg", "Asia/Dubai", "Asia/Kolkata", "Asia/Singapore", "Asia/Tokyo", "Asia/Seoul",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip
DOMAINS: Final = ("example.com", "example.org", "example.net")  # reserved by RFC 2606: nobody can own an address there


class PersonTaste(NamedTuple):
    """What a client likes: a weight above 0 for each category, style and colour, and a price they are at ease with."""

    categories: dict[str, float]
    styles: tuple[str, ...]
    colours: tuple[str, ...]
    price: float

    def compute_liking(self, item: ItemRow) -> float:
        """Compute how readily this client would take `item`: any number above 0."""
        styles = len(set(self.styles) & set(item.tags))
        colour = item.colour in self.colours
        dearness = abs(log(float(item.price) / self.price))
        return self.categories[item.category] * exp(1.2 * styles + 0.8 * colour - 1.5 * dearness)


class Person(NamedTuple):
    """A client to be: the row that is imported, and the taste behind everything they do."""

    row: ClientRow
    taste: PersonTaste
    quiz: bool

    @property
    def quiz_fields(self) -> dict[str, object]:
        """The answers they give when they take the style quiz."""
        best = sorted(self.taste.categories, key=lambda c: -self.taste.categories[c])[:3]
        return {
            "styles": list(self.taste.styles),
            "colours": list(self.taste.colours),
            "categories": best,
            "sizes": list(self.row.sizes),
            "budget": str(Decimal(round(self.taste.price * 2))),
        }


def build_person(number: int, signed_up_at: datetime, spend_cents: int = 0) -> Person:
    """Build client `number` of the demo: the same person on every run. `spend_cents` in an order makes a vip."""
    rng = Random(f"person {number}")
    letter = min(4, max(0, round(rng.gauss(2, 1.1))))
    foot = min(8, max(0, round(rng.gauss(3.5, 2))))
    sizes = {LETTERS[letter], LETTERS[min(4, letter + (rng.random() < 0.3))], SHOES[foot]}
    tags = {tag for tag, share in (("newsletter", 0.6), ("early-access", 0.2), ("petite", 0.1)) if rng.random() < share}
    if spend_cents > 6_000:
        tags.add("vip")
    client_id = f"client{number:05d}"
    taste = PersonTaste(
        categories={category: rng.gammavariate(0.6, 1.0) + 0.02 for category in CATEGORIES},
        styles=tuple(sorted(rng.sample(STYLES, 2))),
        colours=tuple(sorted(rng.sample(COLOURS, 3))),
        price=rng.lognormvariate(4.5, 0.35),
    )
    row = ClientRow(
        client_id=client_id,
        email=f"{client_id}@{rng.choice(DOMAINS)}",
        first_name=rng.choice(FIRST_NAMES),
        time_zone=rng.choice(TIME_ZONES),
        locale="en",
        signed_up_at=signed_up_at,
        consent=rng.random() < 0.92,
        sizes=tuple(sorted(sizes)),
        tags=tuple(sorted(tags)),
    )
    return Person(row, taste, quiz=rng.random() < 0.7)
