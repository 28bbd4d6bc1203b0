"""Refuse a definition that cannot be meant: words that mail may not say, items, categories and tags that nobody has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from domain.grounding import find_message_faults
from domain.nearness import name_nearest
from errors import BadInput
from models.campaign_definition import CampaignDefinition
from services.segments.audiences import resolve_audience
from store.campaigns import known_words
from store.catalogue import catalogue


def require_plain_words(definition: CampaignDefinition) -> None:
    """Require that every message and voice may stand in a mail. Raises BadInput naming its place."""
    for where, text in _list_texts(definition):
        if faults := find_message_faults(text):
            raise BadInput(faults[0], where)


def _list_texts(definition: CampaignDefinition) -> Iterable[tuple[str, str]]:
    yield "voice", definition.voice
    for index, step in enumerate(definition.steps):
        if step.mail is None:
            continue
        where = f"steps[{index}].mail"
        yield f"{where}.message", step.mail.message
        yield f"{where}.voice", step.mail.voice
        for k, variant in enumerate(step.mail.variants):
            yield f"{where}.variants[{k}].message", variant.message


def require_known(connection: Connection, definition: CampaignDefinition, now: datetime) -> None:
    """Require that the shop has what the definition names, and that its end lies ahead. Raises BadInput."""
    if definition.ends_at is not None and definition.ends_at <= now:
        raise BadInput(f"{definition.ends_at:%Y-%m-%d %H:%M} UTC has passed: it is {now:%Y-%m-%d %H:%M} UTC", "ends_at")
    tags, categories = known_words.list_tags(connection), known_words.list_categories(connection)
    for where, tag in _list_tags(definition):
        if tag not in tags:
            raise BadInput(f"no client carries the tag {tag}{name_nearest(tag, tags)}", where)
    for index, step in enumerate(definition.steps):
        if step.mail is None:
            continue
        category = step.mail.category
        if category and category not in categories:
            raise BadInput(
                f"no item is of the category {category}{name_nearest(category, categories)}",
                f"steps[{index}].mail.category",
            )
        if missing := set(step.mail.items) - set(catalogue.load_items(connection, step.mail.items)):
            raise BadInput(f"the catalogue has no item {min(missing)}", f"steps[{index}].mail.items")


def resolve_audiences(connection: Connection, definition: CampaignDefinition) -> CampaignDefinition:
    """Return the definition with the filters of the saved segments that it names, as they stand now.

    Raises: NotFound for an unknown segment; BadInput for a wrong filter.
    """
    steps = []
    for step in definition.steps:
        branch = step.branch
        if branch is not None:
            branch = branch.model_copy(update={"when": resolve_audience(connection, branch.when)})
        steps.append(step.model_copy(update={"branch": branch}))
    audience = resolve_audience(connection, definition.audience)
    return definition.model_copy(update={"audience": audience, "steps": tuple(steps)})


def _list_tags(definition: CampaignDefinition) -> Iterable[tuple[str, str]]:
    yield from (("audience.tags", tag) for tag in definition.audience.tags)
    for index, step in enumerate(definition.steps):
        if step.branch is not None:
            yield from ((f"steps[{index}].branch.when.tags", tag) for tag in step.branch.when.tags)
