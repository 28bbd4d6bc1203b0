"""The settings of the shop, its goods and their pictures: a part of `Settings`."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class ShopSettings(BaseSettings):
    """What the shop says of itself and its goods."""

    shop_name: str = "Selvedge & Co"
    """In the sender, the head and the foot of every mail."""
    shop_url: str = ""
    """Base of product links, before `/<item_id>`; empty: the plain shop pages of our own web process, `/shop`."""
    shop_origins: str = ""
    """Origins whose pages may use `/s.js` and send what visitors do, separated by commas: https://shop.example. Pages
    of our own origin may anyway."""
    demo_shop_port: int = Field(default=8010, ge=1, le=65_535)
    """Of the demo's own shop, whose pages use our script and API."""
    quiz_url: str = ""
    """Where the quiz mail leads, if the shop has a quiz and sends `quiz_answered`. Empty: our own, `/quiz/<token>`."""
    shop_address: str = "Selvedge & Co, 12 Weaver's Yard, London E2 7DD"
    """Postal address at the foot of every mail."""
    shop_time_zone: str = "Europe/London"
    """Of clients who state none."""
    shop_currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    """ISO code of all amounts; amounts in another currency are refused."""
    shop_voice: str = "Confident, concise and warm; we know clothes and respect the reader's time."
    """How mail sounds; a model's brief holds it. A campaign may state its own."""

    utm_source: str = Field(default="selvedge", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """What "utm_source" says in links to an item's own page. Empty: no UTM parameters there."""
    utm_medium: str = Field(default="email", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """What "utm_medium" says there."""
    utm_campaign: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,64}$")
    """What "utm_campaign" says there. Empty: the mail's campaign, else its kind, such as `welcome`."""
    picture_networks: str = ""
    """Private networks from which pictures of items may be fetched all the same, separated by commas: 10.1.0.0/16. All
    other private addresses are refused, by whatever name."""
    picture_max_bytes: int = Field(default=10_000_000, ge=1_000)
    """Largest picture that is fetched, in bytes."""
    drawn_pictures: bool = False
    """Whether items without a picture are shown as drawings. The demo sets it; a shop shows its own."""
    size_table: Path | None = None
    """TOML file of the shop's own sizes, beside the built-in ones (docs/goods.md)."""

    @field_validator("shop_time_zone")
    @classmethod
    def _check_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            raise ValueError(f"no such time zone: {name}") from unknown
        return name

    def list_shop_origins(self) -> frozenset[str]:
        """List the origins whose pages may send what visitors do."""
        return frozenset(origin.strip().rstrip("/") for origin in self.shop_origins.split(",") if origin.strip())
