"""Changes of `algorithms.toml`: made one at a time, checked before they are written, with comments and layout kept.

`algorithms.history.jsonl` beside the file says who changed what. An edit by hand is added when a serving process sees
it, or with the next change.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import tomlkit
from pydantic import ValidationError
from tomlkit import TOMLDocument
from tomlkit.items import AbstractTable, InlineTable

from algorithms.slots import policy_file
from errors import BadInput, ConfigError
from models.policy_history import PolicyChange
from models.slot_policies import BUILT_IN, AlgorithmsFile, SlotPolicy

HISTORY: Final = "algorithms.history.jsonl"
BY_HAND: Final = "edited by hand"

PolicyEdit = Callable[[TOMLDocument], None]


def load_history(file: Path, now: datetime) -> list[PolicyChange]:
    """Load all changes, oldest first; an edit by hand that is not in the history yet comes last."""
    changes = _read_changes(file)
    last = _find_manual_edit(file, changes, now)
    return [*changes, last] if last else changes


def load_last_slots(file: Path) -> dict[str, SlotPolicy]:
    """Load the policies after the last recorded change, whatever the file says now."""
    changes = _read_changes(file)
    return changes[-1].slots if changes else {}


def load_past_slots(file: Path) -> dict[str, str]:
    """Load the names of all algorithms that ever had a part, each with the slot of its latest part."""
    return {
        name: slot for change in _read_changes(file) for slot, policy in change.slots.items() for name in policy.live
    }


def record_manual_edit(file: Path, now: datetime) -> None:
    """Add an edit by hand to the history, if there was one since the last entry. Raises ConfigError for a file that
    cannot be read."""
    if not file.parent.exists():
        return
    with _lock_file(file):
        if by_hand := _find_manual_edit(file, _read_changes(file), now):
            _append_changes(file, [by_hand])


def apply_change(
    file: Path, edit: PolicyEdit, who: str, what: str, now: datetime, check: Callable[[AlgorithmsFile], None]
) -> bool:
    """Apply one edit at real time `now` and return whether it changed anything; what is in force already is not written
    again. Raises ConfigError and what `check` raises; then nothing is changed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with _lock_file(file):
        text = policy_file.read_text(file) or ""
        before = policy_file.parse_file(text)
        document = tomlkit.parse(text)
        edit(document)
        after = tomlkit.dumps(document)
        parsed = policy_file.parse_file(after)
        check(parsed)
        by_hand = _find_manual_edit(file, _read_changes(file), now)
        if _drop_default_policies(parsed) == _drop_default_policies(before):
            _append_changes(file, [by_hand] if by_hand else [])
            return False
        entry = PolicyChange(at=now, who=who, what=what, slots=parsed.slots, digest=_compute_digest(after))
        _replace_file(file, after)
        _append_changes(file, [item for item in (by_hand, entry) if item])
    return True


def edit_policy(slot: str, policy: SlotPolicy) -> PolicyEdit:
    """Build the edit that replaces a slot's whole policy."""

    def edit(document: TOMLDocument) -> None:
        table, fields = _require_policy_table(document, slot), policy.model_dump(mode="json", exclude_defaults=True)
        for name in set(table) - set(fields):
            table.remove(name)
        table.update(fields)

    return edit


def edit_champion(slot: str, name: str) -> PolicyEdit:
    """Build the edit that makes an algorithm the champion of a slot and removes its other parts there."""

    def edit(document: TOMLDocument) -> None:
        policy = _require_policy_table(document, slot)
        _remove_from_policy(policy, name)
        policy["champion"] = name

    return edit


def plan_demotion(file: Path, slot: str, now: datetime) -> tuple[str, PolicyEdit]:
    """Return the champion before the one in force (the built-in where there is none) and the edit that restores it.
    Raises BadInput when the built-in answers already."""
    past = [item.slots.get(slot, SlotPolicy()).champion for item in load_history(file, now)]
    if not past or past[-1] == BUILT_IN:
        raise BadInput(f"the built-in answers {slot} already", "slot")
    before = next((name for name in reversed(past) if name != past[-1]), BUILT_IN)
    return before, edit_champion(slot, before)


def edit_shadow(slot: str, name: str, off: bool) -> PolicyEdit:
    """Build the edit that adds an algorithm to a slot's shadows, or with `off` removes it."""

    def edit(document: TOMLDocument) -> None:
        policy = _require_policy_table(document, slot)
        shadows = list(policy.get("shadows", []))
        if (name in shadows) == off:
            policy["shadows"] = [shadow for shadow in shadows if shadow != name] if off else [*shadows, name]

    return edit


def edit_split(slot: str, name: str, share: float) -> PolicyEdit:
    """Build the edit that gives a challenger its share of clients; 0 ends its part."""

    def edit(document: TOMLDocument) -> None:
        parts = _require_policy_table(document, slot).setdefault("split", tomlkit.inline_table())
        parts.pop(name, None)
        if share:
            parts[name] = share

    return edit


def _drop_default_policies(file: AlgorithmsFile) -> dict[str, SlotPolicy]:
    """Return the policies that differ from the default: a slot at its defaults equals one that is not named."""
    return {slot: policy for slot, policy in file.slots.items() if policy != SlotPolicy()}


def _require_policy_table(document: TOMLDocument, slot: str) -> AbstractTable:
    slots = document.setdefault("slots", tomlkit.table(is_super_table=True))
    fresh = tomlkit.inline_table() if isinstance(slots, InlineTable) else tomlkit.table()
    policy = slots.setdefault(slot, fresh)
    assert isinstance(policy, AbstractTable)  # noqa: S101 - the text was parsed as such before
    return policy


def _remove_from_policy(policy: AbstractTable, name: str) -> None:
    for part in ("fallbacks", "shadows"):
        if name in policy.get(part, []):
            policy[part] = [member for member in policy[part] if member != name]
    policy.get("split", {}).pop(name, None)


def _read_changes(file: Path) -> list[PolicyChange]:
    path = file.parent / HISTORY
    lines = path.read_bytes().splitlines() if path.exists() else []
    changes = []
    for line in lines:
        with suppress(ValidationError):  # torn when its writer died or the disk was full; the others still stand
            changes.append(PolicyChange.model_validate_json(line))
    return changes


def _find_manual_edit(file: Path, changes: list[PolicyChange], now: datetime) -> PolicyChange | None:
    """Return the edit that is not in the history yet, if any; a deleted file counts as an empty one."""
    content = policy_file.read_text(file)
    exists, text = content is not None, content or ""
    if _compute_digest(text) == (changes[-1].digest if changes else _compute_digest("")):
        return None
    at = datetime.fromtimestamp(file.stat().st_mtime, UTC) if exists else now
    slots = policy_file.parse_file(text).slots
    who = _read_owner(file) if exists else "unknown"
    return PolicyChange(at=at, who=who, what=BY_HAND, slots=slots, digest=_compute_digest(text))


def _append_changes(file: Path, changes: list[PolicyChange]) -> None:
    path = file.parent / HISTORY
    torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    with path.open("a") as lines:
        lines.write("\n" if torn else "")
        lines.writelines(f"{change.model_dump_json()}\n" for change in changes)


def _read_owner(file: Path) -> str:
    try:
        return file.owner()
    except KeyError:
        return str(file.stat().st_uid)


def _compute_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _replace_file(file: Path, text: str) -> None:
    """Replace the file whole or not at all, and keep its rights: it holds secrets. A symbolic link is followed."""
    real = file.resolve()
    with NamedTemporaryFile("w", dir=real.parent, delete=False) as fresh:
        try:
            fresh.write(text)
            fresh.flush()
            os.fsync(fresh.fileno())
            if real.exists():
                os.chmod(fresh.name, real.stat().st_mode & 0o777)
            Path(fresh.name).replace(real)
        except OSError as wrong:
            Path(fresh.name).unlink()
            raise ConfigError(f"{file.name}: cannot be written ({wrong.strerror})") from None


@contextmanager
def _lock_file(file: Path) -> Iterator[None]:
    with (file.parent / f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
