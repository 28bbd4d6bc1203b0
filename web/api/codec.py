"""The codec server of the Temporal UI: what is encrypted is decrypted for operators who are signed in here.

Browsers let only the page of SELVEDGE_TEMPORAL_UI_URL ask and read. They send the cookie of the sign-in along where
that page lies under the same domain as this server, so the UI is told to include credentials.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, Request, Response

from domain.permissions import Disclosure
from errors import BadInput, NotAllowed
from web.auth.callers import require_caller
from web.auth.rules import needs, open_to_all
from web.context import get_context

if TYPE_CHECKING:
    from temporalio.api.common.v1 import Payload

router: Final = APIRouter(prefix="/v1/codec", include_in_schema=False)
Act = Literal["decode", "encode"]


@router.options("/{act}", dependencies=[open_to_all("a browser asks without a cookie whether a page may ask")])
async def allow_page(request: Request, act: Act) -> Response:
    """Tell a browser whether the page that it shows may ask."""
    return Response(status_code=204, headers=_allow_origin(request))


@router.post("/{act}", dependencies=[needs(Disclosure.HISTORIES)])
async def convert_payloads(request: Request, act: Act) -> Response:
    """Decrypt or encrypt payloads as the Temporal UI writes them. Raises NotAllowed for another page than the UI's,
    BadInput for what is no list of payloads, Unavailable where a key is gone."""
    from workflows.encryption import build_converter  # noqa: PLC0415

    headers = _allow_origin(request)
    if "Access-Control-Allow-Origin" not in headers and not (await require_caller(request)).is_program:
        raise NotAllowed("only the page of SELVEDGE_TEMPORAL_UI_URL, or a program with its key, may ask for payloads")
    payloads = _read_payloads(await request.body())
    if codec := build_converter(get_context(request).settings.payload_keys).payload_codec:
        payloads = await (codec.decode(payloads) if act == "decode" else codec.encode(payloads))
    return Response(_write_payloads(payloads), media_type="application/json", headers=headers)


def _read_payloads(body: bytes) -> list[Payload]:
    from temporalio.api.common.v1 import Payload  # noqa: PLC0415 - a second of imports that only this route needs

    try:
        return [
            Payload(
                metadata={name: b64decode(value, validate=True) for name, value in one.get("metadata", {}).items()},
                data=b64decode(one.get("data", ""), validate=True),
            )
            for one in orjson.loads(body)["payloads"]
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadInput('give {"payloads": [{"metadata": {…}, "data": …}]} with bytes in base64', "body") from None


def _write_payloads(payloads: Sequence[Payload]) -> bytes:
    written = [
        {
            "metadata": {name: b64encode(value).decode() for name, value in payload.metadata.items()},
            "data": b64encode(payload.data).decode(),
        }
        for payload in payloads
    ]
    return orjson.dumps({"payloads": written})


def _allow_origin(request: Request) -> dict[str, str]:
    """List the headers by which a browser lets the Temporal UI ask and read; for any other page there are none."""
    ui = urlsplit(get_context(request).settings.temporal_ui_url)
    origin = request.headers.get("origin", "")
    if not ui.netloc or origin != f"{ui.scheme}://{ui.netloc}":
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": "content-type, x-namespace",
        "Access-Control-Allow-Methods": "POST",
        "Vary": "Origin",
    }
