"""A mail's own form, quoted-printable, holds the words that pages show."""

from __future__ import annotations

from email import message_from_bytes
from pathlib import Path
from quopri import decodestring
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment

from mail.quoting import LONGEST, build_quoted, guard_from, quote
from mail.render import load_frames, render, render_quoted
from models.mail import BriefOffer
from tests.mail.samples import NOW, brief, build_envelope_builder, client, draft, item, items

AWKWARD = "From here, 50 % = half\n.\n..a line <b>\t \n" + "=" * 30 + "é日本" * 25 + " "
TEMPLATE = (
    "<p class='{{ a }}'>" + "x" * 74 + "={{ b }}</p>{% for c in cs %}\n{{ c }} {% endfor %}\nFrom {{ a }}\n{{ b }}From "
)
words = st.text(
    st.one_of(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), st.sampled_from("=. \n\t<&F")),
    max_size=120,
)


def read_back(quoted: bytes) -> str:
    """Read quoted-printable, each line within the limit and none ended by a blank, as any program does."""
    rows = quoted.split(b"\r\n")
    assert max(map(len, rows)) <= LONGEST
    assert not any(row.endswith((b" ", b"\t")) or row.startswith(b"From ") for row in rows)
    assert b"\n" not in b"".join(rows)
    return decodestring(quoted).decode().replace("\r\n", "\n")


@given(words)
def test_what_is_quoted_reads_back(text: str) -> None:
    assert read_back(quote(text)) == text


@given(words, words, st.lists(words, max_size=3))
def test_a_quoted_template_writes_what_the_plain_one_writes(a: str, b: str, cs: list[str]) -> None:
    values = {"a": a, "b": b, "cs": cs}
    environment = Environment(autoescape=True)
    quoted = build_quoted(environment, TEMPLATE).render(values)
    assert read_back(guard_from(quoted.encode("ascii"))) == environment.from_string(TEMPLATE).render(values)


@pytest.mark.parametrize("language", sorted(load_frames()))
@pytest.mark.parametrize("picture", ["", "https://shop.example/i1.jpg"])
def test_a_mail_travels_with_the_words_of_its_page(tmp_path: Path, language: str, picture: str) -> None:
    builder = build_envelope_builder(tmp_path)
    shown = {**items(), "i1": item("i1", "Robe d'été <lin> & soie", image_url=picture)}
    offer = BriefOffer(slug="spring", code="SPRING=10", percent=10, uses=2, scope=("Kleider",))
    asked = brief(locale=language, offer=offer)
    said = draft(language=language, greeting="Chère Zoë,", paragraphs=(AWKWARD[:200].strip(), "Und so weiter."))
    for hidden in (False, True):
        given: tuple[Any, ...] = (said, asked, shown, builder.links, builder.shop)
        page = render(*given, opens=hidden, hidden=hidden)
        travels = render_quoted(*given, opens=hidden, hidden=hidden)
        assert (read_back(travels.html), read_back(travels.text)) == (page.html, page.text)


def test_a_mail_program_reads_the_words_of_the_page(tmp_path: Path) -> None:
    builder = build_envelope_builder(tmp_path)
    envelope = builder.build(client(), brief(), draft(), items(), NOW)
    parts = message_from_bytes(envelope.message).get_payload()
    html = parts[1].get_payload(decode=True).decode()  # type: ignore[union-attr,index]
    page = render(draft(), brief(), items(), builder.links, builder.shop)
    assert html.replace("\r\n", "\n").rstrip() == page.html.rstrip()
