"""A client as the shop describes them, and what they have agreed to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import ConfigDict, Field, SerializerFunctionWrapHandler, field_validator, model_serializer

from models.attributes import AttributeInputs
from models.base import ClientId, Contract, StrictInput, Utc
from models.consents import ConsentRecord, ConsentSource, Purpose
from models.events import Label
from models.states import Topic

FirstName = Annotated[str, Field(max_length=64)]

LOCALE: Final = r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$"
NO_NAMES: Final = frozenset(
    ("null", "(null)", "\\n", "none", "n/a", "#n/a", "n.a.", "k.a.", "unknown", "undefined", "not provided")
) | {"-", "--", ".", "?"}
"""What exports write where there is no first name, in lower case."""
NOT_A_NUMBER: Final = ("nan", "NaN")
"""Nan, written like a name, is one."""


class _ClientFields(StrictInput):
    email: str = Field(min_length=3, max_length=254)
    first_name: FirstName = ""
    time_zone: str | None = None
    locale: str = Field(default="en", max_length=20, pattern=LOCALE)
    country: str = Field(default="", pattern=r"^([A-Z]{2})?$")
    """Two letters of ISO 3166, such as GB; without one the region of `locale` stands for it."""
    signed_up_at: Utc | None = None
    consent: bool = False
    """To mail."""
    personalisation: bool | None = None
    measurement: bool | None = None
    consent_source: ConsentSource = "shop"
    """Where the client said so, in a word of the shop's own, such as `checkout`."""
    sizes: tuple[Label, ...] = Field(default=(), max_length=20)
    tags: tuple[Label, ...] = Field(default=(), max_length=50)
    attributes: AttributeInputs = Field(default_factory=dict)
    """Custom attributes by name; those left out keep their values, null takes one off."""
    preferred_hour: int | None = Field(default=None, ge=0, le=23)
    """Hour of the client's own day at which they like to hear from us."""

    @field_validator("first_name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        if any(ord(c) < 32 or ord(c) == 127 for c in name) or any(c in "<>{}[]" for c in name):
            raise ValueError("a name is one line of plain text")
        plain = name.strip()
        return "" if plain.casefold() in NO_NAMES or plain in NOT_A_NUMBER or "@" in plain else name


class ClientRow(_ClientFields):
    """One row of a clients file, or the body of `PUT /v1/clients/<id>` with the id of its address.

    Whoever accepts the row has `domain.addresses.normalise_address` check that `email` is one plain address.
    """

    client_id: ClientId


class ClientBody(_ClientFields):
    """The body of `PUT /v1/clients/<id>`; it need not repeat the id. Null means absent."""

    client_id: ClientId | None = None


class ClientPolicy(StrictInput):
    """What a client, or someone on their behalf, asked of our mail. None: the shop's rule applies.

    As a request it changes only the fields that it states; null gives a field back to the shop's rule.
    """

    model_config = ConfigDict(json_schema_mode_override="validation")

    max_mails_per_week: int | None = Field(default=None, ge=0, le=7)
    preferred_hour: int | None = Field(default=None, ge=0, le=23)
    """Hour of the client's own day at which they like to hear from us."""
    not_before: Utc | None = None
    """No mail before this moment."""
    topics: tuple[Topic, ...] | None = None
    """What mail may be about."""

    @model_serializer(mode="wrap")
    def _dump_stated(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Dump only the stated fields, so that a field left out differs from one given back to the shop's rule."""
        return {name: value for name, value in dump(self).items() if name in self.model_fields_set}


class Client(Contract):
    """A client as stored. Personal: never in a history, log or metric."""

    client_id: ClientId
    email: str
    first_name: str
    time_zone: str
    time_zone_assumed: bool
    locale: str
    country: str = ""
    signed_up_at: datetime
    consent: bool
    sizes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    policy: ClientPolicy = ClientPolicy()
    purposes: dict[Purpose, ConsentRecord] = Field(default_factory=dict)
    """What the client said about each purpose, when and where; absent: never asked."""
