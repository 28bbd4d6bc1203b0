"""Install the lifecycle's own campaigns, which come with the program and run from the first day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, Final

import yaml
from sqlalchemy import Connection, insert, select

from models.base import CampaignSlug
from models.campaign_definition import CampaignDefinition
from models.states import CampaignState, Overdue, VersionState
from store.campaigns.versions import compute_digest
from store.tables import campaign_versions, campaigns

FILES: Final = Path(__file__).parent / "lifecycle"
MADE_BY: Final = "selvedge"


@cache
def read_shipped() -> Sequence[CampaignDefinition]:
    """Read the campaigns that come with the program."""
    files = sorted(FILES.glob("*.yaml"))
    # Every value is text to this loader: `on` is a word, and the definition reads numbers and spans itself.
    return [CampaignDefinition.model_validate(yaml.load(file.read_text(), yaml.BaseLoader)) for file in files]  # noqa: S506


def install_shipped(connection: Connection, now: datetime) -> int:
    """Install the lifecycle's campaigns in a shop that never had any, running, and return how many. One whose name is
    taken gets the next that is free."""
    if connection.scalar(select(campaigns.c.slug).where(campaigns.c.sequence.is_not(None)).limit(1)) is not None:
        return 0
    taken = set(connection.scalars(select(campaigns.c.slug)))
    for definition in read_shipped():
        slug = next(name for name in _list_names(definition.slug) if name not in taken)
        _insert(connection, definition.model_copy(update={"slug": slug}), now)
    return len(read_shipped())


def _list_names(slug: CampaignSlug) -> Iterator[CampaignSlug]:
    yield slug
    yield from (f"{slug}-{number}" for number in count(2))


def _insert(connection: Connection, definition: CampaignDefinition, now: datetime) -> None:
    row: dict[str, Any] = {"slug": definition.slug, "spec": definition.build_spec().model_dump(mode="json")}
    row |= {"state": CampaignState.RUNNING, "reason": "", "epoch": 1, "overdue": Overdue.REPLAN, "cursor": ""}
    row |= {"enrolled_all": True, "erased": {}, "started_at": now, "sequence": 1, "created_at": now, "updated_at": now}
    connection.execute(insert(campaigns), row)
    version: dict[str, Any] = {"slug": definition.slug, "version": 1, "definition": definition.model_dump(mode="json")}
    version |= {"digest": compute_digest(definition), "state": VersionState.LIVE, "takeover": "stay", "moves": {}}
    version |= {"created_at": now, "created_by": MADE_BY, "submitted_by": MADE_BY, "decided_by": MADE_BY}
    connection.execute(insert(campaign_versions), version | {"updated_at": now})
