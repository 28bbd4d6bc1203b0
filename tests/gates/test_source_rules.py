"""Rules of the source that no linter here knows, each first proved to find its own canary."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.gates.source_tree import REPOSITORY, ROOMS, list_nodes, list_product_files, locate, parse_file

LONGEST_FILE = 300


def check_files() -> Iterator[Path]:
    """Every test file."""
    yield from (REPOSITORY / "tests").rglob("test_*.py")


def reads_environment(tree: ast.Module) -> list[ast.AST]:
    """Places that read the environment: os.environ, os.getenv, however imported."""
    words = {"environ", "environb", "getenv", "getenvb"}
    return [
        node
        for node in list_nodes(tree)
        if (isinstance(node, ast.Attribute) and node.attr in words and isinstance(node.value, ast.Name))
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and words & {name.name for name in node.names})
    ]


def list_imports(tree: ast.Module) -> set[str]:
    """The top-level names that a file imports, inside functions too."""
    found = set()
    for node in list_nodes(tree):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def asserts_something(test: ast.AST) -> bool:
    """Whether a test can fail by itself: an assert, pytest.raises/warns/fail, or a helper that says it checks."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"raises", "warns", "fail"} or re.match(r"_?(assert|expect|check)", name):
                return True
    return False


def find_tests_without_assertion(tree: ast.Module) -> list[ast.AST]:
    """Test functions in which nothing is asserted."""
    return [
        node
        for node in list_nodes(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not asserts_something(node)
    ]


STATEMENTS = {"select", "insert", "update", "delete", "func", "text", "union_all"}


def builds_statements(tree: ast.Module) -> list[ast.AST]:
    """Imports of what SQL statements are made of."""
    return [
        node
        for node in list_nodes(tree)
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").partition(".")[0] == "sqlalchemy"
        and STATEMENTS & {name.name for name in node.names}
    ]


def test_only_the_store_builds_statements() -> None:
    outside = [file for file in list_product_files() if file.relative_to(REPOSITORY).parts[0] not in {"store", "demo"}]
    assert [locate(file, node) for file in outside for node in builds_statements(parse_file(file))] == []


@pytest.mark.parametrize("canary", ["from sqlalchemy import Engine, select", "from sqlalchemy.sql import text"])
def test_a_statement_outside_the_store_is_found(canary: str) -> None:
    assert builds_statements(ast.parse(canary))


def test_only_settings_read_the_environment() -> None:
    offenders = [
        locate(file, node)
        for file in list_product_files()
        if file.name != "settings.py"
        for node in reads_environment(parse_file(file))
    ]
    assert offenders == []


@pytest.mark.parametrize(
    "canary",
    ["import os\nos.environ['A']", "import os\nos.getenv('A')", "from os import environ", "import os as o\no.environ"],
)
def test_a_read_of_the_environment_is_found(canary: str) -> None:
    assert reads_environment(ast.parse(canary))


def test_every_test_asserts() -> None:
    offenders = [
        locate(file, node) for file in check_files() for node in find_tests_without_assertion(parse_file(file))
    ]
    assert offenders == []


def test_a_test_without_assertion_is_found() -> None:
    canary = ast.parse("def test_a():\n    print(1)\nasync def test_b():\n    assert 1\ndef test_c():\n    check_d()")
    assert [getattr(node, "name", "") for node in find_tests_without_assertion(canary)] == ["test_a"]


def test_no_product_file_is_too_long() -> None:
    sizes = {
        file: len(file.read_text().splitlines()) for file in list_product_files() if "migrations" not in file.parts
    }
    assert sizes, "the gate must see files"
    assert {str(file.relative_to(REPOSITORY)): size for file, size in sizes.items() if size > LONGEST_FILE} == {}


def test_the_files_below_all_rooms_import_none_of_them() -> None:
    assert list_imports(parse_file(REPOSITORY / "errors.py")) <= set(sys.stdlib_module_names)
    assert list_imports(parse_file(REPOSITORY / "settings.py")) & {*ROOMS, "worker", "cli"} == set()


def test_models_import_pydantic_and_the_standard_library_alone() -> None:
    allowed = {*sys.stdlib_module_names, "pydantic", "pydantic_core", "models", "errors", "annotated_types"}
    strange = {
        str(f.relative_to(REPOSITORY)): list_imports(parse_file(f)) - allowed
        for f in (REPOSITORY / "models").glob("*.py")
    }
    assert {file: names for file, names in strange.items() if names} == {}


def find_undeclared(names: set[str], declared: set[str]) -> set[str]:
    """Those imported names whose package was not asked for: it is here because another package needs it today."""
    packages = packages_distributions()
    return {
        name for name in names & packages.keys() if not {normalise(package) for package in packages[name]} & declared
    }


def normalise(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def test_what_the_product_imports_it_asks_for() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["deep"], "selvedge"]
    declared = {normalise(re.split(r"[\[><=]", line)[0]) for line in asked}
    declared |= {"anyio", "starlette", "mcp-types", "pydantic-core"}  # what fastapi, mcp and pydantic are made of
    imported = {name for file in list_product_files() for name in list_imports(parse_file(file))}
    assert find_undeclared(imported, declared) == set()
    assert find_undeclared({"pytest", "pydantic", "json"}, declared) == {"pytest"}


@pytest.mark.parametrize("name", ["requirements.lock", "deploy/requirements.lock", "scripts/uv.lock"])
def test_locks_name_no_host_and_hash_everything(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b", text, re.M)
    pins = re.findall(r"^[A-Za-z0-9].*==.*(?:\n    --hash=sha256:[0-9a-f]{64}(?: \\)?)+", text, re.M)
    assert len(pins) == len(re.findall(r"^[A-Za-z0-9]", text, re.M)) > 0


def test_the_deployed_pins_are_those_that_were_tested() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([A-Za-z0-9._-]+==[^\s;]+)", (REPOSITORY / name).read_text(), re.M))

    assert pins("deploy/requirements.lock") < pins("requirements.lock")


def test_every_module_is_installed_and_held_by_these_rules() -> None:
    packaging = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]
    packages = {file.parent.name for file in REPOSITORY.glob("*/__init__.py")} - {"tests", "bench"}
    assert {file.stem for file in REPOSITORY.glob("*.py")} == set(packaging["py-modules"])
    assert packages == set(ROOMS) == {name.rstrip("*") for name in packaging["packages"]["find"]["include"]}
