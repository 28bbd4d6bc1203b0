"""Flat outlines of garments, one a category, that both SVG and a raster image can draw.

An outline is written in SVG path letters (M, L, C, Z with absolute numbers) on a square of 200 by 200.
"""

# ruff: noqa: E501 - an outline is one string; broken over lines it reads no better

from __future__ import annotations

from typing import Final, NamedTuple

BOX: Final = 200


class Garment(NamedTuple):
    """`body` is filled with the item's colour, `shade` a little darker, `seams` are thin lines on top."""

    body: tuple[str, ...]
    shade: tuple[str, ...] = ()
    seams: tuple[str, ...] = ()


_SHIRT_BODY = (
    "M78 34 L58 42 C44 48 38 58 34 74 L22 124 L44 132 L54 98 L54 172 L146 172 L146 98 L156 132 L178 124 "
    "L166 74 C162 58 156 48 142 42 L122 34 C116 46 84 46 78 34 Z"
)

GARMENTS: Final[dict[str, Garment]] = {
    "dress": Garment(
        body=(
            "M82 24 L78 30 C78 48 70 58 66 66 C72 78 74 88 74 98 C62 126 50 152 44 178 C80 186 120 186 156 178 "
            "C150 152 138 126 126 98 C126 88 128 78 134 66 C130 58 122 48 122 30 L118 24 C112 46 88 46 82 24 Z",
        ),
        shade=("M74 94 L126 94 L127 103 L73 103 Z",),
        seams=("M88 104 C82 130 76 156 74 180", "M112 104 C118 130 124 156 126 180"),
    ),
    "shirt": Garment(
        body=(_SHIRT_BODY,),
        shade=("M78 34 L92 58 L100 48 L108 58 L122 34 L112 30 C104 38 96 38 88 30 Z", "M112 82 L134 82 L134 104 L112 104 Z"),
        seams=("M100 50 L100 172", "M54 98 L56 80", "M146 98 L144 80", "M112 88 L134 88"),
    ),
    "t-shirt": Garment(
        body=(
            "M76 38 L56 46 C44 50 38 58 34 70 L24 98 L50 108 L56 94 L56 172 L144 172 L144 94 L150 108 L176 98 "
            "L166 70 C162 58 156 50 144 46 L124 38 C118 54 82 54 76 38 Z",
        ),
        shade=("M76 38 C82 54 118 54 124 38 L119 36 C113 47 87 47 81 36 Z",),
        seams=("M56 94 L58 76", "M144 94 L142 76", "M58 166 L142 166"),
    ),
    "knitwear": Garment(
        body=(
            "M80 34 L58 42 C44 48 38 58 36 72 L26 140 L46 144 L56 100 L56 168 L144 168 L144 100 L154 144 L174 140 "
            "L164 72 C162 58 156 48 142 42 L120 34 C114 42 86 42 80 34 Z",
        ),
        shade=(
            "M80 34 C86 46 114 46 120 34 L117 28 C110 36 90 36 83 28 Z",
            "M56 158 L144 158 L144 170 L56 170 Z",
            "M27 132 L48 136 L46 145 L25 141 Z",
            "M173 132 L152 136 L154 145 L175 141 Z",
        ),
        seams=("M76 56 L76 156", "M92 58 L92 156", "M108 58 L108 156", "M124 56 L124 156"),
    ),
    "trousers": Garment(
        body=("M68 28 L132 28 C138 70 142 130 146 178 L112 178 L100 82 L88 178 L54 178 C58 130 62 70 68 28 Z",),
        shade=("M68 28 L132 28 L133 40 L67 40 Z",),
        seams=("M100 40 L100 82", "M79 46 C78 90 74 140 71 176", "M121 46 C122 90 126 140 129 176"),
    ),
    "jeans": Garment(
        body=("M66 28 L134 28 C138 66 138 130 138 178 L108 178 L100 84 L92 178 L62 178 C62 130 62 66 66 28 Z",),
        shade=("M66 28 L134 28 L135 39 L65 39 Z", "M62 168 L93 168 L92 178 L62 178 Z", "M107 168 L138 168 L138 178 L108 178 Z"),
        seams=("M100 39 L100 84", "M66 44 C72 58 80 60 88 58 L90 40", "M134 44 C128 58 120 60 112 58 L110 40", "M100 74 C94 72 92 62 92 40"),
    ),
    "skirt": Garment(
        body=("M72 46 L128 46 C140 84 152 124 158 164 C120 174 80 174 42 164 C48 124 60 84 72 46 Z",),
        shade=("M72 46 L128 46 L132 58 L68 58 Z",),
        seams=("M84 60 C76 96 68 132 66 167", "M100 60 L100 171", "M116 60 C124 96 132 132 134 167"),
    ),
    "coat": Garment(
        body=(
            "M80 22 L58 30 C46 34 42 44 40 56 L28 138 L48 142 L58 92 L54 184 L146 184 L142 92 L152 142 L172 138 "
            "L160 56 C158 44 154 34 142 30 L120 22 L100 40 Z",
        ),
        shade=("M80 22 L70 54 L84 56 L100 96 L116 56 L130 54 L120 22 L100 52 Z", "M62 128 L84 128 L84 138 L62 138 Z", "M116 128 L138 128 L138 138 L116 138 Z"),
        seams=("M100 96 L100 184", "M92 110 L92 112", "M92 134 L92 136", "M92 158 L92 160", "M108 110 L108 112", "M108 134 L108 136", "M108 158 L108 160"),
    ),
    "jacket": Garment(
        body=(
            "M80 32 L58 40 C46 44 42 54 40 66 L28 136 L48 140 L58 98 L56 162 L94 166 L100 158 L106 166 L144 162 L142 98 "
            "L152 140 L172 136 L160 66 C158 54 154 44 142 40 L120 32 L100 48 Z",
        ),
        shade=("M80 32 L72 62 L86 62 L100 104 L114 62 L128 62 L120 32 L100 60 Z", "M64 128 L86 128 L86 136 L64 136 Z", "M114 128 L136 128 L136 136 L114 136 Z"),
        seams=("M100 104 L100 158", "M94 118 L94 120", "M94 138 L94 140"),
    ),
    "shoes": Garment(
        body=(
            "M30 84 C38 92 52 94 62 86 L72 80 C86 98 108 112 134 118 C154 122 170 128 172 144 L172 150 L28 150 "
            "C26 128 26 104 30 84 Z",
        ),
        shade=("M28 146 L174 146 L174 156 L92 156 L88 152 L62 152 L60 160 L28 160 Z", "M72 80 C80 92 92 102 106 108 L98 118 C82 110 72 100 62 86 Z"),
        seams=("M84 92 L76 102", "M94 100 L86 110", "M134 118 C130 128 128 138 130 146"),
    ),
    "bag": Garment(
        body=("M46 86 L154 86 C160 86 162 90 162 94 L168 164 C168 172 164 176 156 176 L44 176 C36 176 32 172 32 164 L38 94 C38 90 40 86 46 86 Z",),
        shade=(
            "M66 88 C66 48 78 26 100 26 C122 26 134 48 134 88 L126 88 C126 54 116 34 100 34 C84 34 74 54 74 88 Z",
            "M38 96 L162 96 L163 104 L37 104 Z",
        ),
        seams=("M44 168 L156 168",),
    ),
    "scarf": Garment(
        body=("M74 30 C88 22 112 22 126 30 C136 42 132 58 122 66 L134 168 L98 172 L96 78 L90 150 L58 144 L78 66 C68 58 64 42 74 30 Z",),
        shade=("M76 58 C90 70 110 70 124 58 L122 68 C110 80 90 80 78 68 Z", "M131 148 L97 151 L97 157 L132 154 Z", "M62 126 L93 131 L92 137 L61 132 Z"),
        seams=("M104 172 L104 182", "M112 171 L113 181", "M120 170 L121 180", "M128 169 L129 179", "M64 145 L62 155", "M72 147 L70 157", "M80 148 L79 158"),
    ),
}  # fmt: skip

HANGER: Final = Garment(
    body=("M100 78 L176 132 C182 138 178 146 170 146 L30 146 C22 146 18 138 24 132 Z",),
    shade=("M100 92 L152 132 L48 132 Z",),
    seams=("M100 78 L100 66 C114 62 114 44 100 44 C90 44 86 52 88 58",),
)
"""For a category that has no silhouette."""

SYNONYMS: Final = {
    "knit": "knitwear", "sweater": "knitwear", "jumper": "knitwear", "cardigan": "knitwear", "blouse": "shirt",
    "shirts": "shirt", "top": "t-shirt", "tops": "t-shirt", "tshirts": "t-shirt", "dresses": "dress", "gown": "dress",
    "pants": "trousers", "blazer": "jacket", "shoe": "shoes", "handbags": "bag", "scarves": "scarf", "coats": "coat",
}  # fmt: skip


def choose_garment(category: str) -> Garment:
    """Choose the outline for `category`."""
    name = category.casefold()
    return GARMENTS.get(SYNONYMS.get(name, name), HANGER)
