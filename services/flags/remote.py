"""What our flags say to code elsewhere, by the OpenFeature Remote Evaluation Protocol, which names no type: a flag says
its values where one of its arms has one, and otherwise what its arms change on pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from domain.flags import RunningFlag
from models.flags import FlagEffect, FlagSlug
from models.remote_flags import RemoteFlag
from services.flags.running_flags import RunningFlags


def evaluate_flags(
    running: RunningFlags, subject: str, kept: Mapping[FlagSlug, str] | None, slug: FlagSlug | None
) -> list[RemoteFlag]:
    """Evaluate one flag, or all. `kept`: arms from a visit; None: somebody who is in no flag."""
    return [_evaluate(running, flag, subject, kept) for flag in running.list_all() if slug is None or flag.slug == slug]


def _evaluate(
    running: RunningFlags, flag: RunningFlag, subject: str, kept: Mapping[FlagSlug, str] | None
) -> RemoteFlag:
    chosen = None if kept is None else running.choose_arm(flag.slug, subject, kept)
    if chosen is None:
        return RemoteFlag(key=flag.slug, reason="DEFAULT", variant="")
    return RemoteFlag(key=flag.slug, reason="SPLIT", variant=chosen.arm, value=_read_value(flag, chosen.effect))


def _read_value(flag: RunningFlag, effect: FlagEffect) -> Any:
    if any(one.value is not None for one in flag.effects.values()):
        return effect.value
    return effect.model_dump(mode="json", exclude_defaults=True) or None
