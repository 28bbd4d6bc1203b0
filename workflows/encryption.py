"""Encrypt what Temporal keeps of workflows: inputs, answers, signals, summaries, and the messages of failures.

Search attributes stay readable: Temporal searches them. Whatever was written without a key is read as before.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec

from errors import BadInput, Unavailable
from keys import load_payload_keys

ENCODING: Final = b"binary/encrypted"
KEY_ID: Final = "encryption-key-id"
NONCE_BYTES: Final = 12


def build_converter(payload_keys: Path | None) -> DataConverter:
    """Build the converter of a client, worker or replayer; one that encrypts where there is a file of keys. Raises
    ConfigError when that is broken."""
    if payload_keys is None:
        return pydantic_data_converter
    return dataclasses.replace(
        pydantic_data_converter,
        payload_codec=PayloadEncryption(payload_keys),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


class PayloadEncryption(PayloadCodec):
    """AES-GCM with 256 bits: the first key of the file writes, all of them read."""

    def __init__(self, payload_keys: Path) -> None:
        self._path = payload_keys
        self._writing, self._ciphers = _load_ciphers(payload_keys)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Encrypt each payload whole, what says its type too."""
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Decrypt; what was not encrypted stays as it is. Raises Unavailable where the key is gone, BadInput where a
        payload was changed."""
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        key_id, nonce = self._writing, os.urandom(NONCE_BYTES)
        sealed = self._ciphers[key_id].encrypt(nonce, payload.SerializeToString(), key_id.encode())
        return Payload(metadata={"encoding": ENCODING, KEY_ID: key_id.encode()}, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata.get(KEY_ID, b"").decode(errors="replace")
        nonce, sealed = payload.data[:NONCE_BYTES], payload.data[NONCE_BYTES:]
        try:
            return Payload.FromString(self._find_cipher(key_id).decrypt(nonce, sealed, key_id.encode()))
        except (InvalidTag, ValueError):
            raise BadInput(f"a payload that names the key {key_id!r} was not encrypted by it, or was changed") from None

    def _find_cipher(self, key_id: str) -> AESGCM:
        if key_id not in self._ciphers:  # another process may have a newer file: it is read once more
            self._writing, self._ciphers = _load_ciphers(self._path)
        if key_id not in self._ciphers:
            gone = f"the key {key_id!r} of a payload is not here; put it back from a backup"
            raise Unavailable(f"{self._path}: {gone}", public=gone)
        return self._ciphers[key_id]


def _load_ciphers(payload_keys: Path) -> tuple[str, dict[str, AESGCM]]:
    keys = load_payload_keys(payload_keys)
    return keys[0].id, {key.id: AESGCM(key.secret) for key in keys}
