"""What the registry holds at one moment: the policy file, the packages, and the algorithms that can be asked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from algorithms.slots.guard import Member
from algorithms.slots.packages import AlgorithmPackage
from algorithms.slots.slot_table import require_slot
from domain.experiments import assign_variant
from models.slot_policies import AlgorithmsFile, SlotPolicy

_BUILT_IN_ANSWERS: Final = SlotPolicy()


@dataclass(frozen=True)
class LoadedAlgorithm:
    """An algorithm that can be asked. `identity` changes when what stands behind its name changes."""

    member: Member
    slot: str
    identity: str


@dataclass(frozen=True)
class RegistryState:
    """The registry's state at one moment. It is never changed, only replaced, so whoever holds one sees it whole."""

    file: AlgorithmsFile = field(default_factory=AlgorithmsFile)
    packages: dict[str, AlgorithmPackage] = field(default_factory=dict)
    live: dict[str, LoadedAlgorithm] = field(default_factory=dict)

    def find_policy(self, slot: str) -> SlotPolicy:
        """Return the policy of a slot; the default policy, in which the built-in answers, where the file names none."""
        return self.file.slots.get(slot, _BUILT_IN_ANSWERS)

    def choose_variant(self, slot: str, client_id: str) -> str:
        """Choose who answers for this client: the champion or a challenger."""
        policy = self.find_policy(slot)
        return assign_variant(client_id, slot, policy.split, policy.champion)

    def list_chain(self, slot: str, first: str) -> list[Member]:
        """List the algorithms to ask in order, beginning with `first`; the built-in, which comes last, is not in the
        list."""
        return self._members([first, *self.find_policy(slot).fallbacks])

    def list_shadows(self, slot: str) -> list[Member]:
        """List the algorithms that are asked too but never shown."""
        return self._members(self.find_policy(slot).shadows)

    def find_deadline(self, slot: str) -> float:
        """Return the deadline for one question, in seconds."""
        stated = self.find_policy(slot).deadline_ms
        return require_slot(slot).seconds if stated is None else stated / 1000

    def _members(self, names: Iterable[str]) -> list[Member]:
        return [self.live[name].member for name in dict.fromkeys(names) if name in self.live]
