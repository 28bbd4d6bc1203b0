"""Refuse a definition that cannot be meant: words that mail may not say, items, categories and tags that nobody has."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from domain.campaign_life import compute_end
from domain.grounding import find_message_faults
from domain.journeys.tightening import join_quiet_hours, list_hours
from domain.nearness import name_nearest
from domain.timing import MailRules
from errors import BadInput
from models.attributes import AttributeType
from models.campaign_definition import CampaignDefinition, DateEntry
from models.journey_steps import MailContent, QuietHours
from services.offers.naming import require_offers
from services.segments.audiences import resolve_audience
from store.campaigns import enrolments, known_words
from store.catalogue import catalogue
from store.segments import attributes


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
    if isinstance(definition.entry, DateEntry):
        _require_date(connection, definition.entry.attribute)
    require_offers(connection, definition, compute_end(definition.build_spec(), now), now, live=False)
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


def _require_date(connection: Connection, name: str) -> None:
    types = attributes.load_types(connection)
    if name not in types:
        raise BadInput(f"no attribute is declared as {name}{name_nearest(name, types)}", "entry.attribute")
    if types[name] is not AttributeType.DATE:
        raise BadInput(f"{name} is a {types[name]}, not a date", "entry.attribute")


def explain_quiet_wishes(
    connection: Connection, definition: CampaignDefinition, rules: MailRules, now: datetime
) -> tuple[str, ...]:
    """Explain what becomes of clients who ask for mail at an hour in which the campaign is quiet; nothing where nobody
    does."""
    if definition.quiet_hours is None:
        return ()
    shop = QuietHours(from_hour=rules.quiet_from_hour, until_hour=rules.quiet_until_hour)
    quiet = join_quiet_hours(shop, MailContent(quiet_hours=definition.quiet_hours))
    count = enrolments.count_preferring(connection, definition.audience, list_hours(quiet), now)
    stretch, opens = f"{quiet.from_hour}:00 to {quiet.until_hour}:00", f"{quiet.until_hour}:00"
    whose = "1 client asks" if count == 1 else f"{count:,} clients ask"
    said = f"{whose} for mail at an hour that is quiet in this campaign ({stretch}): mail of it goes at {opens}"
    return (said,) if count else ()


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
