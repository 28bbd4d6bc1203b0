"""What routes for machines ask of a request: the API key, known parameters, and a body of the declared type."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Final, Generic, get_origin
from urllib.parse import parse_qsl

import orjson
from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, TypeAdapter

from errors import BadInput
from ingest.faults import Model, parse_model
from web.auth.callers import Caller, find_program

BEARER: Final = HTTPBearer(
    scheme_name="api_key",
    description="A key that `selvedge keys create` made, or SELVEDGE_API_KEY.",
    auto_error=False,
)


async def require_api_key(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]
) -> None:
    """Raise Forbidden unless the header is `Authorization: Bearer KEY` with a key in force. For `Depends`, where
    `given` declares the header."""
    await identify_program(request)


async def identify_program(request: Request) -> None:
    """Find out whose key is given; the rule of the route then says what it may. Raises Forbidden without one."""
    request.state.caller = Caller(await find_program(request), "key")


async def refuse_unknown_parameters(request: Request) -> None:
    """Raise BadInput naming the first query parameter that the route does not have. For `Depends`."""
    if request.url.query:
        known = list_parameters(request.scope["route"])
        for name in request.query_params:
            if name not in known:
                raise BadInput("is not a parameter of this; remove it or correct its name", name[:64])


def parse_query(model: type[Model], request: Request) -> Model:
    """Parse the query of a request as a model; a parameter of many values is given many times. Raises BadInput naming
    the first wrong parameter."""
    takes_many = _list_kinds(model)
    values: dict[str, Any] = {}
    for name, value in _split_query(request.scope["query_string"].decode("latin-1")):
        many = takes_many.get(name)
        if many is None:
            raise BadInput("is not a parameter of this; remove it or correct its name", name[:64])
        if many:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return parse_model(model, values, "query")


def _split_query(query: str) -> Iterable[tuple[str, str]]:
    """Split a query into names and values; one in which nothing is escaped needs no decoding, which takes longer."""
    if "%" in query or "+" in query:
        return parse_qsl(query, keep_blank_values=True)
    pairs = (part.partition("=") for part in query.split("&") if part)
    return ((name, value) for name, _, value in pairs)


@cache
def _list_kinds(model: type[BaseModel]) -> dict[str, bool]:
    """List whether each parameter of a model may be given many times."""
    return {name: get_origin(field.annotation) is tuple for name, field in model.model_fields.items()}


def list_parameters(route: APIRoute) -> frozenset[str]:
    """List the query parameters of a route; those that it declares as one model are the model's fields."""
    return _PARAMETERS.get(route.unique_id) or _PARAMETERS.setdefault(route.unique_id, _find_parameters(route))


_PARAMETERS: Final[dict[str, frozenset[str]]] = {}
"""By the unique id of a route, since they are asked for by every request."""


def _find_parameters(route: APIRoute) -> frozenset[str]:
    names: set[str] = set()
    for field in route.dependant.query_params:
        kind = field.field_info.annotation
        names |= set(kind.model_fields) if isinstance(kind, type) and issubclass(kind, BaseModel) else {field.alias}
    return frozenset(names)


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
        try:
            body.decode()
        except UnicodeDecodeError:
            raise BadInput("is not JSON, which is text in UTF-8", "body") from None
        raise BadInput(f"is not JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno})", "body") from None
