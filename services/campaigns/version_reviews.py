"""What somebody reads before they let a version of a campaign out: the version, and what it changes."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Final

import yaml
from sqlalchemy import Engine

from errors import NotFound
from models.base import CampaignSlug
from models.campaign_definition import CampaignDefinition
from store.campaigns import campaigns, places, versions
from store.campaigns.campaigns import CampaignRow
from store.campaigns.versions import VersionRow
from store.database import read_transaction

CONTEXT: Final = 3
"""Lines around a change."""


@dataclass(frozen=True)
class VersionReview:
    """A version beside the one that runs. `text`: its definition as YAML; `changes`: lines of a unified diff with the
    running version, none where nothing runs; `people`: clients in each step of the campaign now."""

    campaign: CampaignRow
    row: VersionRow
    rows: tuple[VersionRow, ...]
    text: str
    changes: tuple[str, ...]
    people: dict[str, int]


def load_review(engine: Engine, slug: CampaignSlug, version: int | None = None) -> VersionReview:
    """Load a version, the newest where none is named. Raises NotFound."""
    with read_transaction(engine) as connection:
        campaign = campaigns.load_campaign(connection, slug)
        rows = tuple(versions.list_versions(connection, slug))
        people = places.count_steps(connection, slug)
    row = next((one for one in rows if version in (None, one.version)), None)
    if row is None:
        raise NotFound(f"{slug} has no {f'version {version}' if version else 'steps: it is a campaign of one mail'}")
    running = next((one for one in rows if one.version == campaign.running_version), None)
    before = "" if running is None else dump_definition(running.definition)
    text = dump_definition(row.definition)
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), "running", "this", lineterm="", n=CONTEXT)
    return VersionReview(campaign, row, rows, text, tuple(lines)[2:] if before else (), people)


def dump_definition(definition: CampaignDefinition) -> str:
    """Dump a definition as the file that says the same."""
    values = definition.model_dump(mode="json", exclude_defaults=True)
    return str(yaml.safe_dump(values, sort_keys=False, allow_unicode=True))
