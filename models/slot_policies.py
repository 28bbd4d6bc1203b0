"""`algorithms.toml`: who answers each slot, and which algorithms are remote."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, HttpUrl, SecretStr, model_validator

from models.base import Contract, Id, StrictInput

Part = Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)]
BUILT_IN = "house"
"""The slot's built-in. As a champion it means that no algorithm is asked."""


class SlotSplit(Contract):
    """How the clients of a slot are split in an experiment: each variant's share, rounded to six digits."""

    champion: Id
    shares: dict[Id, float]

    @property
    def challengers(self) -> tuple[str, ...]:
        """The variants other than the champion."""
        return tuple(name for name in self.shares if name != self.champion)

    def __str__(self) -> str:
        """Describe the split in words, champion first: `one 0.75, two 0.25`."""
        return ", ".join(f"{name} {self.shares[name]:.6g}" for name in (self.champion, *self.challengers))


def parse_split(value: Any) -> SlotSplit | None:
    """Parse a split: one, its JSON, or words as older records hold them; nothing is None."""
    if not value:
        return None
    if isinstance(value, str) and not value.startswith("{"):
        shares = dict(part.split(" ") for part in value.split(", "))
        return SlotSplit(champion=next(iter(shares)), shares={name: float(share) for name, share in shares.items()})
    return SlotSplit.model_validate_json(value) if isinstance(value, str) else SlotSplit.model_validate(value)


def _round_share(share: float) -> float:
    return float(f"{share:.6g}")


class SlotPolicy(StrictInput):
    """The policy of one slot. `split`: the share of clients that each challenger answers; the champion has the rest.

    `fallbacks`: asked in the time that is left; after them the built-in answers. `shadows`: asked and never shown.
    """

    champion: Id = BUILT_IN
    fallbacks: tuple[Id, ...] = Field(default=(), max_length=5)
    shadows: tuple[Id, ...] = Field(default=(), max_length=5)
    split: dict[Id, Part] = Field(default_factory=dict)
    deadline_ms: int | None = Field(default=None, ge=10, le=60_000)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if sum(self.split.values()) > 1:
            raise ValueError("split: the parts add up to more than 1")
        parts = [name for name in (self.champion, *self.split, *self.shadows) if name != BUILT_IN]
        if len(set(parts)) < len(parts):
            raise ValueError("one algorithm cannot be champion, challenger and shadow of a slot at once")
        return self

    @property
    def live(self) -> tuple[str, ...]:
        """Every algorithm that must be ready, each once."""
        names = (self.champion, *self.split, *self.fallbacks, *self.shadows)
        return tuple(dict.fromkeys(name for name in names if name != BUILT_IN))

    def describe_role(self, name: str) -> str:
        """Describe an algorithm's roles in the slot; empty: none."""
        parts = ["champion"] if name == self.champion else []
        parts += [f"{100 * self.split[name]:.6g}% of the clients"] if name in self.split else []
        parts += ["fallback"] if name in self.fallbacks else []
        parts += ["shadow"] if name in self.shadows else []
        return ", ".join(parts)

    @property
    def experiment(self) -> SlotSplit | None:
        """The split in force, the champion's share included; None without one."""
        if not self.split:
            return None
        parts = {self.champion: 1 - sum(self.split.values()), **self.split}
        return SlotSplit(champion=self.champion, shares={name: _round_share(part) for name, part in parts.items()})


class SlotPolicyRequest(SlotPolicy):
    """A request to set the whole policy of a slot. `by`: who asks, for the history. `unchecked`: skip the check of
    newcomers."""

    by: Id
    unchecked: bool = False

    @property
    def policy(self) -> SlotPolicy:
        """The policy itself."""
        return SlotPolicy.model_validate(self.model_dump(exclude={"by", "unchecked"}))


class RemotePolicy(StrictInput):
    """An algorithm behind HTTP. `secret`: whsec_ and base64, known to both sides."""

    slot: str
    url: HttpUrl
    secret: SecretStr


class RemoteHosts(StrictInput):
    """Where remote algorithms may run: host[:port], and private networks that may be reached as exceptions."""

    hosts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    ca_file: Path | None = None
    """Additional certificates (PEM) to trust."""


class AlgorithmsFile(StrictInput):
    """The whole file. Slots that it leaves out are answered by the built-in."""

    slots: dict[str, SlotPolicy] = Field(default_factory=dict)
    remote: dict[Id, RemotePolicy] = Field(default_factory=dict)
    remotes: RemoteHosts = RemoteHosts()
