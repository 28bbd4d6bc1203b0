"""What is in force at one moment: the file, the packages, and the algorithms that are ready to be asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from algorithms.slots.guard import Member
from algorithms.slots.installed import Installed
from algorithms.slots.slot_table import slot_named
from domain.experiments import variant
from models.policies import AlgorithmsFile, Policy


@dataclass(frozen=True)
class Live:
    """An algorithm that may be asked. `identity` changes when what stands behind its name does."""

    member: Member
    slot: str
    identity: str


@dataclass(frozen=True)
class InForce:
    """Never changed, only replaced: whoever holds one sees one state of affairs."""

    file: AlgorithmsFile = field(default_factory=AlgorithmsFile)
    packages: dict[str, Installed] = field(default_factory=dict)
    live: dict[str, Live] = field(default_factory=dict)

    def policy(self, slot: str) -> Policy:
        """What the file says of a slot; the house answers where it says nothing."""
        return self.file.slots.get(slot, Policy())

    def variant(self, slot: str, client_id: str) -> str:
        """Who is to answer for this client: the champion, or a challenger."""
        policy = self.policy(slot)
        return variant(client_id, slot, policy.split, policy.champion)

    def chain(self, slot: str, first: str) -> list[Member]:
        """Who is asked, in this order, where `first` is to answer; the house is not named."""
        return self._members([first, *self.policy(slot).fallbacks])

    def shadows(self, slot: str) -> list[Member]:
        """Who is asked too and never shown."""
        return self._members(self.policy(slot).shadows)

    def seconds(self, slot: str) -> float:
        """The deadline for one question."""
        stated = self.policy(slot).deadline_ms
        return slot_named(slot).seconds if stated is None else stated / 1000

    def _members(self, names: Iterable[str]) -> list[Member]:
        return [self.live[name].member for name in dict.fromkeys(names) if name in self.live]
