"""A remote behind TLS: the name in the URL must be the one in the certificate, although its address is connected to."""

from __future__ import annotations

import importlib
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from algorithms.slots.guard import Member, decide
from algorithms.slots.remote import RemoteAlgorithm, RemoteEndpoint
from algorithms.slots.slot_decisions import SlotDecision
from algorithms.slots.slot_table import SLOTS
from errors import ConfigError
from network.allowlist import NetworkAllowlist
from tests.algorithms.slots.questions import HERE, build_ranking_question

Ask = Callable[..., SlotDecision]


def write_certificate(folder: Path, name: str) -> Path:
    """A certificate that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    monkeypatch.syspath_prepend(str(HERE))
    faulty_server = importlib.import_module("faulty_server")
    servers: list[ThreadingHTTPServer] = []

    def run(file: Path, ca_file: Path | None) -> SlotDecision:
        server = faulty_server.Quiet(("127.0.0.1", 0), faulty_server.Faulty)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        host = f"localhost:{server.server_address[1]}"
        endpoint = RemoteEndpoint(
            "far", f"https://{host}/Good", b"k" * 32, NetworkAllowlist.parse([host], ["127.0.0.0/8", "::1/128"])
        )
        remote = RemoteAlgorithm(endpoint, ca_file=ca_file)
        try:
            return decide(SLOTS["ranking"], [Member("far", remote)], build_ranking_question(), 5.0)
        finally:
            remote.close()

    yield run
    for server in servers:
        server.shutdown()
        server.server_close()


def test_a_name_that_is_vouched_for_is_asked(ask: Ask, tmp_path: Path) -> None:
    file = write_certificate(tmp_path, "localhost")
    decision = ask(file, file)
    assert (decision.algorithm, decision.faults) == ("far", ())


def test_a_stranger_and_another_name_are_not(ask: Ask, tmp_path: Path) -> None:
    file, other = write_certificate(tmp_path, "localhost"), write_certificate(tmp_path, "other.example")
    assert [fault.code for fault in ask(file, None).faults] == ["unreachable"]
    assert [fault.code for fault in ask(other, other).faults] == ["unreachable"]


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    endpoint = RemoteEndpoint("far", "https://localhost/", b"k" * 32, NetworkAllowlist.parse(["localhost"], []))
    for name in ("empty.pem", "missing.pem"):
        with pytest.raises(ConfigError, match="ca_file"):
            RemoteAlgorithm(endpoint, ca_file=tmp_path / name)
