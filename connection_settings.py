"""The settings of connections with other systems: a part of `Settings`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

_RULE = r"[^=,]+=(viewer|marketer|stylist|data_scientist|operator|owner)"
"""One rule of roles: value=role."""


class ConnectionSettings(BaseSettings):
    """How other systems are told."""

    webhook_networks: str = ""
    """Private networks in which endpoints of webhooks may lie, and without TLS, separated by commas: 10.1.0.0/16. All
    other private addresses are refused, by whatever name."""
    webhook_days: float = Field(default=30.0, gt=0)
    """Days for which messages to endpoints are kept, to be seen and sent again."""

    notice_address: str = ""
    """Address to which a mail goes when something is wrong, and when that is over. Empty: none."""
    notice_webhook: SecretStr | None = None
    """URL that gets the same as JSON with the field `text`, as chats take it; a secret, since it often holds a token.
    None: none."""

    mcp_confirm: bool = True
    """Whether a person must say yes to each act of an agent (docs/mcp.md)."""
    mcp_key: SecretStr | None = None
    """The key for which `selvedge mcp` acts, one that `selvedge keys create` made. Empty: it acts for whoever runs it,
    with the role that its option names."""

    oidc_issuer: str = Field(default="", pattern=r"^(https://.+|http://127\.0\.0\.1[:/].*)?$")
    """Address of the identity provider (OpenID Connect) by which people sign in. Empty: none."""
    oidc_name: str = "the shop's account"
    """What the sign-in page calls it."""
    oidc_client_id: str = ""
    """The id by which the provider knows Selvedge; its redirect is `/sign-in/provider/back` of the public address."""
    oidc_secret_file: Path | None = None
    """File with the client's secret. None: a public client, by PKCE alone."""
    oidc_role_claim: str = "groups"
    """The claim of the ID token that gives roles."""
    oidc_roles: str = Field(default="", pattern=rf"^({_RULE}(,{_RULE})*)?$")
    """Which value of it gives which role, the strongest first: `shop-admins=owner,marketing=marketer`."""
    oidc_default_role: Literal["", "viewer", "marketer", "stylist", "data_scientist", "operator"] = ""
    """The role of whom no value gives one. Empty: they are not let in."""
    oidc_domains: str = ""
    """Domains of verified addresses that are let in, separated by commas. Empty: whoever the provider lets in."""
