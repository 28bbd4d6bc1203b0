"""Changes of `algorithms.toml`, one at a time, checked before they are kept; comments and layout stay.

`algorithms.history.jsonl` beside it says who changed what. A change made by hand is entered when a process that serves
sees it, or with the next change.
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
from models.policies import BUILT_IN, AlgorithmsFile, Policy
from models.policy_history import PolicyChange

HISTORY: Final = "algorithms.history.jsonl"
BY_HAND: Final = "edited by hand"

Edit = Callable[[TOMLDocument], None]


def history(file: Path, now: datetime) -> list[PolicyChange]:
    """All changes, first to last; an edit by hand since then comes last."""
    kept = _kept(file)
    last = _by_hand(file, kept, now)
    return [*kept, last] if last else kept


def last_slots(file: Path) -> dict[str, Policy]:
    """The slots after the last change on record, whatever the file says now."""
    kept = _kept(file)
    return kept[-1].slots if kept else {}


def slots_had(file: Path) -> dict[str, str]:
    """Algorithms that ever had a part on record, with the slot of the latest."""
    return {name: slot for each in _kept(file) for slot, policy in each.slots.items() for name in policy.live}


def note(file: Path, now: datetime) -> None:
    """Enter an edit by hand into the history, if there was one since the last entry. Raises ConfigError for a file that
    cannot be read."""
    if not file.parent.exists():
        return
    with _alone(file):
        if by_hand := _by_hand(file, _kept(file), now):
            _enter(file, [by_hand])


def change(file: Path, edit: Edit, who: str, what: str, now: datetime, check: Callable[[AlgorithmsFile], None]) -> bool:
    """Make one change at real time `now`; whether it changed anything: what stands already is neither written nor
    entered again. Raises ConfigError (and what `check` raises); then nothing is changed."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with _alone(file):
        text = policy_file.text_of(file) or ""
        before = policy_file.parse(text)
        document = tomlkit.parse(text)
        edit(document)
        after = tomlkit.dumps(document)
        parsed = policy_file.parse(after)
        check(parsed)
        by_hand = _by_hand(file, _kept(file), now)
        if _effective(parsed) == _effective(before):
            _enter(file, [by_hand] if by_hand else [])
            return False
        made = PolicyChange(at=now, who=who, what=what, slots=parsed.slots, digest=_digest(after))
        _replace(file, after)
        _enter(file, [each for each in (by_hand, made) if each])
    return True


def stated(slot: str, policy: Policy) -> Edit:
    """The whole policy of a slot from now on."""

    def edit(document: TOMLDocument) -> None:
        table, said = _policy(document, slot), policy.model_dump(mode="json", exclude_defaults=True)
        for name in set(table) - set(said):
            table.remove(name)
        table.update(said)

    return edit


def promoted(slot: str, name: str) -> Edit:
    """The champion of a slot from now on; it no longer plays another part there."""

    def edit(document: TOMLDocument) -> None:
        policy = _policy(document, slot)
        _leave(policy, name)
        policy["champion"] = name

    return edit


def demoted(file: Path, slot: str, now: datetime) -> tuple[str, Edit]:
    """The champion before the one in force, else the house. Raises BadInput when the house answers already."""
    past = [each.slots.get(slot, Policy()).champion for each in history(file, now)]
    if not past or past[-1] == BUILT_IN:
        raise BadInput(f"the house answers {slot} already", "slot")
    before = next((each for each in reversed(past) if each != past[-1]), BUILT_IN)
    return before, promoted(slot, before)


def shadowed(slot: str, name: str, off: bool) -> Edit:
    """Asked and compared, never shown; or no longer."""

    def edit(document: TOMLDocument) -> None:
        policy = _policy(document, slot)
        shadows = list(policy.get("shadows", []))
        if (name in shadows) == off:
            policy["shadows"] = [shadow for shadow in shadows if shadow != name] if off else [*shadows, name]

    return edit


def split(slot: str, name: str, share: float) -> Edit:
    """The part of the clients that a challenger answers; 0 ends it."""

    def edit(document: TOMLDocument) -> None:
        parts = _policy(document, slot).setdefault("split", tomlkit.inline_table())
        parts.pop(name, None)
        if share:
            parts[name] = share

    return edit


def _effective(file: AlgorithmsFile) -> dict[str, Policy]:
    """A slot at its defaults is as good as one that is not named."""
    return {slot: policy for slot, policy in file.slots.items() if policy != Policy()}


def _policy(document: TOMLDocument, slot: str) -> AbstractTable:
    slots = document.setdefault("slots", tomlkit.table(is_super_table=True))
    fresh = tomlkit.inline_table() if isinstance(slots, InlineTable) else tomlkit.table()
    policy = slots.setdefault(slot, fresh)
    assert isinstance(policy, AbstractTable)  # noqa: S101 - the text was parsed as such before
    return policy


def _leave(policy: AbstractTable, name: str) -> None:
    for part in ("fallbacks", "shadows"):
        if name in policy.get(part, []):
            policy[part] = [each for each in policy[part] if each != name]
    policy.get("split", {}).pop(name, None)


def _kept(file: Path) -> list[PolicyChange]:
    path = file.parent / HISTORY
    lines = path.read_bytes().splitlines() if path.exists() else []
    kept = []
    for line in lines:
        with suppress(ValidationError):  # torn when its writer died or the disk was full; the others still stand
            kept.append(PolicyChange.model_validate_json(line))
    return kept


def _by_hand(file: Path, kept: list[PolicyChange], now: datetime) -> PolicyChange | None:
    """The edit that nobody entered; a file that was deleted counts as an empty one."""
    found = policy_file.text_of(file)
    there, text = found is not None, found or ""
    if _digest(text) == (kept[-1].digest if kept else _digest("")):
        return None
    at = datetime.fromtimestamp(file.stat().st_mtime, UTC) if there else now
    slots = policy_file.parse(text).slots
    who = _owner(file) if there else "unknown"
    return PolicyChange(at=at, who=who, what=BY_HAND, slots=slots, digest=_digest(text))


def _enter(file: Path, changes: list[PolicyChange]) -> None:
    path = file.parent / HISTORY
    torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
    with path.open("a") as lines:
        lines.write("\n" if torn else "")
        lines.writelines(f"{each.model_dump_json()}\n" for each in changes)


def _owner(file: Path) -> str:
    try:
        return file.owner()
    except KeyError:
        return str(file.stat().st_uid)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _replace(file: Path, text: str) -> None:
    """Whole or not at all, and readable by its owner alone: it holds secrets. A link keeps leading where it leads."""
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
def _alone(file: Path) -> Iterator[None]:
    with (file.parent / f".{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
