"""Asks what flags say of a page, by the OpenFeature client: of our own provider, or of another in its place."""

from __future__ import annotations

import importlib
import logging
import secrets
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.provider import AbstractProvider
from pydantic import ValidationError

from domain.flags import merge_effects
from errors import ConfigError
from models.flags import FlagEffect, FlagSlug
from services.flags.provider import KEPT, SelvedgeProvider
from services.flags.running_flags import RunningFlags
from settings import Settings

log = logging.getLogger(__name__)


class PageArms(NamedTuple):
    """The arms of who sees a page, by flag, and what they change together."""

    arms: Mapping[FlagSlug, str]
    effect: FlagEffect


NO_ARMS: Final = PageArms({}, FlagEffect())


class PageFlags:
    """One for a process. `running`: our own flags, which whoever follows changes keeps up to date."""

    def __init__(self, settings: Settings) -> None:
        self.running = RunningFlags()
        self._domain = f"selvedge-{secrets.token_hex(4)}"
        self._keys = tuple(filter(None, (key.strip() for key in settings.flag_keys.split(","))))
        self.is_own = not settings.flag_provider
        """Whether our own provider answers, from memory and always the same for the same flags."""
        provider = SelvedgeProvider(self.running) if self.is_own else load_provider(settings.flag_provider)
        api.set_provider(provider, self._domain)  # one that is not ready yet changes nothing
        self._client = api.get_client(self._domain)
        self._told: set[str] = set()

    @property
    def is_idle(self) -> bool:
        """Whether no flag can say anything."""
        return not len(self.running) if self.is_own else not self._keys

    def ask(self, subject: str, context: str, placement: str, kept: Mapping[FlagSlug, str]) -> PageArms:
        """Ask the flags that hold at this placement of this page about a client or visit. Another provider takes the
        time that it takes."""
        keys = self.running.list_at(context, placement) if self.is_own else self._keys
        if not keys:
            return NO_ARMS
        attributes: dict[str, Any] = {"context": context, "placement": placement}
        if self.is_own:
            attributes[KEPT] = kept
        about = EvaluationContext(subject, attributes)
        arms: dict[FlagSlug, str] = {}
        effects: list[FlagEffect] = []
        for key in keys:
            details = self._client.get_object_details(key, {}, about)
            effect = self._read_effect(key, details.value) if details.variant else None
            if effect is not None and details.variant:
                arms[key] = details.variant
                effects.append(effect)
        return PageArms(arms, merge_effects(effects)) if arms else NO_ARMS

    def close(self) -> None:
        """Let go of the provider."""
        api.set_provider(SelvedgeProvider(RunningFlags()), self._domain)

    def _read_effect(self, key: FlagSlug, value: Any) -> FlagEffect | None:
        """Read what another provider says; what cannot be meant is passed over, and said once."""
        try:
            return FlagEffect.model_validate(value)
        except ValidationError as wrong:
            if key not in self._told:
                self._told.add(key)
                log.error("flag %s says what no page can do: %s", key, wrong.errors()[0]["msg"])
            return None


def load_provider(where: str) -> AbstractProvider:
    """Load another provider, `module:name`: what `name`, called without arguments, gives. Raises ConfigError."""
    module, _, name = where.partition(":")
    try:
        provider = getattr(importlib.import_module(module), name)()
    except Exception as wrong:
        raise ConfigError(f"SELVEDGE_FLAG_PROVIDER: {where} cannot be loaded: {wrong}") from None
    if not isinstance(provider, AbstractProvider):
        raise ConfigError(f"SELVEDGE_FLAG_PROVIDER: {where} gives no OpenFeature provider")
    return provider
