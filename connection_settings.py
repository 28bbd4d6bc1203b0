"""The settings of connections with other systems: a part of `Settings`."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class ConnectionSettings(BaseSettings):
    """How other systems are told."""

    webhook_networks: str = ""
    """Private networks in which endpoints of webhooks may lie, and without TLS, separated by commas: 10.1.0.0/16. All
    other private addresses are refused, by whatever name."""
    webhook_days: float = Field(default=30.0, gt=0)
    """Days for which messages to endpoints are kept, to be seen and sent again."""

    mcp_confirm: bool = True
    """Whether a person must say yes to each act of an agent (docs/mcp.md)."""
    mcp_key: SecretStr | None = None
    """The key for which `selvedge mcp` acts, one that `selvedge keys create` made. Empty: it acts for whoever runs it,
    with the role that its option names."""
