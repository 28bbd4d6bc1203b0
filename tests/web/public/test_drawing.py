"""Every category has a picture of its own, in the item's colour, sharp enough for a dense screen."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageChops

from demo.catalogue import CATEGORIES, COLOURS
from web.public.drawing import COLOURS as INKS
from web.public.drawing import SIZE, flatten, render_png, render_svg
from web.public.garments import GARMENTS, HANGER, choose_garment


@pytest.mark.parametrize("category", CATEGORIES)
def test_each_category_of_the_demo_has_its_own_silhouette(category: str) -> None:
    assert choose_garment(category) is not HANGER
    image = Image.open(BytesIO(render_png(category, "navy"))).convert("RGB")
    assert image.size == (SIZE, SIZE)
    ink = Image.new("RGB", image.size, INKS["navy"])
    # The largest of the three channels' distances, as a histogram of 256 steps.
    far = ImageChops.difference(image, ink).split()
    near = sum(ImageChops.lighter(ImageChops.lighter(far[0], far[1]), far[2]).histogram()[:6])
    assert 0.1 < near / SIZE**2 < 0.6


def test_every_colour_of_the_demo_is_known() -> None:
    assert set(COLOURS) <= set(INKS)


def test_no_two_categories_look_alike() -> None:
    assert len({render_png(category, "camel") for category in GARMENTS}) == len(GARMENTS)


def test_what_is_unknown_still_gets_a_picture() -> None:
    assert Image.open(BytesIO(render_png("<hat>", "Ultraviolet & more"))).size == (SIZE, SIZE)
    assert "<hat>" not in render_svg("<hat>", "x")
    assert render_svg("Blouse", "Navy blue") == render_svg("shirt", "navy")


def test_curves_begin_and_end_where_they_say() -> None:
    points = list(flatten("M0 0 L10 0 C10 5 5 10 0 10 Z", steps=8))
    assert points[:2] == [(0, 0), (10, 0)]
    assert points[-1] == (0, 10)
    assert all(0 <= x <= 10 and 0 <= y <= 10 for x, y in points)
