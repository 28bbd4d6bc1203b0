"""Create, approve and retire offers. A draft may change; once somebody with the right approved it, its terms stay, for
mails have stated them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.nearness import name_nearest
from domain.offers import compute_offer_end, has_expired
from domain.permissions import Action
from domain.wording import clean_phrase
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import ID_PATTERN
from models.offers import Offer, OfferOrder, OfferSlug, OfferState, OfferTerms
from services.offers.views import build_offer
from settings import Settings
from store.activity import write_activity
from store.campaigns import known_words
from store.catalogue import catalogue
from store.database import write_transaction
from store.offers import offers


def save_offer(
    engine: Engine,
    actor: Actor,
    slug: OfferSlug,
    order: OfferOrder,
    settings: Settings,
    now: datetime,
    real_now: datetime,
) -> Offer:
    """Save an offer as a draft, or change the draft of this slug. Saving it twice changes nothing.

    Raises: NotAllowed; BadInput for terms that cannot be meant, a code that another has, or an offer that is no draft.
    """
    permissions.require(actor, Action.CREATE_OFFER)
    if not re.fullmatch(ID_PATTERN, slug) or slug in (".", ".."):
        raise BadInput("must be 1 to 64 letters, digits, dots, underscores or hyphens", "slug")
    with write_transaction(engine) as connection:
        before = offers.find_offer(connection, slug)
        if before is None or (before.name, before.terms) != (order.name, order.build_terms()):
            if before is not None and before.state is not OfferState.DRAFT:
                raise BadInput(f"{slug} is {before.state}, and its terms stay; create another offer", "slug")
            _require_meant(connection, slug, order.build_terms(), settings, now)
            ends_at = compute_offer_end(order, settings.shop_time_zone)
            if before is None:
                offers.insert_offer(connection, slug, order, ends_at, actor.who, now)
            else:
                offers.change_draft(connection, slug, order, ends_at, now)
            _put_on_record(connection, actor, Action.CREATE_OFFER, slug, now, real_now, {"new": before is None})
        return build_offer(connection, offers.load_offer(connection, slug), settings, now)


def approve_offer(
    engine: Engine, actor: Actor, slug: OfferSlug, settings: Settings, now: datetime, real_now: datetime
) -> Offer:
    """Make a draft live: from then on campaigns may begin with it. Doing it twice is doing it once.

    Raises: NotAllowed; NotFound; BadInput for one that is retired, or whose last day has passed.
    """
    permissions.require(actor, Action.APPROVE_OFFER)
    with write_transaction(engine) as connection:
        row = offers.load_offer(connection, slug)
        if row.state is OfferState.RETIRED:
            raise BadInput(f"{slug} is retired; create another offer", "slug")
        if row.state is OfferState.DRAFT:
            _require_meant(connection, slug, row.terms, settings, now)
            if offers.move_offer(connection, slug, OfferState.LIVE, now, decided_by=actor.who):
                _put_on_record(connection, actor, Action.APPROVE_OFFER, slug, now, real_now)
        return build_offer(connection, offers.load_offer(connection, slug), settings, now)


def retire_offer(
    engine: Engine, actor: Actor, slug: OfferSlug, settings: Settings, now: datetime, real_now: datetime
) -> Offer:
    """Retire an offer: no mail with it leaves any more. Doing it twice changes nothing. Raises NotAllowed, NotFound."""
    permissions.require(actor, Action.RETIRE_OFFER)
    with write_transaction(engine) as connection:
        row = offers.load_offer(connection, slug)
        if offers.move_offer(connection, slug, OfferState.RETIRED, now):
            _put_on_record(connection, actor, Action.RETIRE_OFFER, slug, now, real_now, {"was": row.state})
        return build_offer(connection, offers.load_offer(connection, slug), settings, now)


def _require_meant(
    connection: Connection, slug: OfferSlug, terms: OfferTerms, settings: Settings, now: datetime
) -> None:
    """Require that terms can be meant and that no other offer has the code. Raises BadInput naming the field."""
    other = offers.find_code(connection, terms.code)
    if other not in (None, slug):
        raise BadInput(f"{terms.code} is the code of {other}; choose another", "code")
    if has_expired(compute_offer_end(terms, settings.shop_time_zone), now):
        raise BadInput(f"{terms.until} has passed in {settings.shop_time_zone}", "until")
    categories = known_words.list_categories(connection) if terms.categories else frozenset()
    for category in terms.categories:
        if category not in categories:
            raise BadInput(f"no item is of the category {category}{name_nearest(category, categories)}", "categories")
        if not clean_phrase(category):
            raise BadInput(f"{category} cannot be said in a mail", "categories")
    if missing := set(terms.items) - set(catalogue.load_items(connection, terms.items)):
        raise BadInput(f"the catalogue has no item {min(missing)}", "items")


def _put_on_record(
    connection: Connection,
    actor: Actor,
    action: Action,
    slug: OfferSlug,
    now: datetime,
    real_now: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    subject = Subject(kind=SubjectKind.OFFER, id=slug)
    write_activity(connection, actor, action, subject, now, real_now, data)
