"""Show flags as people and programs see them, and the arms of one client."""

from __future__ import annotations

from sqlalchemy import Engine

from models.base import ClientId
from models.flags import ArmView, Assignment, AssignmentList, FlagList, FlagSlug, FlagView
from store.clients.clients import require_client
from store.database import read_transaction
from store.experiments import assignments, flags
from store.experiments.flags import FlagRow


def list_flags(engine: Engine) -> FlagList:
    """List all flags: running ones first, then the newest."""
    with read_transaction(engine) as connection:
        return FlagList(flags=tuple(build_flag(row) for row in flags.list_flags(connection)))


def show_flag(engine: Engine, slug: FlagSlug) -> FlagView:
    """Show one flag. Raises NotFound."""
    with read_transaction(engine) as connection:
        return build_flag(flags.load_flag(connection, slug))


def list_client_arms(engine: Engine, client_id: ClientId) -> AssignmentList:
    """List in which arms a client is, or was when a test was stopped. Raises NotFound."""
    with read_transaction(engine) as connection:
        require_client(connection, client_id)
        rows = assignments.list_assignments(connection, client_id)
    shown = tuple(
        Assignment(
            kind=row.kind,
            experiment=row.experiment,
            arm=row.arm,
            assigned_at=row.assigned_at,
            exposed_at=row.exposed_at,
        )
        for row in rows
    )
    return AssignmentList(client_id=client_id, assignments=shown)


def build_flag(row: FlagRow) -> FlagView:
    """Build the view of a flag."""
    order = row.definition
    return FlagView(
        slug=row.slug,
        state=row.state,
        name=order.name,
        namespace=order.namespace,
        share=order.share,
        contexts=order.contexts,
        placements=order.placements,
        arms=tuple(
            ArmView(name=arm.name, share=arm.share, effect=arm.effect.model_dump(mode="json", exclude_defaults=True))
            for arm in order.arms
        ),
        created_by=row.created_by,
        created_at=row.created_at,
        started_at=row.started_at,
        since=row.since,
        stopped_at=row.stopped_at,
    )
