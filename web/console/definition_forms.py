"""The form of the campaign builder: a definition as flat fields, and fields as the values that a definition is made of.

The form holds the whole definition, so that adding and moving steps needs neither script nor anything stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from models.campaign_definition import CampaignDefinition
from models.journey_steps import ACTIONS
from models.phase_entry import LEFT_BY_SEQUENCES

OFF: Final = "off"
Fields = Mapping[str, str]
Values = dict[str, Any]


def _read_text(text: str) -> Any:
    return text.strip()


def _read_number(text: str) -> Any:
    """Read a number; what is none stays as it is, and the definition says so."""
    try:
        return int(text)
    except ValueError:
        return text.strip()


def _read_share(text: str) -> Any:
    """Read percent as a share."""
    try:
        return round(float(text.replace(",", ".").rstrip("% ")) / 100, 6)
    except ValueError:
        return text.strip()


def _read_limit(text: str) -> Any:
    """Read a limit of a guardrail; `off` is none."""
    try:
        return None if text == OFF else float(text)
    except ValueError:
        return text.strip()


def _read_words(text: str) -> Any:
    return list(dict.fromkeys(filter(None, (" ".join(word.split()) for word in text.split(",")))))


Reader = Callable[[str], Any]
TOP: Final[Mapping[str, Reader]] = {
    "slug": _read_text,
    "name": _read_text,
    "audience.tags": _read_words,
    "audience.filter": _read_text,
    "audience.segment": _read_text,
    "voice": _read_text,
    "exits.goal": _read_text,
    "re_entry": _read_text,
    "priority": _read_number,
    "holdout": _read_share,
    "window_days": _read_number,
    "ends_at": _read_text,
    "expires_after": _read_text,
    "throughput_per_minute": _read_number,
    "caps.mails_per_week": _read_number,
    "quiet_hours.from_hour": _read_number,
    "quiet_hours.until_hour": _read_number,
    "autonomy": _read_text,
    "review": _read_text,
    "approval": _read_text,
}
ENTRY: Final[Mapping[str, Mapping[str, Reader]]] = {
    "now": {},
    "phase": {"phase": _read_text},
    "time": {"at": _read_text, "zone": _read_text},
    "every": {"every": _read_text},
    "event": {"event": _read_text, "wait": _read_text},
    "back_in_stock": {"wished_within": _read_text, "wait": _read_text},
    "price_drop": {"at_least": _read_share, "wished_within": _read_text, "wait": _read_text},
    "date": {"attribute": _read_text, "before": _read_text, "after": _read_text},
}
STEP: Final[Mapping[str, Mapping[str, Reader]]] = {
    "mail": {
        "mail.message": _read_text,
        "mail.kind": _read_text,
        "mail.voice": _read_text,
        "mail.items": _read_words,
        "mail.category": _read_text,
        "mail.offer": _read_text,
        "mail.review": _read_text,
        "mail.autonomy": _read_text,
    },
    "wait": {"wait": _read_text},
    "wait_for": {
        "wait_for.event": _read_text,
        "wait_for.within": _read_text,
        "wait_for.then": _read_text,
        "wait_for.otherwise": _read_text,
    },
    "branch": {
        "branch.when.tags": _read_words,
        "branch.when.filter": _read_text,
        "branch.when.segment": _read_text,
        "branch.then": _read_text,
        "branch.otherwise": _read_text,
    },
    "call": {"call.within": _read_text},
    "stop": {},
}
"""The fields of each kind of step."""
VARIANT: Final[Mapping[str, Reader]] = {
    "name": _read_text,
    "share": _read_share,
    "message": _read_text,
    "offer": _read_text,
}
NEW: Final[Mapping[str, Values]] = {
    "mail": {"mail": {"message": ""}},
    "wait": {"wait": "3d"},
    "wait_for": {"wait_for": {"event": "email_opened", "within": "3d"}},
    "branch": {"branch": {"when": {}}},
    "call": {"call": {}},
    "stop": {"stop": True},
}
FIRST: Final[Values] = {"name": "", "slug": "", "steps": [{"id": "mail", "mail": {"message": ""}}]}
"""What the builder begins with."""


def read_values(fields: Fields) -> Values:
    """Read the values of a definition from the fields of a form; what is empty is left out, and so is what the form
    hides from a sequence."""
    values: Values = {}
    on = fields.get("entry.on", "now")
    _read(values, fields, "", {name: read for name, read in TOP.items() if is_shown(name, on)})
    if (phases := _list_marked(fields, "audience.phases.")) and is_shown("audience", on):
        _put(values, "audience.phases", phases)
    if "exits.left_audience" in fields and is_shown("exits", on):
        _put(values, "exits.left_audience", True)
    values["entry"] = {"on": on}
    _read(values["entry"], fields, "entry.", ENTRY.get(on, {}))
    if on == "event" and (unless := _list_marked(fields, "entry.unless.")):
        values["entry"]["unless"] = unless
    if on == "date" and "entry.once" in fields:
        values["entry"]["yearly"] = False
    for name in fields:
        if name.startswith("guardrails."):
            _put(values, name, _read_limit(fields[name]))
    values["steps"] = [_read_step(fields, f"steps.{index}.") for index in _list_indices(fields)]
    return values


def is_shown(name: str, on: str) -> bool:
    """Return whether a field is shown to a campaign with this entry: a sequence has those alone that it does not leave
    as they are."""
    return on != "phase" or name.partition(".")[0] not in LEFT_BY_SEQUENCES


def _read(values: Values, fields: Fields, prefix: str, readers: Mapping[str, Reader]) -> None:
    for name, read in readers.items():
        text = fields.get(f"{prefix}{name}", "")
        if text.strip():
            _put(values, name, read(text))


def _put(values: Values, path: str, value: Any) -> None:
    *parents, last = path.split(".")
    for parent in parents:
        values = values.setdefault(parent, {})
    values[last] = value


def _list_marked(fields: Fields, prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in fields if name.startswith(prefix)]


def _list_indices(fields: Fields) -> list[int]:
    found = (re.match(r"steps\.(\d{1,3})\.", name) for name in fields)
    return sorted({int(match[1]) for match in found if match})


def _read_step(fields: Fields, prefix: str) -> Values:
    action = fields.get(f"{prefix}action", "")
    action = action if action in ACTIONS else "stop"
    step: Values = {"id": fields.get(f"{prefix}id", "").strip()}
    if action in ("mail", "wait_for", "branch", "call"):
        step[action] = {}
    if action == "stop":
        step["stop"] = True
    _read(step, fields, prefix, STEP[action])
    if action == "mail":
        if f"{prefix}mail.show_entry_item" in fields and is_shown("show_entry_item", fields.get("entry.on", "now")):
            step["mail"]["show_entry_item"] = True
        if variants := _read_variants(fields, f"{prefix}mail.variants."):
            step["mail"]["variants"] = variants
    if action == "branch":
        when = step["branch"].setdefault("when", {})
        if phases := _list_marked(fields, f"{prefix}branch.when.phases."):
            when["phases"] = phases
    if action == "wait":
        step.setdefault("wait", "")
    return step


def _read_variants(fields: Fields, prefix: str) -> list[Values]:
    variants = []
    for index in range(4):
        variant: Values = {}
        _read(variant, fields, f"{prefix}{index}.", VARIANT)
        if variant:
            variants.append(variant)
    return variants


def change_steps(values: Values, act: str) -> Values:
    """Add, move or remove a step: `add.mail`, `up.2`, `down.2`, `remove.2`. Other acts change nothing."""
    verb, _, what = act.partition(".")
    steps: list[Values] = list(values["steps"])
    at = int(what) if what.isdecimal() and len(what) < 4 else -1
    if verb == "add" and what in NEW:
        steps.append({"id": _name_step(what, steps), **NEW[what]})
    elif verb == "remove" and 0 <= at < len(steps):
        del steps[at]
    elif verb in ("up", "down") and 0 <= at < len(steps):
        to = min(max(at + (-1 if verb == "up" else 1), 0), len(steps) - 1)
        steps.insert(to, steps.pop(at))
    return {**values, "steps": steps}


def _name_step(action: str, steps: Sequence[Values]) -> str:
    base, taken = action.replace("_", "-"), {step["id"] for step in steps}
    names = [base, *(f"{base}-{number}" for number in range(2, len(steps) + 3))]
    return next(name for name in names if name not in taken)


def dump_values(definition: CampaignDefinition) -> Values:
    """Dump a definition as the values that a person would write."""
    return definition.model_dump(mode="json", exclude_defaults=True)


def fill_fields(values: Values) -> dict[str, str]:
    """Fill the fields of the form from the values of a definition."""
    fields: dict[str, str] = {}
    _flatten(fields, "", {name: value for name, value in values.items() if name != "steps"})
    for index, step in enumerate(values.get("steps", ())):
        prefix = f"steps.{index}."
        _flatten(fields, prefix, step)
        fields[f"{prefix}action"] = next((action for action in ACTIONS if action in step), "stop")
    return fields


def _flatten(fields: dict[str, str], prefix: str, value: Any) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            _flatten(fields, f"{prefix}{name}.", inner)
        return
    name = prefix.removesuffix(".")
    if name.endswith(("phases", "unless")) and isinstance(value, list):
        fields.update({f"{name}.{marked}": "on" for marked in value})
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, inner in enumerate(value):
            _flatten(fields, f"{name}.{index}.", inner)
    elif isinstance(value, list):
        fields[name] = ", ".join(map(str, value))
    elif name.rpartition(".")[2] in ("share", "holdout", "at_least") and isinstance(value, int | float):
        fields[name] = f"{100 * value:g}"
    elif name == "entry.yearly":
        fields["entry.once"] = "on"
    elif value is None and name.startswith("guardrails."):
        fields[name] = OFF
    elif value is True:
        fields[name] = "on"
    elif value not in (None, False):
        fields[name] = str(value)


def place_faults(faults: Sequence[str]) -> dict[str, str]:
    """Place faults at their fields: `steps[2].wait: ...` belongs to `steps.2.wait`."""
    placed: dict[str, str] = {}
    for line in faults:
        where, colon, said = line.partition(": ")
        path = re.sub(r"\[(\d+)\]", r".\1", where) if colon and " " not in where else ""
        placed.setdefault(path, said if path else line)
    return placed
