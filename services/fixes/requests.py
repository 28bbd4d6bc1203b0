"""Request a Fix, look at it, and check whether it may be decided."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.histories import normalise_word
from domain.permissions import Action
from domain.size_table import translate_size
from domain.sizes import fold_size, rank_size
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.fix_views import FixRequestBody, FixView
from models.fixes import FixId
from services.goods.size_tables import load_size_table
from settings import Settings
from store.activity import write_activity
from store.catalogue import catalogue, wholes
from store.database import read_transaction, write_transaction
from store.fixes import fixes
from store.fixes.views import load_fix_view
from store.privacy import erasure


def request_fix(
    engine: Engine,
    actor: Actor,
    settings: Settings,
    client_id: ClientId,
    request: FixRequestBody,
    now: datetime,
    real_now: datetime,
) -> FixId:
    """Save a client's request for a Fix and return the Fix's id; its workflow is started by the caller.

    Raises: NotAllowed; NotFound for a client who is not known; ErasedClient; BadInput that names the field.
    """
    permissions.require(actor, Action.REQUEST_FIX)
    due = request.due or now + timedelta(days=settings.fix_wave_wait_days)
    with write_transaction(engine) as connection:
        erasure.require_not_erasing(connection, settings.keys.signing, client_id)
        _require_known_words(connection, request)
        request = _name_sizes(connection, settings, request)
        before = fixes.find_request(connection, client_id, request.request_key)
        fix_id = fixes.save_request(connection, client_id, request.wish, now, request_key=request.request_key, due=due)
        if before is None:
            subject = Subject(kind=SubjectKind.FIX, id=fix_id, client_id=client_id)
            write_activity(connection, actor, Action.REQUEST_FIX, subject, now, real_now)
        return fix_id


def require_may_decide(engine: Engine, actor: Actor, fix_id: FixId) -> None:
    """Require an actor who may decide Fixes, and a Fix that has not ended, before its workflow is asked.

    Raises: NotAllowed; NotFound; BadInput.
    """
    permissions.require(actor, Action.DECIDE_FIX)
    with read_transaction(engine) as connection:
        fixes.require_decidable(connection, fix_id)


def load_view(engine: Engine, fix_id: FixId) -> FixView:
    """Load a Fix's state, its box, and all its steps. Raises NotFound."""
    with read_transaction(engine) as connection:
        return load_fix_view(connection, fix_id)


def _require_known_words(connection: Connection, request: FixRequestBody) -> None:
    kinds, shades = catalogue.load_vocabulary(connection)
    _require_known("must_have", request.must_have, kinds)
    _require_known("exclude_categories", request.exclude_categories, kinds)
    _require_known("exclude_colours", request.exclude_colours, shades)


def _require_known(field: str, wanted: Iterable[str], words: Iterable[str]) -> None:
    """Require words that the catalogue has. Raises BadInput, since an unknown word would have no effect."""
    by_plain_word = {normalise_word(word): word for word in words}
    unknown = [name for name in wanted if normalise_word(name) not in by_plain_word]
    if unknown:
        raise BadInput(
            f"{unknown[0]!r} is not in the catalogue; there are {', '.join(sorted(by_plain_word.values()))}", field
        )


def _name_sizes(connection: Connection, settings: Settings, request: FixRequestBody) -> FixRequestBody:
    """Return the request with each size under the shop's name for it. Raises BadInput for a size that nothing comes in;
    of a wish for one, the box says that it could not be met."""
    names = {fold_size(size): size for size in wholes.list_made_sizes(connection) if fold_size(size)}
    if not names:
        return request
    table = load_size_table(settings.size_table)
    named = {size: translate_size(size, names.keys(), table) for size in (*request.sizes, *_list_wished(request))}
    if unknown := [size for size in request.sizes if named[size] is None]:
        made = ", ".join(sorted(names.values(), key=rank_size))
        raise BadInput(f"nothing comes in {unknown[0]!r}; there are {made}", "sizes")
    sizes = tuple(dict.fromkeys(names[named[size] or ""] for size in request.sizes))
    wishes = tuple(
        wish.model_copy(update={"value": names[same]}) if wish.kind == "size" and (same := named[wish.value]) else wish
        for wish in request.wishes
    )
    return request.model_copy(update={"sizes": sizes, "wishes": wishes})


def _list_wished(request: FixRequestBody) -> list[str]:
    return [wish.value for wish in request.wishes if wish.kind == "size"]
