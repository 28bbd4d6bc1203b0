"""The routers of the API: what every operation requires, and which errors it declares."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel

from models.api_answers import ErrorAnswer
from models.base import ID_PATTERN
from web.api.requests import identify_program, parse_query, refuse_unknown_parameters, require_api_key
from web.auth.rules import RouteRule, find_rule
from web.auth.rules import open_to_all as admit_all

ERRORS: Final = {
    401: "The API key is missing, wrong, expired or revoked.",
    403: "The key's role, or what it is limited to, does not allow this.",
    404: "Nobody and nothing has this id.",
    409: "Somebody else has decided, or works on it; the message says who.",
    410: "The client was erased; the id is refused for ever.",
    413: "The body is too large; nothing was changed.",
    422: "The body, a parameter or an id cannot be accepted; nothing was changed.",
    503: "Something that is needed does not answer now; try again after `Retry-After` seconds.",
}
_ID: Final[dict[str, Any]] = {"pattern": ID_PATTERN}

ClientPath = Annotated[str, Path(description="The client's id.", json_schema_extra=_ID)]
FixPath = Annotated[str, Path(description="The Fix's id.", json_schema_extra=_ID)]
DraftPath = Annotated[str, Path(description="The client's id, a colon, and the mail's number, such as `ann:3`.")]
CallPath = Annotated[str, Path(description="The call's id.", json_schema_extra=_ID)]
CampaignPath = Annotated[str, Path(description="The campaign's slug.", json_schema_extra=_ID)]
FlagPath = Annotated[str, Path(description="The flag's slug.", json_schema_extra=_ID)]
OfferPath = Annotated[str, Path(description="The offer's slug.", json_schema_extra=_ID)]
SegmentPath = Annotated[str, Path(description="The segment's slug.", json_schema_extra=_ID)]
SlotPath = Annotated[str, Path(description="The slot's name.")]


Responses = dict[int | str, dict[str, Any]]


def declare_answer(status: int, model: type[BaseModel], description: str) -> Responses:
    """Build the declaration of an answer that the handler's type does not show."""
    return {status: {"model": model, "description": description}}


def declare_errors(*codes: int) -> Responses:
    """Build the declaration of the errors `codes`, all of one shape."""
    return {code: {"model": ErrorAnswer, "description": ERRORS[code]} | _declare_headers(code) for code in codes}


def _declare_headers(code: int) -> dict[str, Any]:
    if code != 503:
        return {}
    return {"headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}}


class QuickRoute(APIRoute):
    """A route of one endpoint `(request, query)` that answers with a Response: the key and the query are checked as on
    every route, but without FastAPI's resolution of dependencies, which takes longer than the endpoint."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that checks the request and calls the endpoint."""
        (field,) = self.dependant.query_params
        model: Any = field.field_info.annotation
        endpoint, rule = self.endpoint, find_rule(self.dependant)
        if not isinstance(rule, RouteRule):
            raise TypeError(f"{self.path} says nothing about who may ask: dependencies=[needs(...)]")

        async def handle(request: Request) -> Response:
            await identify_program(request)
            await rule(request)
            answer: Response = await endpoint(request, parse_query(model, request))
            return answer

        return handle


def create_router(
    tag: str, *, open_to_all: str = "", route_class: type[APIRoute] = APIRoute, prefix: str = "/v1"
) -> APIRouter:
    """Create a router whose operations require the API key, unless `open_to_all` says why not, and
    refuse unknown parameters."""
    guards = [Depends(refuse_unknown_parameters)]
    return APIRouter(
        route_class=route_class,
        prefix=prefix,
        tags=[tag],
        dependencies=[admit_all(open_to_all), *guards] if open_to_all else [Depends(require_api_key), *guards],
        responses=declare_errors(422, 503) if open_to_all else declare_errors(401, 403, 422, 503),
        generate_unique_id_function=_get_operation_id,
    )


def _get_operation_id(route: APIRoute) -> str:
    return route.name
