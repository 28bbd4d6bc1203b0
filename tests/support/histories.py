"""Everything that Temporal keeps of a client, as text: histories with their payloads decoded, attributes, ids."""

from __future__ import annotations

import base64
import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.client import Client


async def told(client: Client, query: str = "") -> dict[str, str]:
    """Workflow id -> all that its history, memo and search attributes say, payloads decoded."""
    found = {}
    async for execution in client.list_workflows(query):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        history = await handle.fetch_history()
        described = await handle.describe()
        raw = [json.loads(history.to_json()), MessageToDict(described.raw_description)]
        found[f"{execution.id} {execution.run_id}"] = json.dumps(decoded(raw))
    return found


def decoded(value: Any) -> Any:
    """`value` with every base64 string that holds text opened, beside itself."""
    if isinstance(value, dict):
        return {name: decoded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [decoded(each) for each in value]
    if isinstance(value, str):
        return [value, opened] if (opened := _opened(value)) else value
    return value


def _opened(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (ValueError, UnicodeDecodeError):
        return ""
