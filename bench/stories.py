"""Ten clients with a story and a note, and ten boxes for each: to be read by people who say "would send" or not.

`python -m bench.stories [--out FILE]` prints them: title, colour, size, price, reason, and the wish each answers. The
ten boxes of a story go to ten clients of the demo shop who differ in taste and size.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from bench.demo_boxes import DemoShop, open_demo_shop
from domain.blend import find_season
from domain.fixes.outfits import build_look, list_outfits
from models.base import ItemId, utc
from models.catalogue import Item
from models.fixes import FixItem, FixWish
from store.catalogue import catalogue
from store.database import read_transaction

NOW: Final = utc(2026, 11, 21, 9)
BOXES: Final = 10


class Story(NamedTuple):
    """Who asks, in a sentence for the reader, and what they write and state."""

    who: str
    note: str
    body: Mapping[str, Any] = {}
    day: str = ""
    """The day on which the request arrives, such as 2027-06-12; without one, that of NOW."""

    @property
    def now(self) -> datetime:
        """The moment at which the request arrives."""
        return datetime.fromisoformat(f"{self.day}T09:00:00+00:00") if self.day else NOW


STORIES: Final = (
    Story(
        "Starts in an office in December and walks to work.",
        "Work trousers and a warm jumper, no heels please. Under 350 in all.",
    ),
    Story(
        "Her sister marries in a country house in winter.",
        "I need a dress for my sister's wedding, ideally in burgundy or forest. No black, it is a wedding!",
    ),
    Story(
        "Has a small baby and no time.",
        "Soft, easy things to wear at home with a baby: jersey or cotton, nothing in silk. Please no dresses.",
    ),
    Story(
        "Owns one coat that she loves.",
        "Something to go with my green coat. I would love a scarf, and maybe a skirt. Nothing over 120.",
        {"budget": "400"},
    ),
    Story(
        "Comes back from a year abroad with one suitcase.",
        "I need a winter coat and boots. The rest is up to you, surprise me!",
    ),
    Story(
        "Teaches art and dresses so.",
        "I like colour and pattern and the bohemian look. No grey, no navy, no jeans.",
    ),
    Story(
        "Is a lawyer, two interviews ahead.",
        "Two shirts and a blazer for job interviews, classic, in quiet colours. My budget is 450.",
    ),
    Story(
        "Flies to the sun in January.",
        "A week in Lisbon: light things in linen or cotton, a bag for the day, no knitwear.",
    ),
    Story(
        "Liked the last box, but it was too dark.",
        "Like the last one, but lighter colours please: cream, camel, sky. And two jumpers.",
    ),
    Story(
        "Writes little.",
        "Jeans and T-shirts. Not too dear.",
        {"item_cap": "130"},
    ),
)


def load_stories(path: Path | None) -> tuple[Story, ...]:
    """Load stories from a file of JSON lines with who, note, body and day; without one, those of this file."""
    if path is None:
        return STORIES
    return tuple(Story(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line)


def print_stories(stories: Sequence[Story] = STORIES, count: int = BOXES) -> Iterator[str]:
    """Render every box of every story, line by line; stories of one day share a shop."""
    numbered = list(enumerate(stories, 1))
    for now in dict.fromkeys(story.now for story in stories):
        with open_demo_shop(now) as shop:
            with read_transaction(shop.engine) as connection:
                items = {item.item_id: item for item in catalogue.list_items(connection)}
            for number, story in numbered:
                if story.now == now:
                    yield from _render_story(shop, story, number, count, items)


def _render_story(shop: DemoShop, story: Story, number: int, count: int, items: Mapping[ItemId, Item]) -> Iterator[str]:
    yield f"=== Story {number}. {story.who}" + (f" {story.now:%d %B}." if story.day else "")
    yield f'    "{story.note}"' + "".join(f" {name}: {value}." for name, value in story.body.items())
    for place, client_id in enumerate(list_northern(shop, number * 30 + 1, count, story.now), 1):
        yield from _render_box(shop, client_id, story, f"{number}.{place}", items, story.now)
    yield ""


def list_northern(shop: DemoShop, first: int, count: int, now: datetime = NOW) -> list[str]:
    """List clients from number `first` on who live in the north, as those of the stories do."""
    known = (f"client{number:05d}" for number in range(first, first + 30))
    season = find_season(now, "Europe/Berlin")
    return [one for one in known if find_season(now, shop.load_client(one).time_zone) is season][:count]


def _render_box(
    shop: DemoShop, client_id: str, story: Story, name: str, items: Mapping[ItemId, Item], now: datetime
) -> Iterator[str]:
    fix_id, box = shop.make_box(client_id, {"note": story.note, **story.body}, now)
    wish, total = shop.load_wish(fix_id), sum(item.price_cents for item in box) / 100
    sizes = ", ".join(shop.load_client(client_id).sizes)
    yield f"--- Box {name} for {client_id} (wears {sizes}): {len(box)} pieces, {total:.2f}"
    for item in box:
        yield _render_item(item, items[item.item_id], wish)
    titles = {item.sku: f"{items[item.item_id].title} ({item.colour})" for item in box}
    looks = {item.sku: build_look(items[item.item_id], item.role, item.formality) for item in box}
    for outfit in list_outfits(looks):
        yield "      worn together: " + ", ".join(titles[sku] for sku in outfit)
    for unmet in shop.load_unmet(fix_id, box):
        yield f"      not in the box: {unmet.name}, because {unmet.why}"


def _render_item(item: FixItem, known: Item, wish: FixWish) -> str:
    quotes = {entry.key: entry.quote or entry.value for entry in wish.wishes}
    answers = "; ".join(f'"{quotes.get(key, key)}"' for key in item.answers)
    return (
        f"    {item.role.value:<10} {known.title:<34} {item.colour:<9} size {item.size or 'one size':<8} "
        f"{item.price_cents / 100:>7.2f}  keep {100 * item.score:.0f} %  {known.season.value}; {item.why}"
        + (f"  answers {answers}" if answers else "")
    )


def main() -> None:
    """Print the boxes, or write them to a file."""
    parser = argparse.ArgumentParser(prog="python -m bench.stories", description=__doc__)
    parser.add_argument(
        "--stories", type=Path, help="JSON lines with who, note, body and day; else the stories of this file"
    )
    parser.add_argument("--count", type=int, default=BOXES, help="boxes for each story")
    parser.add_argument("--out", type=Path, help="write here instead of printing")
    parsed = parser.parse_args()
    stories = load_stories(parsed.stories)
    with parsed.out.open("w", encoding="utf-8") if parsed.out else nullcontext(sys.stdout) as out:
        for line in print_stories(stories, parsed.count):
            print(line, file=out, flush=True)


if __name__ == "__main__":
    main()
