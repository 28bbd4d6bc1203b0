"""Save, start and stop flags. A draft may change; of one that runs only the shares, and that moves only who must."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from algorithms.slots.admission import check_algorithm
from algorithms.slots.registry import Registry
from domain import permissions
from domain.experiments import BUCKETS, Places, count_buckets, divide_buckets
from domain.flags import find_conflict
from domain.nearness import name_nearest
from domain.permissions import Action
from errors import BadInput, ConfigError
from models.actors import Actor, Subject, SubjectKind
from models.base import ID_PATTERN
from models.flags import FlagOrder, FlagSlug, FlagState, FlagView
from models.slot_policies import BUILT_IN, SlotPolicy
from services.flags.views import build_flag
from services.recommendations.ranking_state import SLOT
from settings import Settings
from store.activity import write_activity
from store.database import read_transaction, write_transaction
from store.experiments import flags, visit_tallies
from store.experiments.flags import FlagRow


def save_flag(
    engine: Engine, actor: Actor, slug: FlagSlug, order: FlagOrder, now: datetime, real_now: datetime
) -> FlagView:
    """Save a flag as a draft, change a draft, or the shares of a flag that runs. Saving it twice changes nothing.

    Growing an arm or a flag moves only who must, and figures count anew. Raises: NotAllowed; BadInput for what else
    changes while it runs, for a flag that is stopped, or where the namespace has too little room.
    """
    permissions.require(actor, Action.SAVE_FLAG)
    if not re.fullmatch(ID_PATTERN, slug) or slug in (".", ".."):
        raise BadInput("must be 1 to 64 letters, digits, dots, underscores or hyphens", "slug")
    with write_transaction(engine) as connection:
        flags.lock_flags(connection)
        running = flags.list_running(connection)
        before = flags.find_flag(connection, slug)
        if before is None:
            flags.insert_flag(connection, slug, order, actor.who, now)
        elif before.definition == order:
            return build_flag(before)
        elif before.state is FlagState.STOPPED:
            raise BadInput(f"{slug} is stopped, and its figures stay; create another flag", "slug")
        elif before.state is FlagState.DRAFT:
            flags.change_flag(connection, slug, order)
        else:
            _require_same_but_shares(before, order)
            flags.change_flag(connection, slug, order, since=now, **_divide(before, order, running))
            visit_tallies.delete_tallies(connection, slug)
        data = {"new": before is None, "runs": before is not None and before.state is FlagState.RUNNING}
        _put_on_record(connection, actor, Action.SAVE_FLAG, slug, now, real_now, data)
        return build_flag(flags.load_flag(connection, slug))


def start_flag(
    engine: Engine, actor: Actor, settings: Settings, slug: FlagSlug, now: datetime, real_now: datetime
) -> FlagView:
    """Start a flag: pages follow within a second. Doing it twice is doing it once. An algorithm that it names is
    checked first, which takes some seconds.

    Raises: NotAllowed; NotFound; BadInput where it is stopped, its namespace has too little room, another flag that
    runs changes the same thing at the same place, or an algorithm has no part in the slot or fails the check.
    """
    permissions.require(actor, Action.START_FLAG)
    with read_transaction(engine) as connection:
        wanted = flags.load_flag(connection, slug).definition
    _require_algorithms(settings, wanted)  # it takes its time, and no writer waits for it
    with write_transaction(engine) as connection:
        flags.lock_flags(connection)
        running = flags.list_running(connection)
        row = flags.load_flag(connection, slug)
        if row.state is FlagState.STOPPED:
            raise BadInput(f"{slug} is stopped, and its figures stay; create another flag", "slug")
        if row.state is FlagState.DRAFT:
            if row.definition != wanted:
                raise BadInput(f"{slug} was changed just now; look at it and start it again", "slug")
            other = find_conflict(row.definition, (one.build_running() for one in running))
            if other is not None:
                raise BadInput(
                    f"{other} runs in another namespace and changes the same thing at the same place; put both into "
                    "one namespace, or stop it",
                    "namespace",
                )
            values = {"started_at": now, "since": now, **_divide(row, row.definition, running)}
            if flags.move_flag(connection, slug, FlagState.RUNNING, values):
                _put_on_record(connection, actor, Action.START_FLAG, slug, now, real_now)
        return build_flag(flags.load_flag(connection, slug))


def stop_flag(engine: Engine, actor: Actor, slug: FlagSlug, now: datetime, real_now: datetime) -> FlagView:
    """Stop a flag: its buckets are free again, and its figures and assignments stay. Doing it twice changes nothing.
    Raises NotAllowed, NotFound."""
    permissions.require(actor, Action.STOP_FLAG)
    with write_transaction(engine) as connection:
        flags.lock_flags(connection)
        row = flags.load_flag(connection, slug)
        if flags.move_flag(connection, slug, FlagState.STOPPED, {"stopped_at": now, "space": []}):
            _put_on_record(connection, actor, Action.STOP_FLAG, slug, now, real_now, {"was": row.state})
        return build_flag(flags.load_flag(connection, slug))


def _require_same_but_shares(before: FlagRow, order: FlagOrder) -> None:
    old, new = (
        (one.namespace, one.contexts, one.placements, [(arm.name, arm.effect) for arm in one.arms])
        for one in (before.definition, order)
    )
    if old != new:
        raise BadInput(f"{before.slug} runs: only its name and shares may change; stop it and create another", "slug")


def _divide(row: FlagRow, order: FlagOrder, running: Iterable[FlagRow]) -> dict[str, Places | object]:
    """Divide the buckets of the namespace and of the flag; return them as the row holds them. Raises BadInput."""
    others = [one for one in running if one.definition.namespace == order.namespace and one.slug != row.slug]
    spaces = {one.slug: one.build_running().space for one in others} | {row.slug: row.build_running().space}
    wanted = {slug: sum(high - low for low, high in ranges) for slug, ranges in spaces.items()}
    wanted[row.slug] = max(1, round(order.share * BUCKETS))
    if (most := BUCKETS - sum(wanted.values()) + wanted[row.slug]) < wanted[row.slug]:
        names = ", ".join(sorted(one.slug for one in others))
        raise BadInput(f"namespace {order.namespace} has {most / BUCKETS:.2%} free; {names} have the rest", "share")
    parts = divide_buckets(row.places, count_buckets({arm.name: arm.share for arm in order.arms}))
    return {"space": divide_buckets(spaces, wanted)[row.slug], "parts": parts}


def _require_algorithms(settings: Settings, order: FlagOrder) -> None:
    """Require that the algorithms of a flag have a part in the ranking, so that they stand ready, and pass the suite.
    Raises BadInput, NotFound."""
    names = {arm.effect.algorithm for arm in order.arms} - {None, BUILT_IN}
    if not names:
        return
    try:
        registry = Registry.from_settings(settings, serving=False)
        policy = registry.list_policies().get(SLOT, SlotPolicy())
        for name in sorted(name for name in names if name is not None):
            if name not in policy.live:
                near = name_nearest(name, policy.live)
                raise BadInput(
                    f"{name} has no part in the ranking{near}; selvedge algorithms shadow {name} gives it one", "arms"
                )
            if name in policy.shadows and not check_algorithm(registry, name).passed:
                raise BadInput(f"{name} fails the suite; selvedge algorithms check {name} says what to mend", "arms")
    except ConfigError as wrong:
        raise BadInput(str(wrong)) from None


def _put_on_record(
    connection: Connection,
    actor: Actor,
    action: Action,
    slug: FlagSlug,
    now: datetime,
    real_now: datetime,
    data: dict[str, Any] | None = None,
) -> None:
    subject = Subject(kind=SubjectKind.FLAG, id=slug)
    write_activity(connection, actor, action, subject, now, real_now, data)
