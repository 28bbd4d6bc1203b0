"""Read the definition of a campaign from YAML or JSON, and explain each fault in a line with its place in the file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ValidationError

from domain.nearness import name_nearest
from errors import BadInput
from ingest.faults import explain_error
from models.campaign import Audience
from models.campaign_definition import (
    BackInStockEntry,
    CampaignDefinition,
    Caps,
    DateEntry,
    EventEntry,
    EveryEntry,
    Exits,
    NowEntry,
    PriceDropEntry,
    TimeEntry,
)
from models.guardrails import Guardrails
from models.journey_steps import Branch, CallStep, EventWait, JourneyMail, JourneyStep, QuietHours, Variant
from models.phase_entry import PhaseEntry

MOST_BYTES: Final = 200_000
_MODELS: Final[Mapping[str, type[BaseModel]]] = {
    "": CampaignDefinition,
    "audience": Audience,
    "when": Audience,
    "steps": JourneyStep,
    "mail": JourneyMail,
    "variants": Variant,
    "wait_for": EventWait,
    "branch": Branch,
    "call": CallStep,
    "exits": Exits,
    "caps": Caps,
    "quiet_hours": QuietHours,
    "guardrails": Guardrails,
    "now": NowEntry,
    "time": TimeEntry,
    "every": EveryEntry,
    "event": EventEntry,
    "back_in_stock": BackInStockEntry,
    "price_drop": PriceDropEntry,
    "date": DateEntry,
    "phase": PhaseEntry,
}
"""The model at each place of a definition, by the name of its field or the kind of its entry."""


def read_definition(path: Path) -> CampaignDefinition:
    """Read a definition from a file. Raises BadInput with every fault, one a line."""
    values = load_values(path)
    if faults := list_faults(values):
        raise BadInput("\n".join(faults))
    return CampaignDefinition.model_validate(values)


def load_values(path: Path) -> Any:
    """Load what a YAML or JSON file says. Raises BadInput."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadInput(f"{path.name} is over {MOST_BYTES:,} bytes", "file")
        return yaml.load(content.decode(), _Loader)  # noqa: S506 (a safe loader that refuses a key given twice)
    except OSError as wrong:
        raise BadInput(f"{path}: {wrong.strerror}", "file") from None
    except UnicodeDecodeError:
        raise BadInput(f"{path.name} is not UTF-8", "file") from None
    except yaml.YAMLError as wrong:
        raise BadInput(_explain_yaml(path, wrong), "file") from None


_BOOL: Final = "tag:yaml.org,2002:bool"
_LEFT_AS_TEXT: Final = frozenset({"tag:yaml.org,2002:timestamp", _BOOL})


class _Loader(yaml.SafeLoader):
    """Reads plain values; moments stay text, `on` is a word, and a key given twice is a fault."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(None, None, f"{key} is given twice", node.start_mark)
        return super().construct_mapping(node, deep)


_Loader.yaml_implicit_resolvers = {
    letter: [pair for pair in pairs if pair[0] not in _LEFT_AS_TEXT]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}

_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(true|True|false|False)$"), list("tTfF"))


def _explain_yaml(path: Path, wrong: yaml.YAMLError) -> str:
    mark, problem = getattr(wrong, "problem_mark", None), getattr(wrong, "problem", None)
    where = f" line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return f"{path.name}{where}: {problem or 'cannot be read as YAML or JSON'}"


def list_faults(values: Any) -> list[str]:
    """List what is wrong with a definition, one line each: the place, and what to mend."""
    if not isinstance(values, dict):
        return ["a definition is a mapping: slug, name, steps and so on"]
    try:
        CampaignDefinition.model_validate(values)
    except ValidationError as wrong:
        lines: dict[str, str] = {}
        errors = wrong.errors(include_url=False)
        for error in errors:
            if error["type"] == "too_short" and any(is_inside(other["loc"], error["loc"]) for other in errors):
                continue  # it counts only the entries that are right; those that are not have lines of their own
            line = explain_fault(error, values)
            lines.setdefault(line.partition(":")[0], line)  # of several ways to read one value, the first
        return list(lines.values())
    return []


def is_inside(place: Sequence[int | str], whole: Sequence[int | str]) -> bool:
    """Return whether a place lies within another."""
    return len(place) > len(whole) and tuple(place[: len(whole)]) == tuple(whole)


def explain_fault(error: Mapping[str, Any], values: Any) -> str:
    """Explain one of Pydantic's errors as `steps[2].wait: ...`, with the nearest word where one is near."""
    path, parent = _name_place(error["loc"], values)
    if error["type"] == "extra_forbidden":
        known = list(_MODELS[parent].model_fields) if parent in _MODELS else []
        said = f"there is no such field{name_nearest(str(error['loc'][-1]), known)}"
    elif error["type"] in ("literal_error", "enum", "union_tag_invalid"):
        context = error["ctx"]
        words = re.findall(r"'([^']*)'", str(context.get("expected") or context.get("expected_tags")))
        given = context["tag"] if "tag" in context else error["input"]
        path = f"{path}.on" if "tag" in context else path
        said = f"{given!r} is none of {', '.join(words)}{name_nearest(str(given), words)}"
    elif error["type"] == "union_tag_not_found":
        path, said = f"{path}.on", "is missing"
    else:
        said = explain_error(error)
    return f"{path}: {said}" if path and not said.startswith(path) else said


def _name_place(where: tuple[int | str, ...], values: Any) -> tuple[str, str]:
    """Name the place in the file, and the field whose model holds it. Parts that only say which model of several was
    tried stand in no file."""
    path, parent, here = "", "", values
    for index, part in enumerate(where):
        last = index == len(where) - 1
        if index == 1 and where[0] == "entry":  # which kind of entry it is
            parent = str(part)
        elif isinstance(part, int):
            path, here = f"{path}[{part}]", here[part] if isinstance(here, list) and part < len(here) else None
        elif isinstance(here, dict) and (part in here or last):
            path = f"{path}.{part}" if path else part
            parent, here = parent if last else part, here.get(part)
    return path, parent
