"""What a step of a campaign says of one client's mail."""

from __future__ import annotations

from domain.experiments import hash_to_unit
from domain.journeys.places import JourneyPlace
from models.campaign_definition import CampaignDefinition
from models.journey_steps import JourneyMail, JourneyStep, MailContent, Variant


def build_content(definition: CampaignDefinition, step: JourneyStep, place: JourneyPlace) -> MailContent | None:
    """Build what the step says of this client's mail; None for a step without mail."""
    mail = step.mail
    if mail is None:
        return None
    variant = _choose_variant(mail, f"{definition.slug}/{step.id}", place.client_id)
    shown = (place.item_id,) if mail.show_entry_item and place.item_id else ()
    return MailContent(
        message=variant.message if variant else mail.message,
        voice=mail.voice or definition.voice,
        items=(*shown, *(item for item in mail.items if item not in shown))[:4],
        category=mail.category,
        autonomy=mail.autonomy or definition.autonomy,
        review=mail.review or definition.review,
        variant=variant.name if variant else "",
    )


def _choose_variant(mail: JourneyMail, name: str, client_id: str) -> Variant | None:
    """Choose the client's variant: always the same one, and growing one variant moves only those whom it takes."""
    place, passed = hash_to_unit(client_id, f"variant/{name}"), 0.0
    for variant in mail.variants:
        passed += variant.share
        if place < passed:
            return variant
    return None
