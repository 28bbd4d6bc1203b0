"""What routes for machines ask of a request: the API key, known parameters, and a body of the declared type."""

from __future__ import annotations

import hmac
from typing import Annotated, Any, Final, Generic

import orjson
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import TypeAdapter

from errors import BadInput, Forbidden
from ingest.faults import Model, parse_model
from web.context import get_context

BEARER: Final = HTTPBearer(scheme_name="api_key", description="The API key: SELVEDGE_API_KEY.", auto_error=False)


async def require_api_key(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> None:
    """Raise Forbidden unless the header is `Authorization: Bearer KEY` with the API key. For `Depends`."""
    expected = get_context(request).settings.keys.api
    if given is None or not hmac.compare_digest(given.credentials.strip().encode(), expected.encode()):
        raise Forbidden(
            "Authorization: give 'Bearer KEY'; KEY is SELVEDGE_API_KEY or, without one, \"api\" in keys.json under "
            "SELVEDGE_HOME"
        )


async def refuse_unknown_parameters(request: Request) -> None:
    """Raise BadInput naming the first query parameter that the route does not have. For `Depends`."""
    if request.url.query:
        known = {field.alias for field in request.scope["route"].dependant.query_params}
        for name in request.query_params:
            if name not in known:
                raise BadInput("is not a parameter of this; remove it or correct its name", name[:64])


class RawBody:
    """A dependency that reads the body as it is; `kind` is the type that the OpenAPI document declares."""

    def __init__(self, kind: Any, *, required: bool = True) -> None:
        self.kind: TypeAdapter[Any] = TypeAdapter(kind)
        self.required = required

    async def __call__(self, request: Request) -> bytes:
        """Read the body. Raises TooLarge."""
        return await request.body()


class JsonBody(RawBody, Generic[Model]):
    """A dependency that parses the body as a `model`, whatever its content type; an optional one may be empty."""

    def __init__(self, model: type[Model], *, required: bool = True) -> None:
        super().__init__(model, required=required)
        self._model = model

    async def __call__(self, request: Request) -> Model:  # type: ignore[override]
        """Parse the body. Raises TooLarge, and BadInput naming the first wrong field."""
        body = parse_json(await request.body() or (b"" if self.required else b"{}"))
        if not isinstance(body, dict):
            raise BadInput("must be a JSON object", "body")
        return parse_model(self._model, body, "body")


def parse_json(body: bytes) -> Any:
    """Parse the body. Raises BadInput when it is not JSON."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise BadInput(f"is not JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno})", "body") from None
