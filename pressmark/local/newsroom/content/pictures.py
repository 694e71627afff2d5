"""Draws the site's pictures: real JPEG and PNG files, the same for the same name."""

import io
from functools import lru_cache
from random import Random
from typing import Final

from PIL import Image, ImageDraw

_BLUE: Final = (26, 60, 110)
WIDTHS: Final = {"": 640, "_s": 320, "_l": 960}
"""Width by the suffix of a picture's name; the height is 5/8 of it."""


@lru_cache(maxsize=256)
def photograph(name: str, width: int) -> bytes:
    """Return a JPEG landscape: sky, sun, and three rows of hills."""
    source = Random(name)
    height = width * 5 // 8
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    upper, lower = _color(source, 60, 160), _color(source, 170, 250)
    for row in range(height):
        draw.line((0, row, width, row), fill=_between(upper, lower, row / height))
    x, y, r = source.random() * width, source.random() * height / 3, width / (9 + source.random() * 9)
    draw.ellipse((x - r, y, x + r, y + 2 * r), fill=_color(source, 220, 255))
    for hills in range(3):
        base = height * (0.45 + 0.18 * hills)
        heights = [base + (source.random() - 0.5) * height / 4 for _ in range(9)]
        ridge = [(width * step / 8, at) for step, at in enumerate(heights)]
        draw.polygon([(0, height), *ridge, (width, height)], fill=_color(source, 20 + 10 * hills, 130 - 20 * hills))
    return _saved(image, "JPEG", quality=70)


@lru_cache(maxsize=8)
def icon(name: str) -> bytes:
    """Return one of the site's icons; KeyError if no icon has that name."""
    size, kind = ICONS[name]
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    if name == "logo.png":
        draw.text((0, 0), "The Newsroom", fill=_BLUE, font_size=32)
    else:
        draw.ellipse((2, 2, size[1] - 3, size[1] - 3), fill=_BLUE)
    return _saved(image, kind)


ICONS: Final = {
    "logo.png": ((250, 40), "PNG"),
    "sprite.png": ((320, 16), "PNG"),
    "feature.png": ((200, 130), "PNG"),
    "favicon.ico": ((16, 16), "ICO"),
}
"""Size and format of each icon."""


def _color(source: Random, least: int, most: int) -> tuple[int, int, int]:
    return source.randint(least, most), source.randint(least, most), source.randint(least, most)


def _between(one: tuple[int, int, int], other: tuple[int, int, int], part: float) -> tuple[int, int, int]:
    red, green, blue = (int(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
