"""STARTTLS, TLS from the start, and passwords, against a server with a certificate of its own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from errors import MailFault
from mail.mailbox import Mailbox
from mail.sink import MailboxWriter, Sink, SinkHandler
from mail.smtp_url import parse_smtp_url
from mail.transport import DeliveryOutcome, Transport
from tests.mail.test_transport import Door, envelope
from tests.support.ports import free_port

# The server library does not see that a connection encrypted from its start is encrypted.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = folder / "mail.pem"
    path.write_bytes(private + signed.public_bytes(Encoding.PEM))
    return path


class Locked(Controller):
    """Offers encryption, and takes mail only from ann with the right password."""

    def __init__(self, mailbox: Mailbox, pem: Path, *, from_the_start: bool) -> None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pem)
        self.writer = MailboxWriter(mailbox)
        self.mailbox = mailbox
        how: dict[str, Any] = {"ssl_context": context} if from_the_start else {"tls_context": context}
        super().__init__(
            SinkHandler(self.writer),
            hostname="127.0.0.1",
            port=free_port(),
            authenticator=self.check_login,
            auth_required=True,
            auth_require_tls=not from_the_start,
            **how,
        )

    def check_login(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"ann", b"s/cret")
        return AuthResult(success=right, handled=False)


@pytest.fixture(params=[False, True], ids=["starttls", "smtps"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Locked]:
    running = Locked(Mailbox(tmp_path / "m.db"), certificate(tmp_path), from_the_start=request.param)
    running.start()
    yield running
    running.stop()
    running.writer.stop()


def url(server: Locked, password: str = "s%2Fcret") -> str:
    scheme = "smtps" if server.ssl_context else "smtp"
    return f"{scheme}://ann:{password}@127.0.0.1:{server.port}"


async def test_a_trusted_server_gets_password_and_mail_encrypted(
    server: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mail.pem"))
    async with Transport(parse_smtp_url(url(server)), timeout_s=5) as transport:
        assert await transport.deliver(envelope(), Door()) is DeliveryOutcome.ACCEPTED
    assert server.mailbox.count() == 1


async def test_a_wrong_password_is_said_and_blames_no_mail(
    server: Locked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "mail.pem"))
    async with Transport(parse_smtp_url(url(server, "wrong")), timeout_s=5) as transport:
        with pytest.raises(MailFault, match="SELVEDGE_SMTP_URL: user or password is refused") as raised:
            await transport.deliver(envelope(), Door())
    assert (raised.value.code, raised.value.stage, raised.value.permanent) == ("smtp_auth", "before", False)
    assert "wrong" not in str(raised.value)


async def test_a_server_that_cannot_prove_itself_gets_nothing(server: Locked) -> None:
    async with Transport(parse_smtp_url(url(server)), timeout_s=5) as transport:
        with pytest.raises(MailFault, match="SELVEDGE_SMTP_URL: no encrypted connection") as raised:
            await transport.deliver(envelope(), Door())
    assert (raised.value.code, raised.value.stage) == ("smtp_tls", "before")
    assert server.mailbox.count() == 0


async def test_a_password_never_goes_over_the_network_in_the_clear(tmp_path: Path) -> None:
    far = "127.0.0.2"  # on this machine too, and yet not one that counts as such
    with Sink(Mailbox(tmp_path / "m.db"), 0, far) as sink:
        async with Transport(parse_smtp_url(f"smtp://ann:secret@{far}:{sink.port}"), timeout_s=5) as transport:
            with pytest.raises(MailFault, match="no STARTTLS") as raised:
                await transport.deliver(envelope(), Door())
    assert (raised.value.code, raised.value.permanent) == ("smtp_tls", False)
    assert "secret" not in str(raised.value)


async def test_nothing_is_handed_over_unencrypted_where_tls_is_required(tmp_path: Path) -> None:
    with Sink(Mailbox(tmp_path / "m.db"), 0) as sink:
        server = parse_smtp_url(f"smtp://127.0.0.1:{sink.port}", requires_tls=True)
        async with Transport(server, timeout_s=5) as transport:
            with pytest.raises(MailFault, match="SELVEDGE_SMTP_TLS=required") as raised:
                await transport.deliver(envelope(), Door())
        assert sink.mailbox.count() == 0
    assert (raised.value.code, raised.value.stage) == ("smtp_tls", "before")
