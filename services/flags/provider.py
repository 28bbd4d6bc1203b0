"""Our flags for OpenFeature: any code evaluates them with the standard client (https://openfeature.dev).

The targeting key is the client's id, or the key of a visit. An object is what the arm changes, by its fields; a
boolean, number or text is the arm's `value`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar

from openfeature.evaluation_context import EvaluationContext
from openfeature.exception import ErrorCode
from openfeature.flag_evaluation import FlagResolutionDetails, FlagValueType, Reason
from openfeature.provider import AbstractProvider, Metadata

from models.flags import FlagEffect
from services.flags.running_flags import NOTHING_KEPT, RunningFlags

KEPT: Final = "selvedge_kept"
"""The attribute of the context that holds what a client kept from a visit: arms by flag."""

AnyValue = TypeVar("AnyValue")
ObjectValue = Sequence[FlagValueType] | Mapping[str, FlagValueType]


class SelvedgeProvider(AbstractProvider):
    """Resolves the flags that run, from memory."""

    def __init__(self, running: RunningFlags) -> None:
        super().__init__()
        self._running = running

    def get_metadata(self) -> Metadata:
        """Return the provider's name."""
        return Metadata(name="selvedge")

    def resolve_boolean_details(
        self, flag_key: str, default_value: bool, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[bool]:
        """Resolve the value of an arm that is true or false."""
        return self._resolve_value(flag_key, default_value, evaluation_context, bool)

    def resolve_string_details(
        self, flag_key: str, default_value: str, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[str]:
        """Resolve the value of an arm that is a text."""
        return self._resolve_value(flag_key, default_value, evaluation_context, str)

    def resolve_integer_details(
        self, flag_key: str, default_value: int, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[int]:
        """Resolve the value of an arm that is a whole number."""
        return self._resolve_value(flag_key, default_value, evaluation_context, int)

    def resolve_float_details(
        self, flag_key: str, default_value: float, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[float]:
        """Resolve the value of an arm that is a number."""
        return self._resolve_value(flag_key, default_value, evaluation_context, float)

    def resolve_object_details(
        self, flag_key: str, default_value: ObjectValue, evaluation_context: EvaluationContext | None = None
    ) -> FlagResolutionDetails[ObjectValue]:
        """Resolve what an arm changes, by its fields."""

        def dump(effect: FlagEffect, _: ObjectValue) -> ObjectValue:
            return effect.model_dump(mode="json", exclude_defaults=True)

        return self._resolve(flag_key, default_value, evaluation_context, dump)

    def _resolve_value(
        self, flag_key: str, default: AnyValue, context: EvaluationContext | None, kind: type[AnyValue]
    ) -> FlagResolutionDetails[AnyValue]:
        def read(effect: FlagEffect, otherwise: AnyValue) -> AnyValue:
            value: Any = effect.value
            if value is None:
                return otherwise
            if kind is float and type(value) is int:
                value = float(value)
            if type(value) is not kind:
                raise TypeError(f"the value is a {type(value).__name__}")
            return value

        return self._resolve(flag_key, default, context, read)

    def _resolve(
        self, flag_key: str, default: AnyValue, context: EvaluationContext | None, read: Any
    ) -> FlagResolutionDetails[AnyValue]:
        if not self._running.knows(flag_key):
            return _fail(default, ErrorCode.FLAG_NOT_FOUND, f"no flag {flag_key} runs")
        if context is None or not context.targeting_key:
            return _fail(default, ErrorCode.TARGETING_KEY_MISSING, "give the client's id as targeting key")
        kept: Any = context.attributes.get(KEPT, NOTHING_KEPT)
        chosen = self._running.choose_arm(flag_key, context.targeting_key, kept)
        if chosen is None:
            return FlagResolutionDetails(default, reason=Reason.DEFAULT)
        try:
            return FlagResolutionDetails(read(chosen.effect, default), reason=Reason.SPLIT, variant=chosen.arm)
        except TypeError as wrong:
            return _fail(default, ErrorCode.TYPE_MISMATCH, str(wrong))


def _fail(default: AnyValue, code: ErrorCode, message: str) -> FlagResolutionDetails[AnyValue]:
    return FlagResolutionDetails(default, reason=Reason.ERROR, error_code=code, error_message=message)
