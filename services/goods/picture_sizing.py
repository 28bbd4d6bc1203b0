"""Make a picture of the size that mails and pages show, whatever the shop's own is: square, whole, as JPEG."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageFilter, ImageOps

from services.goods.picture_fetch import PictureFault

SIDE: Final = 640
"""Pixels: what a mail's card shows on a dense screen, and more."""
SMALLEST: Final = 40
"""Pixels; what is smaller is no picture of an item."""
MOST_PIXELS: Final = 40_000_000
"""Of the shop's picture; a file of a few bytes may claim more than fits into memory."""
KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY: Final = 82
WHITE: Final = (255, 255, 255)
ALIKE: Final = 12
"""Corners whose colours differ by less are one ground; an edge that differs by less from its blurred self is a ground
that changes slowly, such as a studio's."""
EDGE: Final = 6
"""Pixels of an edge that are looked at."""
SOFT: Final = 20
"""Pixels over which a ground changes slowly."""


def size_picture(body: bytes) -> bytes:
    """Make a picture of the size that is shown: it is fitted into a square, on a ground of its own corners' colour,
    else one that goes on where its edges end, else on white.

    Raises:
        PictureFault: it is none, of another kind, broken, too small, or claims too many pixels.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit here is lower
            image = Image.open(BytesIO(body), formats=KINDS)
        if image.width * image.height > MOST_PIXELS:
            raise PictureFault("too_many_pixels")
        if min(image.size) < SMALLEST:
            raise PictureFault("too_small")
        image.draft("RGB", (2 * SIDE, 2 * SIDE))
        return _save(_fit(_flatten(ImageOps.exif_transpose(image))))
    except Image.DecompressionBombError:
        raise PictureFault("too_many_pixels") from None
    except (OSError, SyntaxError, ValueError, EOFError, ZeroDivisionError, MemoryError):
        raise PictureFault("no_picture") from None


def _flatten(image: Image.Image) -> Image.Image:
    """Put what is transparent on white."""
    if "A" in image.getbands() or "transparency" in image.info:
        over = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", over.size, (*WHITE, 255)), over).convert("RGB")
    return image.convert("RGB")


def _fit(image: Image.Image) -> Image.Image:
    size = (SIDE, SIDE)
    if (ground := _find_ground(image)) is not None:
        return ImageOps.pad(image, size, Image.Resampling.LANCZOS, color=ground)
    whole = ImageOps.contain(image, size, Image.Resampling.LANCZOS)
    if whole.width <= whole.height:
        return _extend_sides(whole)
    upright = _extend_sides(whole.transpose(Image.Transpose.TRANSPOSE))
    return upright.transpose(Image.Transpose.TRANSPOSE)


def _extend_sides(image: Image.Image) -> Image.Image:
    """Go on with the ground at the left and right edges, where both are ground."""
    square, left = Image.new("RGB", (SIDE, SIDE), WHITE), (SIDE - image.width) // 2
    right = left + image.width
    edges = [_find_soft_edge(image, at) for at in (0, image.width - EDGE)]
    for edge, at, width in zip(edges, (0, right), (left, SIDE - right), strict=True):
        if width and None not in edges and edge is not None:
            square.paste(edge.resize((width, image.height)), (at, 0))
    square.paste(image, (left, 0))
    return square


def _find_soft_edge(image: Image.Image, at: int) -> Image.Image | None:
    """Find the colours of an edge, top to bottom, if nothing but a ground is there."""
    edge = image.crop((at, 0, at + EDGE, image.height)).resize((1, image.height), Image.Resampling.BOX)
    soft = edge.filter(ImageFilter.GaussianBlur(SOFT))
    bands = ImageChops.difference(edge, soft).getextrema()
    return soft if max(band[1] for band in bands if isinstance(band, tuple)) <= ALIKE else None


def _find_ground(image: Image.Image) -> tuple[int, int, int] | None:
    """Find the colour of all four corners."""
    right, bottom = image.width - 1, image.height - 1
    corners = [image.getpixel(at) for at in ((0, 0), (right, 0), (0, bottom), (right, bottom))]
    colours = [corner for corner in corners if isinstance(corner, tuple)]
    spread = max(max(band) - min(band) for band in zip(*colours, strict=True))
    if spread > ALIKE:
        return None
    red, green, blue = (round(sum(band) / len(band)) for band in zip(*colours, strict=True))
    return red, green, blue


def _save(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return out.getvalue()
