"""docker-compose.yml is a valid Compose file, agrees with settings.py, and keeps no secret. No engine is needed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from demo.servers import SEARCH_ATTRIBUTES
from settings import Settings

REPOSITORY = Path(__file__).parents[2]
SCHEMA = Path(__file__).parent / "compose-spec" / "compose-spec.json"
VARIABLE = re.compile(r"\$\{(\w+)(:?[-?][^}]*)?\}")


@pytest.fixture(scope="module")
def text() -> str:
    """The file as written."""
    return (REPOSITORY / "docker-compose.yml").read_text()


@pytest.fixture(scope="module")
def compose(text: str) -> dict[str, Any]:
    """The file as Compose reads it, merges done."""
    return yaml.safe_load(text)


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    """Its services."""
    return compose["services"]


def faults(document: object) -> list[str]:
    """What the specification's schema has against a document."""
    schema = json.loads(SCHEMA.read_text())
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def test_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    assert faults(compose) == []


def test_the_schema_finds_faults(compose: dict[str, Any]) -> None:
    broken = json.loads(json.dumps(compose))
    broken["services"]["web"]["heathcheck"] = {}
    broken["services"]["redis"]["ports"] = "6379"
    found = " ".join(faults(broken))
    assert "'heathcheck' was unexpected" in found
    assert "$.services.redis.ports: '6379' is not of type 'array'" in found


def test_has_what_a_production_needs(services: dict[str, Any]) -> None:
    needed = {"temporal", "temporal-ui", "temporal-postgres", "postgres", "redis", "mailpit", "worker", "web"}
    assert needed <= set(services)


def test_every_setting_it_sets_exists(services: dict[str, Any]) -> None:
    known = {f"SELVEDGE_{name.upper()}" for name in Settings.model_fields}
    used = {name for service in services.values() for name in service.get("environment", {})}
    used = {name for name in used if name.startswith("SELVEDGE_")}
    assert {"SELVEDGE_DATABASE_URL", "SELVEDGE_TEMPORAL_ADDRESS"} <= used
    assert used - known == set()


@pytest.mark.parametrize("name", ["worker", "web", "migrate"])
def test_its_values_are_ones_that_settings_take(name: str, services: dict[str, Any]) -> None:
    defaulted = {
        variable.removeprefix("SELVEDGE_").lower(): VARIABLE.sub(_default, value)
        for variable, value in services[name]["environment"].items()
    }
    settings = Settings(_env_file=None, **defaulted)  # type: ignore[arg-type]
    assert settings.database.startswith("postgresql+psycopg://selvedge:")
    assert settings.smtp == "smtp://mailpit:1025"
    assert settings.composer == "house"
    assert settings.temporal_address == "temporal:7233"


def _default(variable: re.Match[str]) -> str:
    rule = variable[2] or ""
    return rule[2:] if rule.startswith(":-") else "given"


def test_images_are_pinned(services: dict[str, Any]) -> None:
    foreign = {name: service["image"] for name, service in services.items() if "build" not in service}
    assert foreign
    assert {name: image for name, image in foreign.items() if not re.search(r":v?\d+\.\d+\.?\d*", image)} == {}


def test_secrets_come_from_outside(services: dict[str, Any], text: str) -> None:
    secret = re.compile(r"PASSWORD|PWD|API_KEY|SIGNING_KEY")
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if secret.search(name):
                assert VARIABLE.fullmatch(value), name
    for name in ["POSTGRES_PASSWORD", "TEMPORAL_POSTGRES_PASSWORD", "SELVEDGE_API_KEY", "SELVEDGE_SIGNING_KEY"]:
        assert f"${{{name}:?" in text, f"{name} must be asked for"


def test_the_example_environment_names_what_is_asked_for(text: str) -> None:
    example = set(re.findall(r"^#?(\w+)=", (REPOSITORY / "deploy" / "example.env").read_text(), re.M))
    asked = {found[1] for found in VARIABLE.finditer(text) if (found[2] or "").startswith(":?")}
    assert asked <= example
    assert example <= {found[1] for found in VARIABLE.finditer(text)}, "the example names a variable that nobody reads"


def test_waits_only_for_what_can_come(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, name
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{name} waits for the health of {other}, which has no check"
            if how["condition"] == "service_completed_successfully":
                assert services[other].get("restart", "no") not in {"always", "unless-stopped"}, f"{other} never ends"


def test_mounted_files_and_volumes_exist(compose: dict[str, Any], services: dict[str, Any]) -> None:
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (REPOSITORY / source).exists() if source.startswith(".") else source in compose["volumes"]
    assert (REPOSITORY / services["web"]["build"]["dockerfile"]).exists()


def test_published_to_this_machine_alone(services: dict[str, Any]) -> None:
    published = [port for service in services.values() for port in service.get("ports", [])]
    assert "127.0.0.1:8000:8000" in published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_the_namespace_script_registers_every_search_attribute() -> None:
    script = (REPOSITORY / "deploy" / "temporal" / "setup-namespace.sh").read_text()
    assert dict(re.findall(r"\b([A-Z]\w+):([A-Z]\w+)\b", script)) == SEARCH_ATTRIBUTES
