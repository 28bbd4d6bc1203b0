"""What becomes of clients on their way, and of mails not sent, when only the words of a campaign change."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from domain.journeys.contents import choose_words
from domain.journeys.places import find_step
from domain.journeys.rewording import list_reworded
from models.campaign_definition import CampaignDefinition
from store.campaigns import places, under_way
from store.campaigns.versions import VersionRow


class WordsTaken(NamedTuple):
    """How many clients go on with the new words, and how many mails that have not left are written anew."""

    clients: int
    mails: int


def take_over_words(connection: Connection, before: VersionRow, after: VersionRow, now: datetime) -> WordsTaken | None:
    """Let everybody in the version `before` go on with `after` at once, mails included that have not left; None where
    more than words differs, and clients have to finish their step first."""
    steps = list_reworded(before.definition, after.definition)
    if steps is None:
        return None
    clients = places.move_to_version(connection, after.slug, before.version, after.version)
    waiting = under_way.list_unsent(connection, after.slug, steps)
    changed = [_reword_mail(after.definition, one) for one in waiting]
    under_way.save_contents(connection, changed, now)
    return WordsTaken(clients, len(changed))


def _reword_mail(definition: CampaignDefinition, mail: under_way.UnsentMail) -> under_way.UnsentMail:
    step = find_step(definition, mail.step)
    if step is None or step.mail is None:
        return mail
    variant = next((one for one in step.mail.variants if one.name == mail.content.variant), None)
    words = choose_words(definition, step.mail, variant)
    return mail._replace(content=mail.content.model_copy(update=words._asdict()))
