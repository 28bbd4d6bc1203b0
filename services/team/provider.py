"""The shop's identity provider, by OpenID Connect: where to send somebody who signs in, and what it says of them.

The code flow with PKCE (RFC 7636), state and nonce; the ID token is checked against the provider's published keys.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from errors import ConfigError, Forbidden, Unavailable
from settings import Settings

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA")
"""Signatures by the provider's own key alone: with HS256 whoever knows the client's secret could sign."""
SECONDS: Final = 10.0
LEEWAY_S: Final = 60
_AWAY: Final = "the identity provider does not answer"


class SignInRequest(NamedTuple):
    """A sign-in on its way: what comes back must fit it. It travels sealed in a cookie."""

    state: str
    nonce: str
    verifier: str
    next: str


@dataclass(frozen=True)
class OpenIdProvider:
    """One provider, by its issuer; what it publishes is loaded at each sign-in, so that changed keys count at once."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str
    http: Callable[[], httpx2.Client] = lambda: httpx2.Client(timeout=SECONDS, follow_redirects=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> OpenIdProvider | None:
        """Build the provider; None without one. Raises ConfigError for a secret that cannot be read."""
        if not settings.oidc_issuer:
            return None
        try:
            secret = settings.oidc_secret_file.read_text().strip() if settings.oidc_secret_file else ""
        except OSError as refused:
            raise ConfigError(f"SELVEDGE_OIDC_SECRET_FILE: {refused.strerror}") from None
        issuer = settings.oidc_issuer.rstrip("/")
        return cls(issuer, settings.oidc_client_id, secret, f"{settings.base_url}/sign-in/provider/back")

    def begin(self, next_path: str) -> tuple[str, SignInRequest]:
        """Begin a sign-in: the address to which the browser goes, and what must be kept. Raises Unavailable."""
        state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
        request = SignInRequest(state, nonce, verifier, next_path)
        endpoint = self._require_endpoint(self._discover())
        with self._open() as client:
            address, _ = client.create_authorization_url(
                endpoint, state=request.state, nonce=request.nonce, code_verifier=request.verifier
            )
        return str(address), request

    def finish(self, request: SignInRequest, state: str, code: str) -> Mapping[str, Any]:
        """Exchange the code that came back, and return the claims of the checked ID token.

        Raises: Forbidden where anything does not fit; Unavailable while the provider does not answer.
        """
        if not code or not hmac.compare_digest(state.encode(), request.state.encode()):
            raise Forbidden("That sign-in does not belong to this browser, or is over: begin again.")
        published = self._discover()
        try:
            with self._open() as client:
                token = client.fetch_token(
                    str(published.get("token_endpoint", "")), code=code, code_verifier=request.verifier
                )
            claims = self._check(
                str(token.get("id_token", "")), self._load(str(published.get("jwks_uri", ""))), request
            )
        except (AuthlibBaseError, JoseError, ValueError):
            raise Forbidden("The identity provider's answer does not hold: begin again.") from None
        except httpx2.HTTPError:
            raise Unavailable(_AWAY, public=_AWAY) from None
        return claims

    def _check(self, token: str, keys: Mapping[str, Any], request: SignInRequest) -> Mapping[str, Any]:
        decoded = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=list(ALGORITHMS))  # type: ignore[arg-type]
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
            "nonce": {"essential": True, "value": request.nonce},
            "sub": {"essential": True},
        }
        params = {"nonce": request.nonce, "client_id": self.client_id}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        claims.validate(leeway=LEEWAY_S)
        return dict(claims)

    def _discover(self) -> Mapping[str, Any]:
        published = self._load(f"{self.issuer}/.well-known/openid-configuration")
        if str(published.get("issuer", "")).rstrip("/") != self.issuer:
            raise Unavailable("the provider names another issuer than SELVEDGE_OIDC_ISSUER", public=_AWAY)
        return published

    def _require_endpoint(self, published: Mapping[str, Any]) -> str:
        """Require an address to which a browser may be sent; http only to this very machine, for trying out."""
        endpoint = str(published.get("authorization_endpoint", ""))
        local = self.issuer.startswith("http://127.0.0.1") and endpoint.startswith("http://127.0.0.1")
        if not endpoint.startswith("https://") and not local:
            raise Unavailable("the provider's authorization_endpoint is no https address", public=_AWAY)
        return endpoint

    def _load(self, address: str) -> Mapping[str, Any]:
        try:
            with self.http() as client:
                answer = client.get(address).raise_for_status()
                loaded: Any = json.loads(answer.content)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            raise Unavailable(_AWAY, public=_AWAY) from None
        return loaded if isinstance(loaded, dict) else {}

    def _open(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self.client_id,
            client_secret=self.client_secret or None,
            token_endpoint_auth_method="client_secret_basic" if self.client_secret else "none",
            scope="openid profile email",
            redirect_uri=self.redirect_uri,
            code_challenge_method="S256",
            timeout=SECONDS,
        )
