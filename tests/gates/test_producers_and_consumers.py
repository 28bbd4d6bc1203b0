"""Nothing without a producer and a consumer: every enum value, table, column, setting, slot and public function.

`one_sided.toml` lists what may still lack one, with the reason and the issue that will use it.
"""

from __future__ import annotations

import ast
import re
import tomllib
from typing import Any

import pytest

from algorithms.slots.slot_table import SLOTS
from settings import Settings
from store.tables import metadata
from tests.gates import enum_uses, name_uses, table_uses
from tests.gates.source_tree import REPOSITORY, list_product_files, parse_file
from tests.gates.uses import Source

LIST = tomllib.loads((REPOSITORY / "tests/gates/one_sided.toml").read_text())
ALLOWED: dict[str, dict[str, Any]] = {**LIST["waits"], **LIST["stays"]}
TEXTS = ("web/templates/**/*.html", "mail/templates/*", "agents/prompts/*")
SETTING = re.compile(r"\bsettings\.(\w+)")
"""A setting that a template shows."""
GENERIC = ("store/tables/", "store/privacy/personal.py", "store/privacy/export.py")
"""Files that touch every column, whatever it is for."""
EVALUATION = "algorithms/evaluation/"
"""What only commands and benchmarks use stands here."""


def load_sources() -> list[Source]:
    files = [file for file in list_product_files() if "migrations" not in file.parts]
    return [(file.relative_to(REPOSITORY).as_posix(), parse_file(file)) for file in files]


def load_texts() -> list[str]:
    return [file.read_text() for pattern in TEXTS for file in REPOSITORY.glob(pattern) if file.is_file()]


def list_one_sided_enums(sources: list[Source], texts: list[str]) -> dict[str, str]:
    members = [f"{name}.{m}" for name, values in enum_uses.list_enums(sources).items() for m in values]
    return enum_uses.find_enum_uses(sources, texts).list_one_sided(members)


def list_one_sided_columns(sources: list[Source], tables: dict[str, list[str]], texts: list[str]) -> dict[str, str]:
    own = [source for source in sources if not source[0].startswith(GENERIC)]
    names = [*tables, *(f"{table}.{column}" for table, columns in tables.items() for column in columns)]
    return table_uses.find_column_uses(own, tables, texts).list_one_sided(names)


def list_unread_settings(sources: list[Source], settings: list[str], texts: list[str]) -> dict[str, str]:
    words = name_uses.find_name_uses(sources) | {name for text in texts for name in SETTING.findall(text)}
    starts = tuple(word for word in words if word.endswith("_") and word.strip("_"))
    return {name: "consumer" for name in settings if name not in words and not name.startswith(starts)}


def list_unasked_slots(sources: list[Source], slots: list[str]) -> dict[str, str]:
    return {f"{name} slot": lacks for name, lacks in name_uses.find_slot_uses(sources).list_one_sided(slots).items()}


def list_uncalled_functions(sources: list[Source], texts: list[str]) -> dict[str, str]:
    words, functions = name_uses.find_name_uses(sources, texts), name_uses.list_public_functions(sources)
    return {
        name: "consumer" for name, place in functions.items() if name not in words and not place.startswith(EVALUATION)
    }


def list_all() -> dict[str, str]:
    """Everything in the product that lacks a producer or a consumer, and which."""
    sources, texts = load_sources(), load_texts()
    tables = {table.name: [c.name for c in table.c if c.autoincrement is not True] for table in metadata.sorted_tables}
    return (
        list_one_sided_enums(sources, texts)
        | list_one_sided_columns(sources, tables, texts)
        | list_unread_settings(sources, list(Settings.model_fields), texts)
        | list_unasked_slots(sources, list(SLOTS))
        | list_uncalled_functions(sources, texts)
    )


@pytest.fixture(scope="module")
def one_sided() -> dict[str, str]:
    return list_all()


def test_everything_has_a_producer_and_a_consumer(one_sided: dict[str, str]) -> None:
    assert {name: lacks for name, lacks in one_sided.items() if name not in ALLOWED} == {}


def test_the_list_of_exceptions_holds_nothing_stale(one_sided: dict[str, str]) -> None:
    assert {name: entry["lacks"] for name, entry in ALLOWED.items() if one_sided.get(name) != entry["lacks"]} == {}


def test_every_exception_says_why_and_until_when() -> None:
    assert all(entry["why"] and entry["issue"] in range(9, 17) for entry in LIST["waits"].values())
    assert all(entry["why"] for entry in LIST["stays"].values())


def build_sources(**files: str) -> list[Source]:
    """Sources whose paths are written with __ for the slash."""
    return [(f"{name.replace('__', '/')}.py", ast.parse(text)) for name, text in files.items()]


ENUM = 'class Tone(StrEnum):\n    WARM = "warm"\n    COLD = "cold"\n    MILD = "mild"\n'


@pytest.mark.parametrize(
    ("source", "lacks"),
    [
        ("x = Tone.WARM, Tone.COLD, Tone.MILD", "consumer"),
        ("a == Tone.WARM\nb in (Tone.COLD, Tone.MILD)", "producer"),
        ("WORDS = {Tone.WARM: 1}\ncold = [c for c in Tone]", "producer"),
        (
            "TRANSITIONS = {Tone.WARM: {Tone.COLD}, Tone.COLD: {Tone.WARM}, Tone.MILD: {Tone.COLD}}",
            "producer and consumer",
        ),
    ],
)
def test_a_one_sided_enum_value_is_found(source: str, lacks: str) -> None:
    found = list_one_sided_enums(build_sources(models__tones=ENUM, domain__a=source), [])
    assert found == {"Tone.WARM": lacks, "Tone.COLD": lacks, "Tone.MILD": lacks}


@pytest.mark.parametrize(
    "source",
    [
        "save(Tone.WARM)\nreturned = Tone.COLD if x is Tone.WARM else Tone.MILD\nx is Tone.COLD",
        "class Answer(StrictInput):\n    tone: Tone\nclass B:\n    words = [tone for tone in Tone]",
        "from a import Tone as T\nf(T.WARM, T.COLD, T.MILD)\nmatch x:\n    case T.WARM: ...\n    case T.COLD: ...",
    ],
)
def test_an_enum_value_with_both_sides_is_not_found(source: str) -> None:
    assert list_one_sided_enums(build_sources(models__tones=ENUM, domain__a=source), []) == {}


def test_a_template_reads_the_value_that_it_quotes() -> None:
    sources = build_sources(models__tones=ENUM, domain__a="save(Tone.WARM, Tone.COLD, Tone.MILD)")
    texts = ["{% if row.tone == 'warm' %}{% elif row.tone == \"cold\" %}"]
    assert list_one_sided_enums(sources, texts) == {}


TABLES = {"holds": ["client_id", "reason"]}
WRITE = "connection.execute(insert(holds).values(client_id=a, reason=b))\n"
READ = "row = connection.execute(select(holds.c.client_id, holds.c.reason))\n"
ALIASED = (
    "from store.tables import holds as t\nh = t.c\nwrite_rows(x, t, ('client_id', 'reason'))\nf(h.client_id, h.reason)"
)
IMPORT = "from store.tables import holds\n"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (IMPORT + WRITE + READ, {}),
        (IMPORT + READ, dict.fromkeys(["holds", "holds.client_id", "holds.reason"], "producer")),
        (IMPORT + WRITE, dict.fromkeys(["holds", "holds.client_id", "holds.reason"], "consumer")),
        (IMPORT + READ + WRITE.replace(", reason=b", ""), {"holds.reason": "producer"}),
        (IMPORT + READ.replace(", holds.c.reason", "") + WRITE, {"holds.reason": "consumer"}),
        (IMPORT + WRITE + "row = select(holds)\nf(row.client_id)", {"holds.reason": "consumer"}),
        (
            ALIASED,
            {},
        ),
        ("", dict.fromkeys(["holds", "holds.client_id", "holds.reason"], "producer and consumer")),
    ],
)
def test_a_one_sided_column_is_found(source: str, found: dict[str, str]) -> None:
    assert list_one_sided_columns(build_sources(store__holds=source), TABLES, []) == found


def test_the_export_is_no_consumer() -> None:
    sources = build_sources(store__holds=IMPORT + WRITE, store__privacy__personal=IMPORT + READ)
    assert list_one_sided_columns(sources, TABLES, [])["holds.reason"] == "consumer"


def test_an_unread_setting_is_found() -> None:
    sources = build_sources(
        settings="class Settings:\n    a: int\n    b: int\n    blend_c: int", web__x="f'blend_{x}'\ns.a"
    )
    assert list_unread_settings(sources, ["a", "b", "blend_c", "d"], ["{{ settings.d }}, b"]) == {"b": "consumer"}


def test_an_unasked_slot_is_found() -> None:
    table = "slots = (_define_slot('risk', ''), _define_slot('size', ''), _define_slot('page', ''))"
    asks = "from services.b import SLOT\ndecider.ask('risk', q)\ndecider.ask_many(SLOT, q)"
    sources = build_sources(algorithms__a=table, services__a=asks, services__b="SLOT: Final = 'page'")
    assert list_unasked_slots(sources, ["risk", "size", "page", "new"]) == {
        "size slot": "consumer",
        "new slot": "producer and consumer",
    }


def test_an_uncalled_function_is_found() -> None:
    first = (
        "def load(): ...\ndef save(): ...\n@router.get('/')\ndef show(): ...\n"
        "class A(click.Group):\n    def run(self): ..."
    )
    sources = build_sources(web__a=first, web__b="from web.a import load, save\nsave()")
    assert list_uncalled_functions(sources, []) == {"load": "consumer"}
