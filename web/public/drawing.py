"""Draws a garment in a colour: as SVG for pages, as PNG for mail, which shows no SVG."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from io import BytesIO
from typing import Final, TypeAlias

from PIL import Image, ImageColor, ImageDraw

from web.public.garments import BOX, Garment, choose_garment

Point: TypeAlias = tuple[float, float]
Rgb: TypeAlias = tuple[int, int, int]

COLOURS: Final[dict[str, str]] = {
    "black": "#2b2a2c", "navy": "#27364f", "cream": "#ece0c8", "camel": "#c19a6b", "olive": "#6d6b45",
    "rust": "#a8512e", "rose": "#d39a9c", "sky": "#8fb3cf", "burgundy": "#6b2636", "grey": "#8d8f93",
    "gray": "#8d8f93", "forest": "#33503f", "lilac": "#b3a3cc", "white": "#f4f2ee", "red": "#a83a35",
    "blue": "#3f6495", "green": "#4c7a56", "brown": "#6f4e37", "beige": "#d8c6a8", "pink": "#dba6b3",
    "yellow": "#dcb95a", "orange": "#cc7a3d", "purple": "#6f5287", "teal": "#3b7278", "moss": "#66713f",
    "sage": "#9caa8a", "khaki": "#93875f", "charcoal": "#46474b", "silver": "#b9bcc0", "ivory": "#f1e9d8",
    "ecru": "#e0d3b8", "sand": "#d5bf99", "tan": "#bd9566", "taupe": "#8d7b6c", "ochre": "#c28a35",
    "mustard": "#c99a2e", "gold": "#c6a04c", "coral": "#d9816b", "peach": "#e4b095", "plum": "#5f3350",
    "lavender": "#b9aed6", "mint": "#a9cfb9", "turquoise": "#4a9d9c", "indigo": "#38406f", "denim": "#4f6a8c",
    "maroon": "#66292c", "magenta": "#a94a7c",
}  # fmt: skip
UNKNOWN: Final = "#9a948c"
SIZE: Final = 480
"""Pixels a side of a PNG: twice what a mail's card shows, for dense screens."""
OVERSAMPLE: Final = 2


def render_svg(category: str, colour: str) -> str:
    """Render the picture as an SVG document."""
    shape, (fill, shade, line, ground) = choose_garment(category), _choose_palette(colour)
    paths = [f'<path d="{d}" fill="{fill}"/>' for d in shape.body]
    paths += [f'<path d="{d}" fill="{shade}"/>' for d in shape.shade]
    seam = f'fill="none" stroke="{line}" stroke-width="1.4" stroke-linecap="round"'
    paths += [f'<path d="{d}" {seam}/>' for d in shape.seams]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {BOX} {BOX}">'
        f'<rect width="{BOX}" height="{BOX}" fill="{ground}"/>{"".join(paths)}</svg>'
    )


@lru_cache(maxsize=512)
def render_png(category: str, colour: str) -> bytes:
    """Render the picture as a PNG of SIZE by SIZE pixels; cached, since a shop has few categories and colours."""
    scale = SIZE * OVERSAMPLE / BOX
    shape, (fill, shade, line, ground) = choose_garment(category), _choose_palette(colour)
    image = Image.new("RGB", (SIZE * OVERSAMPLE, SIZE * OVERSAMPLE), ground)
    _paint(ImageDraw.Draw(image), shape, scale, (fill, shade, line))
    out = BytesIO()
    image.resize((SIZE, SIZE), Image.Resampling.LANCZOS).quantize(64).save(out, "PNG", optimize=True)
    return out.getvalue()


def _paint(draw: ImageDraw.ImageDraw, shape: Garment, scale: float, inks: tuple[str, str, str]) -> None:
    def scale_points(path: str) -> list[Point]:
        return [(x * scale, y * scale) for x, y in flatten(path)]

    for path in shape.body:
        draw.polygon(scale_points(path), fill=inks[0])
    for path in shape.shade:
        draw.polygon(scale_points(path), fill=inks[1])
    for path in shape.seams:
        draw.line(scale_points(path), fill=inks[2], width=round(1.4 * scale), joint="curve")


def flatten(path: str, steps: int = 24) -> Iterator[Point]:
    """Yield the points of an outline of M, L, C and Z with absolute coordinates; curves in `steps` pieces."""
    here = (0.0, 0.0)
    for letter, text in re.findall(r"([MLCZ])([^MLCZ]*)", path):
        numbers = [float(number) for number in text.split()]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if letter == "C":
            for first, second, end in zip(points[::3], points[1::3], points[2::3], strict=True):
                yield from _sample_curve(here, first, second, end, steps)
                here = end
        else:
            for here in points:
                yield here


def _sample_curve(p0: Point, p1: Point, p2: Point, p3: Point, steps: int) -> Iterator[Point]:
    for step in range(1, steps + 1):
        t = step / steps
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        yield (
            sum(w * p[0] for w, p in zip(weights, (p0, p1, p2, p3), strict=True)),
            sum(w * p[1] for w, p in zip(weights, (p0, p1, p2, p3), strict=True)),
        )


def _choose_palette(colour: str) -> tuple[str, str, str, str]:
    """Choose fill, shade, seam and ground; the ground is a pale tint of the garment's own colour."""
    name = colour.casefold().strip()
    first = next((word for word in name.split() if word in COLOURS), "")
    base = ImageColor.getrgb(COLOURS.get(first, UNKNOWN))
    rgb = (base[0], base[1], base[2])
    seam = _mix(rgb, (0, 0, 0), 0.38) if sum(rgb) > 200 else _mix(rgb, (255, 255, 255), 0.3)
    return (
        _format_hex(rgb),
        _format_hex(_mix(rgb, (0, 0, 0), 0.16)),
        _format_hex(seam),
        _format_hex(_choose_ground(rgb)),
    )


def _choose_ground(rgb: Rgb) -> Rgb:
    # A pale garment needs a deeper ground to stand out from.
    return _mix(rgb, (232, 226, 216), 0.9) if sum(rgb) < 600 else _mix(rgb, (196, 186, 170), 0.75)


def _mix(rgb: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (round(a * (1 - share) + b * share) for a, b in zip(rgb, other, strict=True))
    return red, green, blue


def _format_hex(rgb: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*rgb)
