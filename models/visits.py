"""Anonymous visits: their ids, their events, and what joins them to a client."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import StringConstraints, model_validator

from models.base import ClientId, Contract, Id, ItemId, StrictInput, Utc
from models.search_requests import SearchText

VisitId = Annotated[str, StringConstraints(pattern=r"^[sn]\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{16}$")]
"""What `POST /v1/sessions` gave: whether it may be remembered (s) or not (n), chance, and our signature."""

ITEM_EVENTS: Final = ("item_viewed", "item_clicked", "added_to_cart", "wishlisted")


class VisitStart(StrictInput):
    """The body of `POST /v1/sessions`. `personalisation`: whether the visitor agreed to be shown what suits what they
    look at; false: nothing of the visit is kept."""

    personalisation: bool = True


class VisitEvent(StrictInput):
    """What a visitor did whose client is not known. `item_id` goes with all types but `searched`, which has `query`."""

    event_id: Id
    session_id: VisitId
    occurred_at: Utc
    type: Literal["item_viewed", "item_clicked", "added_to_cart", "wishlisted", "searched"]
    item_id: ItemId | None = None
    query: SearchText | None = None

    @model_validator(mode="after")
    def _say_what(self) -> Self:
        if (self.item_id is not None) != (self.type in ITEM_EVENTS):
            raise ValueError(f"item_id: goes with {', '.join(ITEM_EVENTS)}, and only with them")
        if (self.query is not None) != (self.type == "searched"):
            raise ValueError("query: goes with searched, and only with it")
        return self


class VisitJoin(StrictInput):
    """The body of `POST /v1/sessions/{session_id}/join`: who signed in."""

    client_id: ClientId


class VisitAnswer(Contract):
    """A visit. `hours`: for how long what it did is remembered."""

    session_id: str
    hours: float


class VisitJoinAnswer(Contract):
    """What became of a visit at sign-in. `joined`: its events that are the client's now; `dropped`: those that are not,
    since the client refuses personalisation. Nothing of the visit is left."""

    client_id: ClientId
    joined: int
    dropped: int
