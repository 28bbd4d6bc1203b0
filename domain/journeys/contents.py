"""What a step of a campaign says of one client's mail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import NamedTuple

from domain.experiments import assign_variant, name_text
from domain.journeys.advancing import JourneyEvent
from domain.journeys.places import JourneyPlace
from models.base import ClientId, ItemId
from models.campaign_definition import CampaignDefinition, EventEntry
from models.journey_steps import JourneyMail, JourneyStep, MailContent, Variant
from models.offers import OfferSlug


class MailText(NamedTuple):
    """One text of a campaign: that of a mail step, or of a variant of it."""

    step: JourneyStep
    variant: Variant | None = None


def list_mail_texts(definition: CampaignDefinition) -> list[MailText]:
    """List the texts of a campaign, in the order of its steps."""
    return [
        MailText(step, variant)
        for step in definition.steps
        if step.mail is not None
        for variant in (None, *step.mail.variants)
    ]


def build_content(
    definition: CampaignDefinition, step: JourneyStep, place: JourneyPlace, left: Sequence[ItemId] = ()
) -> MailContent | None:
    """Build what the step says of this client's mail; None for a step without mail. `left`: what else lies in the
    basket that the entry is about."""
    if step.mail is None:
        return None
    text = MailText(step, choose_variant(definition, step, place.client_id))
    return build_mail_content(definition, text, place.item_id, left)


def follows_basket(definition: CampaignDefinition) -> bool:
    """Return whether clients enter for what they put into the basket."""
    return isinstance(definition.entry, EventEntry) and definition.entry.event == "added_to_cart"


def list_left(events: Iterable[JourneyEvent]) -> list[ItemId]:
    """List what lies in the basket since the last order, the latest first. `events`: the latest first."""
    since_order = takewhile(lambda event: event.type != "order_placed", events)
    return list(dict.fromkeys(e.item_id for e in since_order if e.type == "added_to_cart" and e.item_id))


class MailWords(NamedTuple):
    """What a mail wants to say, and how it sounds."""

    message: str
    voice: str


def choose_words(definition: CampaignDefinition, mail: JourneyMail, variant: Variant | None) -> MailWords:
    """Choose the words of a mail with one of its texts."""
    return MailWords(variant.message if variant else mail.message, mail.voice or definition.voice)


def choose_offer(mail: JourneyMail, variant: Variant | None) -> OfferSlug | None:
    """Choose the offer that a mail states with one of its texts."""
    return (variant.offer if variant else None) or mail.offer


def build_mail_content(
    definition: CampaignDefinition, text: MailText, item_id: ItemId | None, left: Sequence[ItemId] = ()
) -> MailContent:
    """Build what a mail says with one of its texts; `item_id` is what the entry was about, `left` what else it was.
    Raises ValueError for a step without mail."""
    (step, variant), mail = text, text.step.mail
    if mail is None:
        raise ValueError(f"step {step.id} sends no mail")
    shown = tuple(dict.fromkeys((item_id, *left))) if mail.show_entry_item and item_id else ()
    return MailContent(
        **choose_words(definition, mail, variant)._asdict(),
        items=(*shown, *(item for item in mail.items if item not in shown))[:4],
        category=mail.category,
        autonomy=mail.autonomy or definition.autonomy,
        review=mail.review or definition.review,
        offer=choose_offer(mail, variant),
        variant=variant.name if variant else "",
        experiment=name_text(definition.slug, step.id) if mail.variants else "",
        quiet_hours=definition.quiet_hours,
        mails_per_week=definition.caps.mails_per_week if definition.caps else None,
        follows=follows_client(definition),
        entry_item=shown[0] if shown else None,
    )


def choose_variant(definition: CampaignDefinition, step: JourneyStep, client_id: ClientId) -> Variant | None:
    """Choose the client's variant, always the same one. With one or two, growing one moves only those whom it takes
    from the message itself."""
    variants = step.mail.variants if step.mail else ()
    shares = {variant.name: variant.share for variant in variants}
    chosen = assign_variant(client_id, f"variant/{definition.slug}/{step.id}", shares, "")
    return next((variant for variant in variants if variant.name == chosen), None)


def follows_client(definition: CampaignDefinition) -> bool:
    """Return whether a campaign answers what its clients did: not for who refused that what they do decides."""
    return definition.entry.on in ("event", "back_in_stock", "price_drop")
