"""Translate the errors of a model's endpoint into our own.

Temporal retries what may pass (`Unavailable`); the rest is final at once. Messages hold no word of a client or a model.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

from errors import ConfigError, ModelFault, ModelRefused, RateLimited, SelvedgeError, Unavailable

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletion

LONGEST_WAIT_S: Final = 3_600.0
"""A longer Retry-After is cut to this."""
_PASSING: Final = frozenset({408, 409, 425})
_CONFIG: Final = {
    401: "SELVEDGE_LLM_API_KEY: the model's endpoint does not accept the key",
    403: "SELVEDGE_LLM_API_KEY: the key may not use this model",
    404: "SELVEDGE_LLM_MODEL or SELVEDGE_LLM_BASE_URL: the endpoint does not know the model or the path",
}


def translate_error(error: Exception) -> Exception:
    """Translate an error of the client library into ours; return any other error as it is."""
    import openai  # noqa: PLC0415 (takes seconds; loaded when a model is made)

    match error:
        case SelvedgeError():
            return error
        case openai.APITimeoutError() | TimeoutError():
            return Unavailable("the model's endpoint did not answer in time")
        case openai.APIConnectionError():
            return Unavailable("the model's endpoint cannot be reached")
        case openai.APIStatusError():
            return _translate_status(error.status_code, error.response.headers)
        case openai.APIResponseValidationError() | json.JSONDecodeError():
            return Unavailable("the model's endpoint answered with something that is no chat completion")
        case _:
            return error


def require_completion(answer: Any) -> ChatCompletion:
    """Require a complete answer, neither cut short nor refused. Raises Unavailable, ModelRefused or ModelFault."""
    choices = getattr(answer, "choices", None)
    if not choices or getattr(choices[0], "message", None) is None:
        raise Unavailable("the model's endpoint answered without a choice")
    choice = choices[0]
    if getattr(choice.message, "refusal", None) or choice.finish_reason == "content_filter":
        raise ModelRefused("the model declined to answer")
    if choice.finish_reason == "length":
        raise ModelFault("the model's answer was cut short", code="truncated")
    if len(getattr(choice.message, "tool_calls", None) or ()) > 1:
        raise ModelFault("the model answered more than once", code="two_calls")
    completion: ChatCompletion = answer
    return completion


def _translate_status(status: int, headers: Mapping[str, str]) -> SelvedgeError:
    if status == 429:
        return RateLimited("the model's endpoint asks us to wait", retry_after=parse_retry_after(headers))
    if status in _PASSING or status >= 500:
        return Unavailable(f"the model's endpoint answered {status}", retry_after=parse_retry_after(headers))
    if status in _CONFIG:
        return ConfigError(_CONFIG[status])
    return ModelFault(f"the model's endpoint refused the request ({status})", code=f"http_{status}")


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Parse the header Retry-After, a number or a date, into seconds; None when it is absent or makes no sense."""
    stated = headers.get("retry-after", "")
    try:
        seconds = float(stated)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(stated).timestamp() - time.time()
        except ValueError:
            return None
    return min(seconds, LONGEST_WAIT_S) if seconds >= 0 else None
