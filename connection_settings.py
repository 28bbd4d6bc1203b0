"""The settings of connections with other systems: a part of `Settings`."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from domain.network_addresses import Network
from errors import ConfigError

_RULE = r"[^=,]+=(viewer|marketer|stylist|data_scientist|operator|owner)"
"""One rule of roles: value=role."""


class ConnectionSettings(BaseSettings):
    """Where other systems are, and how they are told."""

    temporal_address: str = "127.0.0.1:7233"
    """Host and port of the Temporal server."""
    temporal_namespace: str = "default"
    """Must know the search attributes; the dev server and docker-compose.yml see to it."""
    temporal_ui_url: str = "http://127.0.0.1:8233"
    """Where the pages link to; the demo serves the UI on its port."""
    payload_keys_file: Path | None = None
    """The keys that encrypt what Temporal keeps, a file that `selvedge payload-keys` writes. None: `payload-keys.json`
    under `home`; while there is none, nothing is encrypted."""

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

    proxy_user_header: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")
    """Header in which a proxy that has signed somebody in names them, such as Remote-User or X-Forwarded-User. Empty:
    none is read."""
    proxy_networks: str = ""
    """Networks or addresses of proxies, separated by commas: 10.1.0.0/16. Only a connection from there is believed, in
    that header and in X-Forwarded-For and X-Forwarded-Proto."""
    proxy_groups_header: str = Field(default="", pattern=r"^([A-Za-z][A-Za-z0-9-]*)?$")
    """Header in which it names their groups, separated by commas. Empty: none is read."""
    proxy_roles: str = Field(default="", pattern=rf"^({_RULE}(,{_RULE})*)?$")
    """Which group gives which role, the strongest first: `shop-admins=owner,marketing=marketer`. Empty: roles are the
    owner's to give."""
    proxy_default_role: Literal["", "viewer", "marketer", "stylist", "data_scientist", "operator"] = ""
    """The role of somebody whom the proxy names and nobody invited. Empty: they are not let in."""
    proxy_sign_out: str = Field(default="", pattern=r"^(https://\S+|/|/[^/\\\s]\S*)?$")
    """Where the proxy signs people out, such as /oauth2/sign_out. Empty: the page says only that it does."""

    @field_validator("proxy_networks")
    @classmethod
    def _check_networks(cls, text: str) -> str:
        parse_proxy_networks(text)
        return text

    @model_validator(mode="after")
    def _check_proxy(self) -> Self:
        if self.proxy_user_header and not self.proxy_networks:
            raise ConfigError("SELVEDGE_PROXY_NETWORKS: say where the proxy stands, or anybody could name themselves")
        if self.proxy_roles and not self.proxy_groups_header:
            raise ConfigError("SELVEDGE_PROXY_GROUPS_HEADER: say in which header groups stand")
        return self


def parse_proxy_networks(text: str) -> tuple[Network, ...]:
    """Parse networks and single addresses, separated by commas. Raises ValueError naming the wrong one."""
    networks = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        try:
            network = ipaddress.ip_network(part)
        except ValueError:
            raise ValueError(f"{part}: give networks or addresses, such as 10.1.0.0/16 or fd00::1") from None
        if network.prefixlen == 0:
            raise ValueError(f"{part}: is everybody; give the network in which the proxy stands")
        networks.append(network)
    return tuple(networks)
