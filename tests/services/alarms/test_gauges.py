"""The figures of alarms follow what a shop has: its tallies, its keys, the certificates that its servers show."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from prometheus_client import REGISTRY
from sqlalchemy import insert

from models.figures import Tally
from services.alarms.expiries import find_certificate_ends
from services.alarms.gauges import set_alarm_gauges
from services.context import ServiceContext
from settings import Settings
from store.database import connect, write_transaction
from store.figures.tallies import save_tallies
from store.tables import api_keys
from tests.support.tables import create_tables

ENDS = datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC)


def read(metric: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(metric, labels)


@pytest.fixture
def context(tmp_path: Path) -> Iterator[ServiceContext]:
    settings = Settings(home=tmp_path, _env_file=None)
    engine = connect(settings.database)
    create_tables(engine)
    yield ServiceContext(settings, engine)
    engine.dispose()


def test_a_week_that_is_clicked_less_is_a_drop(context: ServiceContext) -> None:
    today = datetime.now(UTC).date()
    for age in range(36):
        rate = 10 if age <= 7 else 50
        with write_transaction(context.engine) as connection:
            day = today - timedelta(days=age)
            save_tallies(connection, day, {Tally.MAILS_SENT: 1_000, Tally.MAILS_CLICKED: rate})
    set_alarm_gauges(context, {"site": ENDS})
    assert (read("selvedge_click_rate_drop") or 0) > 3
    assert read("selvedge_certificate_expiry_timestamp_seconds", name="site") == ENDS.timestamp()
    for age in range(8):
        with write_transaction(context.engine) as connection:
            save_tallies(connection, today - timedelta(days=age), {Tally.MAILS_CLICKED: 50})
    set_alarm_gauges(context, {"site": ENDS})
    assert read("selvedge_click_rate_drop") == 0


def test_the_next_key_in_force_counts(context: ServiceContext) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    set_alarm_gauges(context, {"site": ENDS})
    assert read("selvedge_key_expiry_timestamp_seconds") == 0
    for number, (days, revoked) in enumerate([(-1, None), (2, now), (5, None), (9, None), (None, None)]):
        row = {
            "key_id": f"k{number}",
            "name": f"key {number}",
            "secret_hash": str(number),
            "role": "viewer",
            "created_at": now,
            "created_by": "owner",
            "expires_at": None if days is None else now + timedelta(days=days),
            "revoked_at": revoked,
        }
        with write_transaction(context.engine) as connection:
            connection.execute(insert(api_keys).values(row))
    set_alarm_gauges(context, {"site": ENDS})
    assert read("selvedge_key_expiry_timestamp_seconds") == (now + timedelta(days=5)).timestamp()


def _write_certificate(path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example")])
    built = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    built = built.serial_number(7).not_valid_before(ENDS - timedelta(days=90)).not_valid_after(ENDS)
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    signed = built.sign(key, hashes.SHA256()).public_bytes(pem)
    path.write_bytes(key.private_bytes(pem, *plain) + signed)


@contextmanager
def _serve(folder: Path, *, speaks_smtp: bool) -> Iterator[int]:
    """A server that shows the certificate: at once, or after STARTTLS."""
    _write_certificate(folder / "both.pem")
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(folder / "both.pem")

    def answer() -> None:
        plain, _ = listener.accept()
        with plain:
            if speaks_smtp:
                for line in (b"220 here", b"250-here\r\n250 STARTTLS", b"220 go on"):
                    plain.sendall(line + b"\r\n")
                    if not line.startswith(b"220 go"):
                        plain.recv(1_000)
            with shown.wrap_socket(plain, server_side=True) as encrypted:
                encrypted.recv(1_000)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(5)


def test_the_certificate_of_the_site_counts_though_nobody_trusts_it(tmp_path: Path) -> None:
    with _serve(tmp_path, speaks_smtp=False) as port:
        settings = Settings(home=tmp_path, public_url=f"https://127.0.0.1:{port}", _env_file=None)
        assert find_certificate_ends(settings) == {"site": ENDS}


def test_the_certificate_of_the_mail_server_comes_after_starttls(tmp_path: Path) -> None:
    with _serve(tmp_path, speaks_smtp=True) as port:
        settings = Settings(home=tmp_path, smtp_url=f"smtp://127.0.0.1:{port}", _env_file=None)
        assert find_certificate_ends(settings) == {"mail_server": ENDS}


def test_a_server_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    settings = Settings(home=tmp_path, public_url=f"https://127.0.0.1:{port}", _env_file=None)
    assert find_certificate_ends(settings) == {}
