"""What providers post over HTTP: a right signature is taken in once; forged, old and too large ones change nothing."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Engine, func, select

from bench.returns import fill_ledger
from mail.links import Links
from mail.returns.providers import PROVIDERS
from mail.returns.providers.ses import Ses
from settings import Settings
from store.database import connect, read_transaction
from store.tables import outreaches, returns
from tests.mail.returns.test_providers import build_certificate
from tests.support.ports import free_port
from tests.support.site import build_app

Post = tuple[dict[str, str], bytes]
"""Headers and body."""
ELLIPTIC, RSA = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
SECRET = base64.b64encode(b"a secret of some length").decode()
PUBLIC = ELLIPTIC.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
KEYS = {
    "returns_standard_key": f"whsec_{SECRET}",
    "returns_sendgrid_key": base64.b64encode(PUBLIC).decode(),
    "returns_mailgun_key": "mailgun's",
    "returns_postmark_key": "secret",
    "returns_ses_key": "arn:aws:sns:eu-west-1:1:ours",
}
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("webhooks")
    values: dict[str, Any] = {"home": home, "smtp_url": "smtp://127.0.0.1:9", "web_port": free_port(), **KEYS}
    made = Settings(_env_file=None, **values)
    fill_ledger(made, 8)
    return made


@pytest.fixture(scope="module")
def url(settings: Settings) -> Iterator[str]:
    """The web process, on a port."""
    config = uvicorn.Config(build_app(settings), port=settings.web_port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROVIDERS, "ses", Ses(lambda _url: build_certificate(RSA)))
        yield f"http://127.0.0.1:{settings.web_port}/v1/returns"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = connect(settings.database)
    yield engine
    engine.dispose()


def dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def sign_standard(path: str, at: int) -> Post:
    body = dump({"returns": [{"id": path, "kind": "failed", "return_path": path, "status": "5.1.1"}]})
    signed = hmac.digest(base64.b64decode(SECRET), f"m.{at}.".encode() + body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(signed).decode()}"
    return {"webhook-id": "m", "webhook-timestamp": str(at), "webhook-signature": signature}, body


def sign_sendgrid(path: str, at: int) -> Post:
    events = [{"event": "open", "return_path": path, "sg_event_id": "o"}]
    events += [{"event": "bounce", "return_path": path, "sg_event_id": "b", "status": "5.1.1", "reason": "unknown"}]
    body = dump(events)
    signature = ELLIPTIC.sign(str(at).encode() + body, ec.ECDSA(SHA256()))
    headers = {"X-Twilio-Email-Event-Webhook-Timestamp": str(at)}
    return headers | {"X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode()}, body


def sign_mailgun(path: str, at: int) -> Post:
    signature = hmac.new(b"mailgun's", f"{at}token".encode(), hashlib.sha256).hexdigest()
    data = {"event": "failed", "severity": "permanent", "id": "g", "envelope": {"sender": path}}
    data["delivery-status"] = {"code": 550, "enhanced-code": "5.1.1", "message": "550 5.1.1 unknown"}
    return {}, dump({"signature": {"timestamp": str(at), "token": "token", "signature": signature}, "event-data": data})


def sign_postmark(path: str, _at: int) -> Post:
    record = {"RecordType": "Bounce", "Type": "HardBounce", "ID": 7, "Metadata": {"return_path": path}}
    return {"Authorization": "Basic " + base64.b64encode(b"postmark:secret").decode()}, dump(record)


def sign_ses(path: str, _at: int, certificate: str = CERTIFICATE) -> Post:
    person = {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}
    notice = {"notificationType": "Bounce", "mail": {"source": path}, "bounce": {"bouncedRecipients": [person]}}
    message = {"Type": "Notification", "MessageId": path, "TopicArn": KEYS["returns_ses_key"], "Timestamp": "t"}
    message |= {"Message": json.dumps(notice), "SignatureVersion": "2", "SigningCertURL": certificate}
    names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{message[name]}\n" for name in names).encode()
    return {}, dump(message | {"Signature": base64.b64encode(RSA.sign(signed, PKCS1v15(), SHA256())).decode()})


SIGNERS: list[tuple[str, Callable[[str, int], Post]]] = [
    ("standard", sign_standard),
    ("sendgrid", sign_sendgrid),
    ("mailgun", sign_mailgun),
    ("postmark", sign_postmark),
    ("ses", sign_ses),
]


def get_state(engine: Engine, client_id: str) -> tuple[str, int]:
    """The state of the client's mail, and how many returns are on record."""
    with read_transaction(engine) as connection:
        state = connection.scalar(select(outreaches.c.state).where(outreaches.c.client_id == client_id))
        return str(state), connection.scalar(select(func.count()).select_from(returns)) or 0


@pytest.mark.parametrize(("provider", "sign"), SIGNERS, ids=[name for name, _ in SIGNERS])
def test_a_signed_bounce_is_taken_in_once_and_forged_ones_never(
    url: str, engine: Engine, settings: Settings, provider: str, sign: Callable[[str, int], Post]
) -> None:
    client_id = f"r{[name for name, _ in SIGNERS].index(provider)}"
    path, now = Links.from_settings(settings).build_return_path(client_id, 1), int(datetime.now(UTC).timestamp())
    headers, body = sign(path, now)
    _, before = get_state(engine, client_id)
    forged: list[Post] = [(headers, body.replace(b"token", b"t").replace(b"5.1.1", b"5.1.0"))]
    if provider in ("standard", "sendgrid", "mailgun"):
        forged.append(sign(path, now - 3_600))
    if provider == "postmark":  # signs nothing: it knows a password
        forged = [({"Authorization": "Basic " + base64.b64encode(b"postmark:guess").decode()}, body)]
    if headers:
        forged.append(({}, body))
    for wrong_headers, wrong in forged:
        answer = httpx.post(f"{url}/{provider}", content=wrong, headers=wrong_headers)
        assert answer.status_code == 401
    assert httpx.post(f"{url}/{provider}", content=body + b" " * 5_000_000, headers=headers).status_code == 413
    assert get_state(engine, client_id) == ("sent", before)
    first = httpx.post(f"{url}/{provider}", content=body, headers=headers)
    assert (first.status_code, first.json()) == (200, {"outcomes": ["applied"]})
    again = httpx.post(f"{url}/{provider}", content=body, headers=headers)
    assert again.json() == {"outcomes": ["repeated"]}
    assert get_state(engine, client_id) == ("bounced", before + 1)


@pytest.mark.parametrize(
    "certificate",
    [
        "https://sns.eu-west-1.amazonaws.com.evil.example/c.pem",
        "http://sns.eu-west-1.amazonaws.com/c.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/c.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/c.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/c.pem",
        "https://s3.amazonaws.com/sns.eu-west-1.amazonaws.com/c.pem",
        "file:///etc/passwd",
    ],
)
def test_a_certificate_comes_from_amazon_alone(url: str, settings: Settings, certificate: str) -> None:
    headers, body = sign_ses(Links.from_settings(settings).build_return_path("r6", 1), 0, certificate)
    assert httpx.post(f"{url}/ses", content=body, headers=headers).status_code == 401


def test_an_array_is_one_transaction_and_one_bad_entry_costs_itself(
    url: str, engine: Engine, settings: Settings
) -> None:
    links, now = Links.from_settings(settings), int(datetime.now(UTC).timestamp())
    events = [
        {"event": "bounce", "return_path": links.build_return_path("r7", 1), "sg_event_id": "x", "status": "5.1.1"}
    ]
    events += [{"event": "bounce", "return_path": "b+nobody.1@elsewhere.example", "sg_event_id": "y"}]
    events += [{"event": "spamreport", "return_path": links.build_return_path("r6", 1), "sg_event_id": "z"}]
    body = dump(events)
    signature = base64.b64encode(ELLIPTIC.sign(str(now).encode() + body, ec.ECDSA(SHA256()))).decode()
    headers = {"X-Twilio-Email-Event-Webhook-Timestamp": str(now)}
    headers["X-Twilio-Email-Event-Webhook-Signature"] = signature
    answer = httpx.post(f"{url}/sendgrid", content=body, headers=headers)
    assert answer.json() == {"outcomes": ["applied", "kept", "applied"]}
    assert get_state(engine, "r7")[0] == "bounced"
    assert get_state(engine, "r6")[0] == "complained"
