"""Everything that Temporal holds of a client, as text: histories with their payloads decoded, attributes, ids."""

from __future__ import annotations

import base64
import json
from typing import Any

from google.protobuf.json_format import MessageToDict
from temporalio.client import Client


async def load_history_texts(client: Client, query: str = "") -> dict[str, str]:
    """Workflow id -> the text of its history, memo and search attributes, payloads decoded."""
    texts = {}
    async for execution in client.list_workflows(query):
        handle = client.get_workflow_handle(execution.id, run_id=execution.run_id)
        history = await handle.fetch_history()
        description = await handle.describe()
        raw = [json.loads(history.to_json()), MessageToDict(description.raw_description)]
        texts[f"{execution.id} {execution.run_id}"] = json.dumps(decode(raw))
    return texts


def decode(value: Any) -> Any:
    """`value` with every base64 string that holds text opened, beside itself."""
    if isinstance(value, dict):
        return {name: decode(item) for name, item in value.items()}
    if isinstance(value, list):
        return [decode(item) for item in value]
    if isinstance(value, str):
        return [value, opened] if (opened := _decode_text(value)) else value
    return value


def _decode_text(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (ValueError, UnicodeDecodeError):
        return ""
