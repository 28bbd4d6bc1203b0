"""The settings of the web process and its address: a part of `Settings`."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class WebSettings(BaseSettings):
    """Where the web process listens, and for whom."""

    web_host: str = "127.0.0.1"
    """Address to listen on."""
    web_port: int = Field(default=8000, ge=1, le=65_535)
    """The API, the pages, the mailbox."""
    web_names: str = ""
    """Further names by which others reach the web process, as Host says them, separated by commas. Those of
    `web_host` and `public_url`, and the local ones, are served anyway; all others get 400."""
    web_workers: int = Field(default=1, ge=1, le=64)
    """Web processes that `selvedge web` starts on the one port; `--workers` says otherwise. Each has connections to the
    database and memory of its own."""
    web_helper: bool = True
    """Whether each web process has a process beside it that ranks lists, counts trends and saves decisions. Without it
    answers wait while threads do that; it takes some 200 MB."""
    web_connections: int = Field(default=18_000, ge=64)
    """Connections of a process at once; fewer where it may open fewer files. Beyond it a new one takes the place of an
    idle one."""
    web_connections_per_address: int = Field(default=256, ge=1)
    """Connections at once from one address outside of the own network (loopback and private addresses)."""
    public_url: str = ""
    """How clients reach the web process: base of all links in mail. Empty: http://web_host:web_port. Beside a real mail
    server it must be an https address that others reach, or no mail is sent."""
