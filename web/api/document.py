"""The OpenAPI document: FastAPI's own, with the bodies that `RawBody` and `JsonBody` declare."""

from __future__ import annotations

import json
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from web.api.requests import RawBody
from web.api.routers import ROUTERS

TEMPLATE: Final = "#/components/schemas/{model}"
ABOUT: Final = "Send events and clients, ask for recommendations and Fixes. docs/api.md is the guide."


def build_document() -> dict[str, Any]:
    """Build the document of all operations under `/v1`."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    document = get_openapi(title="Selvedge", version="1", description=ABOUT, routes=app.routes)
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    bodies = {
        (route.path, method.lower()): body
        for route in routes
        if (body := _find_body(route))
        for method in route.methods or ()
    }
    schemas, definitions = _build_schemas(bodies)
    _add_definitions(document["components"]["schemas"], definitions)
    for (path, method), body in bodies.items():
        document["paths"][path][method]["requestBody"] = {
            "required": body.required,
            "content": {"application/json": {"schema": schemas[path, method]}},
        }
    return document


def render_document() -> str:
    """Render the document as it stands in docs/openapi.json."""
    return json.dumps(build_document(), indent=1, ensure_ascii=False) + "\n"


def _find_body(route: APIRoute) -> RawBody | None:
    calls = (dependency.call for dependency in route.dependant.dependencies)
    return next((call for call in calls if isinstance(call, RawBody)), None)


def _build_schemas(bodies: dict[tuple[str, str], RawBody]) -> tuple[dict[tuple[str, str], Any], dict[str, Any]]:
    """Build the schema of each body, and the definitions to which they refer."""
    inputs = [(key, "validation", body.kind) for key, body in bodies.items()]
    schemas, shared = TypeAdapter.json_schemas(inputs, ref_template=TEMPLATE)  # type: ignore[arg-type]
    return {key: schema for (key, _), schema in schemas.items()}, shared.get("$defs", {})


def _add_definitions(known: dict[str, Any], more: dict[str, Any]) -> None:
    """Add definitions. Raises ValueError where one name would stand for two things."""
    for name, schema in more.items():
        if known.setdefault(name, schema) != schema:
            raise ValueError(f"{name} is sent and answered in different shapes; give one of them a name of its own")
