"""Read the tests that are no flags: splits between algorithms, and the texts of campaigns' mails."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, Engine

from domain.experiments import name_split, name_text
from domain.journeys.places import find_step
from errors import BadInput, NotFound
from models.base import CampaignSlug
from models.campaign_definition import CampaignDefinition
from models.flag_results import ExperimentResult
from models.journey_steps import JourneyMail
from models.states import VersionState
from services.experiments.readout import WITHIN, ArmsDesign, ResultWindow, read_arms
from store.campaigns import campaigns, versions
from store.database import read_transaction
from store.experiments.assignments import ExperimentKind
from store.experiments.splits import find_last_split


def read_experiment(
    engine: Engine,
    kind: Literal["slot", "campaign"],
    name: str,
    now: datetime,
    within: timedelta = WITHIN,
    narrowest_at: int | None = None,
) -> ExperimentResult:
    """Read what a test showed up to business `now`.

    Args: `name` is a slot, or a campaign and its step such as `spring/hello`; `narrowest_at` the clients of two arms
    for which the test was planned.
    Raises: NotFound, and BadInput for a step that has one text alone.
    """
    with read_transaction(engine) as connection:
        design = _find_split(connection, name) if kind == "slot" else _find_texts(connection, name)
        read = read_arms(connection, design, ResultWindow(now, within, narrowest_at), {})
    return ExperimentResult(kind=kind, experiment=design.name, **read)


def _find_split(connection: Connection, slot: str) -> ArmsDesign:
    last = find_last_split(connection, slot)
    if last is None:
        raise NotFound(f"nobody was answered while a split of {slot} was in force", "slot")
    split = last.split
    shares = {arm: split.shares[arm] for arm in (split.champion, *split.challengers)}
    return ArmsDesign(ExperimentKind.SLOT, name_split(slot, split), last.since, shares, title=slot)


def _find_texts(connection: Connection, name: str) -> ArmsDesign:
    slug, _, step_id = name.partition("/")
    published = _list_published(connection, slug)
    mails = [(since, step.mail) for since, version in published if (step := find_step(version, step_id)) is not None]
    if not mails or mails[0][1] is None:
        raise NotFound(f"{slug} has no mail named {step_id!r}: name it as campaign/step", "experiment")
    newest = mails[0][1]
    if not newest.variants:
        raise BadInput(f"the mail {step_id} of {slug} has one text alone", "experiment")
    since = mails[0][0]
    for moment, mail in mails[1:]:
        if mail is None or _list_texts(mail) != _list_texts(newest):
            break
        since = moment
    shares = {variant.name: variant.share for variant in newest.variants}
    arms = {"": 1 - sum(shares.values()), **shares}
    return ArmsDesign(ExperimentKind.CAMPAIGN, name_text(slug, step_id), since, arms, title=name)


def _list_published(connection: Connection, slug: CampaignSlug) -> list[tuple[datetime, CampaignDefinition]]:
    """List what a campaign does and did, the newest first, each with the moment of its publication."""
    campaigns.load_campaign(connection, slug)
    rows = [row for row in versions.list_versions(connection, slug) if row.state is VersionState.LIVE]
    # A version does not change once it is live: its last change is when it was published.
    return [(row.updated_at, row.definition) for row in rows]


def _list_texts(mail: JourneyMail) -> tuple[object, ...]:
    """List what is compared: another word or share is another test, since clients of two cannot be compared."""
    return mail.message, mail.offer, mail.variants
