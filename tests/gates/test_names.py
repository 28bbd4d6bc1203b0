"""Rules of names: functions are imperative verbs, a class name means one thing, docstrings begin with a verb."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.gates.source_tree import list_helper_files, list_nodes, list_product_files, locate, parse_file

Function = ast.FunctionDef | ast.AsyncFunctionDef

FOLDER = Path(__file__).parent
IRREGULAR = set((FOLDER / "irregular_participles.txt").read_text().split())
"""Past participles that do not end in -ed."""
IMPERATIVES = set((FOLDER / "imperative_verbs.txt").read_text().split())
"""The verbs with which a docstring may begin. A good verb that is missing may be added."""
VERBS_IN_ED = {"bleed", "breed", "embed", "exceed", "feed", "need", "proceed", "seed", "shed", "speed", "succeed"}
VERBS_IN_ING = {"bring", "cling", "king", "ping", "ring", "sing", "spring", "sting", "string", "swing", "thing"}
"""Verbs and nouns that only look like participles."""
VAGUE_VARIABLES = {"each", "its", "mine", "some"}


def is_participle(word: str) -> bool:
    """Whether a word is a past participle or a gerund."""
    if word in IRREGULAR:
        return True
    regular = len(word) > 3 and word.endswith("ed") and word not in VERBS_IN_ED
    return regular or (len(word) > 4 and word.endswith("ing") and word not in VERBS_IN_ING)


def is_noun(function: Function) -> bool:
    """Whether a function is used as a value: a property, or a fixture of pytest."""
    return any(re.search(r"property|fixture", ast.unparse(decorator)) for decorator in function.decorator_list)


def list_functions(tree: ast.Module) -> Iterator[Function]:
    """All functions and methods of a file, inner ones among them."""
    return (node for node in list_nodes(tree) if isinstance(node, Function))


def find_participles(tree: ast.Module) -> list[Function]:
    """Functions whose name begins with a participle."""
    return [
        function
        for function in list_functions(tree)
        if is_participle(function.name.strip("_").split("_")[0]) and not is_noun(function)
    ]


def find_vague_variables(tree: ast.Module) -> list[ast.AST]:
    """Places that bind a variable or parameter whose name says nothing."""
    return [
        node
        for node in list_nodes(tree)
        if (isinstance(node, ast.arg) and node.arg in VAGUE_VARIABLES)
        or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VAGUE_VARIABLES)
    ]


def find_fragments(tree: ast.Module) -> list[Function]:
    """Public functions whose docstring does not begin with an imperative verb."""
    return [
        function
        for function in list_functions(tree)
        if not function.name.startswith("_")
        and not is_noun(function)
        and (text := ast.get_docstring(function))
        and re.split(r"[^\w-]", text)[0].lower() not in IMPERATIVES
    ]


def find_class_doubles(trees: Iterable[tuple[Path, ast.Module]]) -> dict[str, list[str]]:
    """Class names that stand in more than one place, with the places; a leading underscore makes no other name."""
    places = defaultdict(list)
    for file, tree in trees:
        for node in list_nodes(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name.lstrip("_")].append(f"{file}:{node.lineno}")
    return {name: found for name, found in places.items() if len(found) > 1}


def list_spoken_files() -> list[Path]:
    """Every file but the migrations, whose names and docstrings a program writes."""
    return [file for file in [*list_product_files(), *list_helper_files()] if "migrations" not in file.parts]


def list_files_beside_tests() -> list[Path]:
    """The product, its benchmarks, examples and scripts."""
    return [file for file in list_spoken_files() if "tests" not in file.parts]


def test_functions_are_named_by_imperative_verbs() -> None:
    files = list_spoken_files()
    assert [locate(file, node) + f" {node.name}" for file in files for node in find_participles(parse_file(file))] == []


@pytest.mark.parametrize("name", ["told_step", "_kept", "beating", "listed_items", "known"])
def test_a_participle_is_found(name: str) -> None:
    assert find_participles(ast.parse(f"class A:\n    async def {name}(self): ..."))


@pytest.mark.parametrize(
    "source",
    [
        "def feed_events(): ...",
        "def bring_up(): ...",
        "def need(): ...",
        "def load_kept_mails(): ...",
        "@property\ndef known(self): ...",
        "@cached_property\ndef added(self): ...",
        "@pytest.fixture(scope='module')\ndef working(): ...",
    ],
)
def test_verbs_properties_and_fixtures_are_no_participles(source: str) -> None:
    assert find_participles(ast.parse(source)) == []


def test_no_variable_is_vague() -> None:
    files = list_spoken_files()
    assert [locate(file, node) for file in files for node in find_vague_variables(parse_file(file))] == []


@pytest.mark.parametrize("canary", ["for each in rows: ...", "def f(mine): ...", "[its for its in rows]", "some = 1"])
def test_a_vague_variable_is_found(canary: str) -> None:
    assert find_vague_variables(ast.parse(canary))


def test_public_docstrings_begin_with_an_imperative_verb() -> None:
    files = list_files_beside_tests()
    assert [locate(file, node) + f" {node.name}" for file in files for node in find_fragments(parse_file(file))] == []


@pytest.mark.parametrize(
    "text", ["See the module.", "The client's mails.", "Returns the mails.", "Mails of a client.", "Saving a mail."]
)
def test_a_fragment_is_found(text: str) -> None:
    assert find_fragments(ast.parse(f'def load():\n    """{text}"""'))


def test_an_imperative_sentence_is_no_fragment() -> None:
    assert find_fragments(ast.parse('def load():\n    """Load the mails, oldest first."""')) == []


def test_a_class_name_means_one_thing() -> None:
    assert find_class_doubles((file, parse_file(file)) for file in list_files_beside_tests()) == {}


def test_a_class_name_in_two_rooms_is_found() -> None:
    trees = [(Path("store/a.py"), ast.parse("class Window: ...")), (Path("web/b.py"), ast.parse("class _Window: ..."))]
    assert find_class_doubles(trees) == {"Window": ["store/a.py:1", "web/b.py:1"]}
    assert find_class_doubles(trees[:1]) == {}
