"""Every algorithm there is, and for each slot the chain that answers a client now.

`algorithms.toml` and the installed packages are looked at again every few seconds, in a thread of their own, so that a
change takes effect without a restart and no question waits for it. A broken file changes nothing; the log says so.
"""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Self

from algorithms.slots import installed, policy_changes, policy_file, slot_metrics
from algorithms.slots.batches import batch_seconds, chunks
from algorithms.slots.guard import Algorithm, Decision, Member, decide_many
from algorithms.slots.in_force import InForce, Live
from algorithms.slots.installed import Installed
from algorithms.slots.processes import Helpers, Target
from algorithms.slots.reach import Reach
from algorithms.slots.remote import Endpoint, Remote
from algorithms.slots.shadows import Recorder, Shadows
from algorithms.slots.signing import key_of
from algorithms.slots.slot_table import slot_named
from errors import ConfigError, NotFound
from models.policies import AlgorithmsFile, Policy, RemotePolicy
from models.slots import Question
from settings import Settings, inherited

CHECK_SECONDS: Final = 2.0
"""Real seconds between two looks at the file and the packages."""
DRAIN_SECONDS: Final = 5.0
"""An algorithm that was replaced may still be answering; it is closed so much later."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known:
    """What is known of an algorithm without asking it. `slot`: empty for a package that never had a part, for it says
    so when loaded. `version`: of the package; of a remote it is not known. `part`: what it does there; empty: nothing.
    """

    name: str
    kind: str
    slot: str
    version: str
    part: str
    source: str


class Registry:
    """Safe to ask from many threads. `file`: algorithms.toml, may be missing. `paths`: further folders with packages.
    `environment`: what algorithms may see of it. `serving`: whether to start those that slots name.
    `lenient`: where the file is wrong, show what was last on record, and the mistake as `problem`.
    `record` is handed every answer of a shadow, in another thread; none, and no shadow is asked. Close it."""

    def __init__(
        self,
        file: Path,
        paths: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        helpers: int = 2,
        serving: bool = True,
        lenient: bool = False,
        record: Recorder | None = None,
    ) -> None:
        self.file, self._paths, self._environment, self._helpers = file, tuple(paths), environment or {}, helpers
        self._serving = serving
        self._shadows = Shadows(record) if record else None
        self._state = InForce()
        self._renewing = threading.Lock()
        self._closed = threading.Event()
        self._problem = ""
        try:
            self.refresh()
        except ConfigError as wrong:
            if lenient:
                last = AlgorithmsFile(slots=policy_changes.last_slots(self.file))
                self._problem, self._state = str(wrong), InForce(last, installed.find(self._paths))
                return
            if not serving:
                raise
            self._say(str(wrong))  # a slip of the pen must not keep a worker from starting: the house answers

    @classmethod
    def from_settings(
        cls, settings: Settings, *, serving: bool = True, lenient: bool = False, record: Recorder | None = None
    ) -> Self:
        """Packages of this environment and of the folder `algorithms` under the home; the file beside it."""
        home = Path(settings.home).absolute()
        file, paths = home / policy_file.NAME, [str(home / "algorithms")]
        return cls(file, paths, inherited(), serving=serving, lenient=lenient, record=record)

    @property
    def problem(self) -> str:
        """What is wrong with the file, as far as it was looked at; empty: nothing."""
        return self._problem

    def watch(self, seconds: float = CHECK_SECONDS) -> None:
        """Look for changes from now on, in a thread. An edit by hand is entered into the history."""

        def look() -> None:
            noted = None
            while not self._closed.wait(seconds):
                try:
                    self.refresh()
                    if self._state.file != noted:
                        policy_changes.note(self.file, datetime.now(UTC))
                        noted = self._state.file
                except ConfigError as wrong:
                    self._say(str(wrong))
                except Exception as broken:  # the next look may go better; without the thread no change is ever seen
                    self._say(f"looking for algorithms failed: {type(broken).__name__}")

        threading.Thread(target=look, name="algorithms", daemon=True).start()

    def refresh(self) -> None:
        """Take over what the file and the packages say now. Raises ConfigError; then all stays as it was."""
        with self._renewing:
            if self._closed.is_set():
                return
            old, file, packages = self._state, policy_file.read(self.file), installed.find(self._paths)
            wanted = {name: slot for slot, policy in file.slots.items() for name in policy.live}
            _check_names(file, packages)
            names = wanted.items() if self._serving else ()
            live = {name: self._kept_or_new(name, slot, file, packages, old) for name, slot in names}
            self._state = InForce(file, packages, live)
            self._problem = ""
        for name, gone in old.live.items():
            if live.get(name) is not gone:
                _close_later(gone.member.algorithm)
        if self._serving and live != old.live:
            slot_metrics.show_circuits({(each.slot, name): each.member.circuit for name, each in live.items()})

    def known(self) -> list[Known]:
        """All algorithms, by name."""
        state = self._state
        slots = policy_changes.slots_had(self.file)
        slots |= {name: slot for slot, policy in state.file.slots.items() for name in policy.live}
        slots |= {name: each.slot for name, each in state.file.remote.items()}
        found = [
            (package.name, "package", package.version, f"{package.package} {package.entry}")
            for package in state.packages.values()
        ]
        found += [(name, "remote", "", str(each.url)) for name, each in state.file.remote.items()]
        return [
            Known(name, kind, slot, version, state.policy(slot).part_of(name) if slot else "", source)
            for name, kind, version, source in sorted(found)
            for slot in [slots.get(name, "")]
        ]

    def policies(self) -> dict[str, Policy]:
        """What the file says of the slots."""
        return self._state.file.slots

    def asks(self, slot: str) -> bool:
        """Whether anyone but the house has a part in a slot. Costs next to nothing."""
        return bool(self._state.policy(slot).live)

    def ready(self, slot: str, seconds: float) -> bool:
        """Whether all that have a part in a slot can be asked, within so many seconds each."""
        return all(each.member.algorithm.ready(seconds) for each in self._state.live.values() if each.slot == slot)

    def chain(self, slot: str, client_id: str) -> list[Member]:
        """Who is asked for this client, first the champion or the client's challenger; the house is not named."""
        state = self._state
        return state.chain(slot, state.variant(slot, client_id))

    def decide(self, slot: str, question: Question) -> Decision:
        """The answer to one question by the slot's chain, valid and in time. The shadows are asked off the path."""
        return self.decide_many(slot, [question])[0]

    def decide_many(self, slot: str, questions: Sequence[Question]) -> list[Decision]:
        """The answers to questions of many clients, in their order, each judged by itself.

        Asked in chunks, one call each, clients of one variant together; `batch_seconds` says how long a chunk may take.
        """
        state, made = self._state, dict[int, Decision]()
        variants = [state.variant(slot, question.client_id) for question in questions]
        for first in dict.fromkeys(variants):
            places = [place for place, its_variant in enumerate(variants) if its_variant == first]
            for chunk in chunks(places):
                decisions = self._decided(state, slot, first, [questions[place] for place in chunk])
                made |= zip(chunk, decisions, strict=True)
        return [made[place] for place in range(len(questions))]

    def _decided(self, state: InForce, slot: str, first: str, questions: Sequence[Question]) -> list[Decision]:
        its, seconds = slot_named(slot), batch_seconds(state.seconds(slot), len(questions))
        decisions = decide_many(its, state.chain(slot, first), questions, seconds)
        if self._shadows is not None:
            self._shadows.ask(its, state.shadows(slot), questions, seconds)
        experiment = state.policy(slot).experiment
        return [replace(decision, variant=first, experiment=experiment) for decision in decisions]

    def seconds(self, slot: str) -> float:
        """The deadline in force for one question."""
        return self._state.seconds(slot)

    def open(self, name: str) -> Algorithm:
        """An algorithm to try out, apart from those that serve; the caller closes it. Raises NotFound."""
        state = self._state
        if name in state.file.remote:
            return self._remote(name, state.file.remote[name], state.file)
        if name in state.packages:
            return self._package(state.packages[name])
        raise NotFound(
            f"no algorithm {name!r}; there are {', '.join(each.name for each in self.known()) or 'none'}", "name"
        )

    def check(self, file: AlgorithmsFile) -> None:
        """Raises ConfigError when a slot names an algorithm that is not there, or a remote one of another slot."""
        _check_names(file, self._state.packages)

    def close(self) -> None:
        """End all processes and connections."""
        self._closed.set()
        if self._shadows is not None:
            self._shadows.close()
        with self._renewing:
            for each in self._state.live.values():
                each.member.algorithm.close()
            self._state = InForce(self._state.file, self._state.packages)

    def _kept_or_new(
        self, name: str, slot: str, file: AlgorithmsFile, packages: Mapping[str, Installed], old: InForce
    ) -> Live:
        identity = _identity(name, file, packages)
        before = old.live.get(name)
        if before is not None and before.identity == identity:
            return before
        remote = file.remote.get(name)
        made: Algorithm = self._package(packages[name], slot) if remote is None else self._remote(name, remote, file)
        return Live(Member(name, made), slot, identity)

    def _package(self, found: Installed, slot: str = "") -> Helpers:
        target = Target(found.name, found.entry, slot, self._paths, environment=self._environment)
        return Helpers(target, self._helpers)

    def _remote(self, name: str, policy: RemotePolicy, file: AlgorithmsFile) -> Remote:
        reach = Reach.of(file.remotes.hosts, file.remotes.networks)
        endpoint = Endpoint(name, str(policy.url), key_of(policy.secret.get_secret_value()), reach)
        return Remote(endpoint, ca_file=file.remotes.ca_file)

    def _say(self, problem: str) -> None:
        if problem != self._problem:
            log.error("%s; what was in force stays so", problem)
        self._problem = problem


def _check_names(file: AlgorithmsFile, packages: Mapping[str, Installed]) -> None:
    for slot, policy in file.slots.items():
        for name in policy.live:
            if name not in packages and name not in file.remote:
                raise ConfigError(f"{policy_file.NAME}: slots.{slot}: no algorithm {name!r} is installed or stated")
            if name in file.remote and file.remote[name].slot != slot:
                raise ConfigError(f"{policy_file.NAME}: slots.{slot}: {name!r} is for {file.remote[name].slot}")


def _identity(name: str, file: AlgorithmsFile, packages: Mapping[str, Installed]) -> str:
    """Changes when what stands behind the name does."""
    if name in file.remote:
        remote = file.remote[name]
        told = f"{remote.url}\n{remote.secret.get_secret_value()}\n{file.remotes.model_dump_json()}"
        return hashlib.sha256(told.encode()).hexdigest()
    return repr(packages[name])


def _close_later(algorithm: Algorithm) -> None:
    timer = threading.Timer(DRAIN_SECONDS, algorithm.close)
    timer.daemon = True
    timer.start()
