"""`/ofrep/v1`: flags for any OpenFeature client, by the OpenFeature Remote Evaluation Protocol."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
from fastapi import Depends, Request, Response

from domain.permissions import Disclosure
from errors import BadInput, NotFound
from ingest.faults import parse_model
from models.flags import FlagSlug
from models.remote_flags import RemoteEvaluation, RemoteFault, RemoteFlag, RemoteFlags
from services.serving.item_server import ItemServer
from web.api.requests import RawBody, parse_json
from web.api.routing import FlagPath, Responses, create_router, declare_errors
from web.auth.rules import needs

router: Final = create_router("flags", prefix="/ofrep/v1")
_FAULTS: Final[Responses] = {
    400: {"model": RemoteFault, "description": "The context cannot be read, or names nobody."},
}
_UNKNOWN: Final[Responses] = {404: {"model": RemoteFault, "description": "No such flag runs."}}
_SAME: Final[Responses] = {
    304: {"description": "As `If-None-Match` says.", "content": {"application/json": {"schema": {}}}}
}
Body: Final = RawBody(RemoteEvaluation)
GIVEN: Final = Depends(Body)


@router.post(
    "/evaluate/flags/{slug}",
    response_model=RemoteFlag,
    responses=declare_errors(413) | _FAULTS | _UNKNOWN,
    dependencies=[needs(Disclosure.RECOMMENDATIONS)],
)
async def evaluate_flag(request: Request, slug: FlagPath, body: bytes = GIVEN) -> Response:
    """Evaluate one flag about a client or visit (`context.targetingKey`); who is in an arm counts as having seen it."""
    try:
        found = await _evaluate(request, body, slug)
    except NotFound as unknown:
        return _fail(404, "FLAG_NOT_FOUND", unknown.reason, slug)
    except BadInput as wrong:
        return _fail(400, _find_code(wrong), str(wrong), slug)
    return Response(_dump(found[0]), media_type="application/json")


@router.post(
    "/evaluate/flags",
    response_model=RemoteFlags,
    responses=declare_errors(413) | _FAULTS | _SAME,
    dependencies=[needs(Disclosure.RECOMMENDATIONS)],
)
async def evaluate_flags(request: Request, body: bytes = GIVEN) -> Response:
    """Evaluate all flags that run about a client or visit; who is in arms counts as having seen them. With the `ETag`
    of an earlier answer in `If-None-Match`: 304 where nothing has changed."""
    try:
        found = await _evaluate(request, body, None)
    except BadInput as wrong:
        return _fail(400, _find_code(wrong), str(wrong), None)
    said = b'{"flags":[' + b",".join(map(_dump, found)) + b"]}"
    tag = f'"{hashlib.sha256(said).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    return Response(said, headers={"ETag": tag}, media_type="application/json")


async def _evaluate(request: Request, body: bytes, slug: FlagSlug | None) -> list[RemoteFlag]:
    given = parse_json(body)
    if not isinstance(given, dict):
        raise BadInput("must be a JSON object", "body")
    asked = parse_model(RemoteEvaluation, given, "body")
    server: ItemServer = request.app.state.item_server
    return await server.evaluate_flags(asked.context.targetingKey, slug)


def _find_code(wrong: BadInput) -> str:
    """Find the protocol's code of what is wrong with a request."""
    if wrong.field in ("targetingKey", "context"):
        return "TARGETING_KEY_MISSING" if "missing" in wrong.reason else "INVALID_CONTEXT"
    return "PARSE_ERROR"


def _dump(flag: RemoteFlag) -> bytes:
    said: dict[str, Any] = flag.model_dump(exclude_none=True)
    return orjson.dumps(said)


def _fail(status: int, code: Any, details: str, key: str | None) -> Response:
    fault = RemoteFault(key=key, errorCode=code, errorDetails=details)
    return Response(fault.model_dump_json(exclude_none=True), status, media_type="application/json")
