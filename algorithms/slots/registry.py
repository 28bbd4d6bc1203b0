"""The registry of all algorithms, and for each slot the chain that answers a client now.

`algorithms.toml` and the installed packages are read again every few seconds in a thread of their own, so that a change
takes effect without a restart and no question waits for it. A broken file changes nothing; the log says so.
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

from algorithms.slots import packages as installed
from algorithms.slots import policy_changes, policy_file, slot_metrics
from algorithms.slots.batches import compute_batch_seconds, split_into_chunks
from algorithms.slots.guard import Member, SlotAlgorithm, ask_chain
from algorithms.slots.packages import AlgorithmPackage
from algorithms.slots.processes import Helpers, Target
from algorithms.slots.registry_state import LoadedAlgorithm, RegistryState
from algorithms.slots.remote import RemoteAlgorithm, RemoteEndpoint
from algorithms.slots.shadows import Recorder, ShadowRunner
from algorithms.slots.signing import parse_key
from algorithms.slots.slot_decisions import SlotDecision, Unanswered
from algorithms.slots.slot_table import require_slot
from errors import ConfigError, NotFound
from models.slot_policies import AlgorithmsFile, RemotePolicy, SlotPolicy
from models.slots import SlotQuestion
from network.allowlist import NetworkAllowlist
from settings import Settings, copy_environment

CHECK_SECONDS: Final = 2.0
"""Real seconds between two readings of the file and the packages."""
DRAIN_SECONDS: Final = 5.0
"""Real seconds after which a replaced algorithm is closed; until then it may finish its answers."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AlgorithmSummary:
    """What is known of an algorithm without asking it. `slot`: empty for a package that never had a part, because only
    the loaded algorithm says it. `version`: of the package; empty for a remote. `part`: what it does there; empty:
    nothing."""

    name: str
    kind: str
    slot: str
    version: str
    part: str
    source: str


class Registry:
    """The registry, safe from many threads; close it. `file`: algorithms.toml, may be missing. `paths`: further folders
    with packages. `environment`: what algorithms may see of it. `serving`: whether to start the algorithms that slots
    name. `lenient`: where the file is wrong, show the last recorded policies, and the mistake as `problem`. `record`
    receives every shadow answer in another thread; without it no shadow is asked."""

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
        self.generation = 0
        """Raised whenever policies or the algorithms in force change."""
        self._shadows = ShadowRunner(record) if record else None
        self._adopt_state(RegistryState())
        self._refreshing = threading.Lock()
        self._closed = threading.Event()
        self._problem = ""
        try:
            self.refresh()
        except ConfigError as wrong:
            if lenient:
                last = AlgorithmsFile(slots=policy_changes.load_last_slots(self.file))
                self._problem = str(wrong)
                self._adopt_state(RegistryState(last, installed.find_packages(self._paths)))
                return
            if not serving:
                raise
            self._log_problem(
                str(wrong)
            )  # a slip of the pen must not keep a worker from starting: the built-in answers

    @classmethod
    def from_settings(
        cls, settings: Settings, *, serving: bool = True, lenient: bool = False, record: Recorder | None = None
    ) -> Self:
        """Build a registry of the packages in this environment and in the folder `algorithms` under the home, with the
        policy file beside that folder."""
        home = Path(settings.home).absolute()
        file, paths = home / policy_file.NAME, [str(home / "algorithms")]
        return cls(file, paths, copy_environment(), serving=serving, lenient=lenient, record=record)

    @property
    def problem(self) -> str:
        """What is wrong with the file, as far as it was read; empty: nothing."""
        return self._problem

    def watch(self, seconds: float = CHECK_SECONDS) -> None:
        """Start a thread that looks for changes and adds edits by hand to the history."""

        def look() -> None:
            noted = None
            while not self._closed.wait(seconds):
                try:
                    self.refresh()
                    if self._state.file != noted:
                        policy_changes.record_manual_edit(self.file, datetime.now(UTC))
                        noted = self._state.file
                except ConfigError as wrong:
                    self._log_problem(str(wrong))
                except Exception as broken:  # the next look may go better; without the thread no change is ever seen
                    self._log_problem(f"looking for algorithms failed: {type(broken).__name__}")

        threading.Thread(target=look, name="algorithms", daemon=True).start()

    def refresh(self) -> None:
        """Read the file and the packages again and take over what changed. Raises ConfigError; then all stays as it
        was."""
        with self._refreshing:
            if self._closed.is_set():
                return
            old, file, packages = self._state, policy_file.read_file(self.file), installed.find_packages(self._paths)
            wanted = {name: slot for slot, policy in file.slots.items() for name in policy.live}
            _require_known_names(file, packages)
            names = wanted.items() if self._serving else ()
            live = {name: self._reuse_or_load(name, slot, file, packages, old) for name, slot in names}
            self._adopt_state(RegistryState(file, packages, live))
            self.generation += live != old.live or file != old.file
            self._problem = ""
        for name, gone in old.live.items():
            if live.get(name) is not gone:
                _close_later(gone.member.algorithm)
        if self._serving and live != old.live:
            slot_metrics.show_circuits({(loaded.slot, name): loaded.member.circuit for name, loaded in live.items()})

    def list_algorithms(self) -> list[AlgorithmSummary]:
        """List all algorithms by name."""
        state = self._state
        slots = policy_changes.load_past_slots(self.file)
        slots |= {name: slot for slot, policy in state.file.slots.items() for name in policy.live}
        slots |= {name: remote.slot for name, remote in state.file.remote.items()}
        rows = [
            (package.name, "package", package.version, f"{package.package} {package.entry}")
            for package in state.packages.values()
        ]
        rows += [(name, "remote", "", str(remote.url)) for name, remote in state.file.remote.items()]
        return [
            AlgorithmSummary(
                name, kind, slot, version, state.find_policy(slot).describe_role(name) if slot else "", source
            )
            for name, kind, version, source in sorted(rows)
            for slot in [slots.get(name, "")]
        ]

    def list_policies(self) -> dict[str, SlotPolicy]:
        """Return the policies of the slots that the file names."""
        return self._state.file.slots

    def is_ready(self, slot: str, seconds: float) -> bool:
        """Return whether all algorithms of a slot can be asked, waiting at most so many seconds for each."""
        return all(
            loaded.member.algorithm.is_ready(seconds) for loaded in self._state.live.values() if loaded.slot == slot
        )

    def list_chain(self, slot: str, client_id: str) -> list[Member]:
        """List whom to ask for this client, first the champion or the client's challenger, without the built-in."""
        state = self._state
        return state.list_chain(slot, state.choose_variant(slot, client_id))

    def decide(self, slot: str, question: SlotQuestion) -> SlotDecision:
        """Ask the slot's chain one question and return a valid answer in time; shadows are asked in the background."""
        return self.decide_many(slot, [question])[0]

    def decide_many(self, slot: str, questions: Sequence[SlotQuestion]) -> list[SlotDecision]:
        """Ask the slot's chain and its built-in the questions of many clients and return the answers in order."""
        attempts = self.ask_algorithms(slot, questions)
        return [attempt.decide() if isinstance(attempt, Unanswered) else attempt for attempt in attempts]

    def ask_algorithms(
        self, slot: str, questions: Sequence[SlotQuestion], first: str = ""
    ) -> list[SlotDecision | Unanswered]:
        """Ask the slot's chain without the built-in, which is to answer what nobody did. `first`: who is asked first,
        as a flag says, apart from the slot's split. Clients of one variant are asked together in chunks, one call each;
        `compute_batch_seconds` gives a chunk's deadline."""
        state, attempts = self._state, dict[int, SlotDecision | Unanswered]()
        variants = [first or state.choose_variant(slot, question.client_id) for question in questions]
        experiment = None if first else state.find_policy(slot).experiment
        for variant in dict.fromkeys(variants):
            indices = [index for index, client_variant in enumerate(variants) if client_variant == variant]
            for chunk in split_into_chunks(indices):
                answers = iter(self._ask_chunk(state, slot, variant, [questions[index] for index in chunk]))
                attempts |= {k: replace(next(answers), variant=variant, experiment=experiment) for k in chunk}
        return [attempts[index] for index in range(len(questions))]

    def _ask_chunk(
        self, state: RegistryState, slot: str, first: str, questions: Sequence[SlotQuestion]
    ) -> list[SlotDecision | Unanswered]:
        slot_entry, seconds = require_slot(slot), compute_batch_seconds(state.find_deadline(slot), len(questions))
        attempts = ask_chain(slot_entry, state.list_chain(slot, first), questions, seconds)
        if self._shadows is not None:
            self._shadows.ask(slot_entry, state.list_shadows(slot), questions, seconds)
        return attempts

    def find_deadline(self, slot: str) -> float:
        """Return the deadline in force for one question, in seconds."""
        return self._state.find_deadline(slot)

    def open(self, name: str) -> SlotAlgorithm:
        """Open an algorithm for a trial, apart from those that serve; the caller closes it. Raises NotFound."""
        state = self._state
        if name in state.file.remote:
            return self._connect_remote(name, state.file.remote[name], state.file)
        if name in state.packages:
            return self._start_package(state.packages[name])
        names = ", ".join(algorithm.name for algorithm in self.list_algorithms())
        raise NotFound(f"no algorithm {name!r}; there are {names or 'none'}", "name")

    def check(self, file: AlgorithmsFile) -> None:
        """Check that every algorithm named in the file exists and is for its slot. Raises ConfigError."""
        _require_known_names(file, self._state.packages)

    def close(self) -> None:
        """Close all processes and connections."""
        self._closed.set()
        if self._shadows is not None:
            self._shadows.close()
        with self._refreshing:
            for loaded in self._state.live.values():
                loaded.member.algorithm.close()
            self._adopt_state(RegistryState(self._state.file, self._state.packages))

    def _adopt_state(self, state: RegistryState) -> None:
        self._state = state
        self.plugged = frozenset(slot for slot, policy in state.file.slots.items() if policy.live)
        """The slots in which an algorithm beside the built-in has a part. Read for every question, so it is kept."""

    def _reuse_or_load(
        self, name: str, slot: str, file: AlgorithmsFile, packages: Mapping[str, AlgorithmPackage], old: RegistryState
    ) -> LoadedAlgorithm:
        identity = _compute_identity(name, file, packages)
        before = old.live.get(name)
        if before is not None and before.identity == identity:
            return before
        remote = file.remote.get(name)
        algorithm: SlotAlgorithm = (
            self._start_package(packages[name], slot) if remote is None else self._connect_remote(name, remote, file)
        )
        return LoadedAlgorithm(Member(name, algorithm), slot, identity)

    def _start_package(self, package: AlgorithmPackage, slot: str = "") -> Helpers:
        target = Target(package.name, package.entry, slot, self._paths, environment=self._environment)
        return Helpers(target, self._helpers)

    def _connect_remote(self, name: str, policy: RemotePolicy, file: AlgorithmsFile) -> RemoteAlgorithm:
        reach = NetworkAllowlist.parse(file.remotes.hosts, file.remotes.networks)
        endpoint = RemoteEndpoint(name, str(policy.url), parse_key(policy.secret.get_secret_value()), reach)
        return RemoteAlgorithm(endpoint, ca_file=file.remotes.ca_file)

    def _log_problem(self, problem: str) -> None:
        if problem != self._problem:
            log.error("%s; what was in force stays so", problem)
        self._problem = problem


def _require_known_names(file: AlgorithmsFile, packages: Mapping[str, AlgorithmPackage]) -> None:
    for slot, policy in file.slots.items():
        for name in policy.live:
            if name not in packages and name not in file.remote:
                raise ConfigError(f"{policy_file.NAME}: slots.{slot}: no algorithm {name!r} is installed or stated")
            if name in file.remote and file.remote[name].slot != slot:
                raise ConfigError(f"{policy_file.NAME}: slots.{slot}: {name!r} is for {file.remote[name].slot}")


def _compute_identity(name: str, file: AlgorithmsFile, packages: Mapping[str, AlgorithmPackage]) -> str:
    """Compute a text that changes when what stands behind the name changes."""
    if name in file.remote:
        remote = file.remote[name]
        description = f"{remote.url}\n{remote.secret.get_secret_value()}\n{file.remotes.model_dump_json()}"
        return hashlib.sha256(description.encode()).hexdigest()
    return repr(packages[name])


def _close_later(algorithm: SlotAlgorithm) -> None:
    timer = threading.Timer(DRAIN_SECONDS, algorithm.close)
    timer.daemon = True
    timer.start()
