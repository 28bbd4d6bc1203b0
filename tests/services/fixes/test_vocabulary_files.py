"""The words of notes: the product's own, and those that a shop adds by files of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from domain.fixes.reading.reader import NoteWords, read_wishes
from errors import ConfigError
from services.fixes.vocabulary_files import load_vocabulary


def list_keys(note: str, words: NoteWords) -> list[str]:
    return [wish.key for wish in read_wishes(note, words).wishes]


def test_a_shop_extends_a_language_and_adds_one(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_text('[category]\nknitwear = ["gansey"]\n')
    (tmp_path / "nl.toml").write_text(
        'language = "nl"\nsmall = "ik een en voor"\n[category]\ndress = ["jurk"]\n[cues]\nmust = ["zoek"]\n'
    )
    words = load_vocabulary(tmp_path)
    assert list_keys("I need a gansey", words) == ["category:knitwear"]
    assert list_keys("ik zoek een jurk", words) == ["category:dress"]
    assert list_keys("I need a gansey", load_vocabulary()) == []


def test_categories_and_brands_of_the_catalogue_are_words(tmp_path: Path) -> None:
    words = load_vocabulary(None, ("Kimonos",), ("Petit Quai",))
    assert list_keys("I need a kimono by Petit Quai", words) == ["category:kimonos", "brand:Petit Quai"]


@pytest.mark.parametrize("text", ["[category", "\x00"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "en.toml").write_text(text)
    with pytest.raises(ConfigError, match="SELVEDGE_NOTE_WORDS"):
        load_vocabulary(tmp_path)
