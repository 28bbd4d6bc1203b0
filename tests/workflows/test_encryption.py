"""What Temporal keeps is encrypted where there are keys: by the one that writes, read by all."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.client import WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from temporalio.worker import Replayer

from errors import BadInput, Unavailable
from hosting.sandbox import build_runner
from keys import load_payload_keys, make_payload_key, save_payload_keys
from models.lifecycle import LifecycleState
from tests.histories.test_replay import RECORDED, history
from workflows.encryption import ENCODING, KEY_ID, PayloadEncryption, build_converter
from workflows.lifecycle import ClientLifecycle

PLAIN = {"searchAttributes", "data", "patch-data"}
"""Of a marker, data are the SDK's own notes of a local activity, and of a patch."""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    save_payload_keys(path, [make_payload_key()])
    return path


async def seal(converter: DataConverter) -> Payload:
    (payload,) = await converter.encode([LifecycleState(client_id="ann")])
    return payload


async def test_a_payload_is_encrypted_and_comes_back(keys: Path) -> None:
    converter = build_converter(keys)
    payload = await seal(converter)
    assert payload.metadata["encoding"] == ENCODING
    assert payload.metadata[KEY_ID].decode() == load_payload_keys(keys)[0].id
    assert b"ann" not in payload.SerializeToString()
    assert await converter.decode([payload], [LifecycleState]) == [LifecycleState(client_id="ann")]
    assert (await seal(converter)).data != payload.data, "each with a nonce of its own"


async def test_without_keys_nothing_is_encrypted_and_with_keys_what_was_plain_is_read(keys: Path) -> None:
    plain = await seal(build_converter(None))
    assert b"ann" in plain.data
    assert await build_converter(keys).decode([plain], [LifecycleState]) == [LifecycleState(client_id="ann")]


async def test_after_a_change_of_keys_the_new_one_writes_and_the_old_one_reads(keys: Path) -> None:
    running = build_converter(keys)
    old = await seal(running)
    (first,), second = load_payload_keys(keys), make_payload_key()
    save_payload_keys(keys, [second, first])
    new = await seal(build_converter(keys))
    assert new.metadata[KEY_ID].decode() == second.id
    for payload in (old, new):
        # A process that runs reads the file anew when it meets a key that it does not know.
        for converter in (running, build_converter(keys)):
            assert await converter.decode([payload], [LifecycleState]) == [LifecycleState(client_id="ann")]
    assert (await seal(running)).metadata[KEY_ID].decode() == second.id
    save_payload_keys(keys, [second])
    with pytest.raises(Unavailable, match=f"the key '{first.id}' of a payload is not here"):
        await build_converter(keys).decode([old])


async def test_what_was_changed_or_names_another_key_is_refused(keys: Path) -> None:
    codec = PayloadEncryption(keys)
    (payload,) = await codec.encode([Payload(metadata={"encoding": b"json/plain"}, data=b'"ann"')])
    (first,), second = load_payload_keys(keys), make_payload_key()
    save_payload_keys(keys, [first, second])
    changed = Payload(metadata=payload.metadata, data=payload.data[:-1] + bytes([payload.data[-1] ^ 1]))
    short = Payload(metadata=payload.metadata, data=b"abc")
    other = Payload(metadata={**payload.metadata, KEY_ID: second.id.encode()}, data=payload.data)
    for wrong in (changed, short, other):
        with pytest.raises(BadInput, match="was not encrypted by it, or was changed"):
            await codec.decode([wrong])


async def test_the_message_of_a_failure_is_encrypted(keys: Path) -> None:
    converter, failure = build_converter(keys), Failure()
    await converter.encode_failure(ApplicationError("ann has moved", type="moved"), failure)
    assert b"ann" not in failure.SerializeToString()
    assert failure.application_failure_info.type == "moved"
    assert "ann has moved" in str(await converter.decode_failure(failure))


async def test_an_encrypted_history_replays_by_its_keys(keys: Path) -> None:
    path = next(path for path in RECORDED if path.name.startswith("client."))
    sealed = await encrypt(history(path), PayloadEncryption(keys))
    for given, replays in ((keys, True), (None, False)):
        replayer = Replayer(
            workflows=[ClientLifecycle], workflow_runner=build_runner(), data_converter=build_converter(given)
        )
        result = await replayer.replay_workflow(sealed, raise_on_replay_failure=False)
        assert (result.replay_failure is None) is replays


async def encrypt(plain: WorkflowHistory, codec: PayloadEncryption) -> WorkflowHistory:
    """The history as it would be with keys: each payload in it encrypted, but what Temporal itself reads."""

    async def walk(node: object) -> object:
        if isinstance(node, dict):
            if set(node) <= {"metadata", "data"} and "metadata" in node:
                metadata = {name: b64decode(value) for name, value in node["metadata"].items()}
                (sealed,) = await codec.encode([Payload(metadata=metadata, data=b64decode(node.get("data", "")))])
                encoded = {name: b64encode(value).decode() for name, value in sealed.metadata.items()}
                return {"metadata": encoded, "data": b64encode(sealed.data).decode()}
            return {name: value if name in PLAIN else await walk(value) for name, value in node.items()}
        return [await walk(value) for value in node] if isinstance(node, list) else node

    return WorkflowHistory.from_json(plain.workflow_id, json.dumps(await walk(json.loads(plain.to_json()))))
