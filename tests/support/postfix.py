"""A real Postfix with a Maildir behind it: its own folders, a free port, nothing of the system touched."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.worker import ROOT

OWNER, GROUP = "mail", "games"
"""Postfix gives up root for them. Debian has both; they own nothing here but the folders of the test."""
SERVICES = """\
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
SETTINGS = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {programs}
shlib_directory = {libraries}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH
export_environment = MAIL_CONFIG LD_LIBRARY_PATH
mail_owner = {owner}
setgid_group = {group}
default_privs = nobody
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mx.example.test
mydestination =
alias_maps =
alias_database =
virtual_mailbox_domains = example.com, bounce.selvedge.example
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = regexp:{folder}/boxes
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
virtual_minimum_uid = 1
transport_maps = regexp:{folder}/transports
smtpd_reject_unlisted_recipient = no
smtpd_recipient_restrictions = check_recipient_access regexp:{folder}/recipients, reject_unauth_destination
smtpd_restriction_classes = rest
rest = sleep 3
smtpd_end_of_data_restrictions = check_recipient_access regexp:{folder}/texts
"""
TABLES = {
    "transports": "",
    "boxes": "!/^missing/ all/\n",
    "recipients": "/^gone/ 550 5.1.1 No such user\n/^grey/ 450 4.2.0 Greylisted\n/^busy/ 421 4.7.0 Too many mails\n",
    "texts": "/^full/ 552 5.2.2 Mailbox full\n/^slow/ rest\n",
}
"""Whoever is called `missing` is taken and bounces; what happens to others is said by their name."""


@dataclass
class Postfix:
    """A server in `folder`, on `port` of 127.0.0.1."""

    master: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What SELVEDGE_SMTP_URL is to reach it."""
        return f"smtp://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Write its files, start it and wait until it answers. Raises RuntimeError with its log."""
        before = os.umask(0o022)  # its processes run as other accounts and must read what is written here
        try:
            self._launch()
        finally:
            os.umask(before)
        self._wait()

    def _launch(self) -> None:
        programs = self.master.resolve().parent
        root, owner = programs.parents[3], pwd.getpwnam(OWNER)
        libraries = [programs.parent, *root.glob("usr/lib/*-linux-gnu")]
        values = {"folder": self.folder, "programs": programs, "libraries": programs.parent, "port": self.port}
        (self.folder / "main.cf").write_text(SETTINGS.format(**values, owner=OWNER, group=GROUP, uid=owner.pw_uid))
        (self.folder / "master.cf").write_text(SERVICES.format(**values))
        for name, table in TABLES.items():
            (self.folder / name).write_text(table)
        self._make_folders()
        path = ":".join(map(str, libraries)) if root != Path("/") else ""
        environment = {"MAIL_CONFIG": str(self.folder), "LD_LIBRARY_PATH": path, "PATH": os.environ["PATH"]}
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen([self.master, "-d"], env=environment, stdout=out, stderr=out)

    def _make_folders(self) -> None:
        self.folder.chmod(0o755)
        for name in ("data", "mail", "queue", "queue/pid"):
            (self.folder / name).mkdir()
        for name in ("incoming", "active", "deferred", "bounce", "defer", "flush", "saved", "hold", "corrupt"):
            (self.folder / "queue" / name).mkdir(mode=0o700)
        for name, mode in (("private", 0o700), ("trace", 0o700), ("public", 0o710), ("maildrop", 0o1730)):
            (self.folder / "queue" / name).mkdir()
            (self.folder / "queue" / name).chmod(mode)
        for folder in (self.folder / "data", self.folder / "mail", *(self.folder / "queue").iterdir()):
            if folder.name != "pid":
                shutil.chown(folder, OWNER, GROUP if folder.name in ("public", "maildrop") else None)

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as smtp:
                    smtp.noop()
                return
            except (OSError, smtplib.SMTPException) as not_yet:
                if self.process is None or self.process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"Postfix did not start: {self.read_log()}") from not_yet
                time.sleep(0.05)

    def stop(self) -> None:
        """End it at once; its folder goes with it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)

    def allow(self, name: str) -> None:
        """Let those called `name` have their mail from now on."""
        table = self.folder / "recipients"
        table.write_text("".join(row for row in table.read_text().splitlines(True) if f"/^{name}/" not in row))
        self._reload()

    @contextmanager
    def route_returns(self, port: int) -> Iterator[None]:
        """Hand mail to the bounce domain on by LMTP to `port`, inside the block, and not to the Maildir."""
        table = self.folder / "transports"
        table.write_text(f"/@bounce\\.selvedge\\.example$/ lmtp:inet:127.0.0.1:{port}\n")
        self._reload()
        try:
            yield
        finally:
            table.write_text("")
            self._reload()

    def _reload(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)
        self._wait()

    def judge_mails(self, mails: list[bytes], record: str) -> list[tuple[float, str, set[str]]]:
        """What SpamAssassin by local tests and Mail::DKIM say of mails: the score, the signature's result, the rules.
        `record`: the TXT record of the key."""
        root = self.master.parent
        modules = [root / "usr/share/perl5", *root.glob("usr/lib/*-linux-gnu/perl5/*")]
        environment = os.environ | {"RECORD": record, "SA_ROOT": str(root), "PERL5LIB": ":".join(map(str, modules))}
        paths = []
        for k, raw in enumerate(mails):
            paths.append(self.folder / f"judged-{k}")
            paths[-1].write_bytes(raw)
        command = ["perl", "tests/support/judge_mail.pl", *map(str, paths)]
        told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout
        rows = (line.split(" ") for line in told.splitlines())
        return [(float(score), result, set(rules.split(","))) for score, result, rules in rows]

    def read_log(self) -> str:
        """What it wrote."""
        return "".join((self.folder / name).read_text() for name in ("out", "log") if (self.folder / name).exists())

    def read_mails(self) -> list[bytes]:
        """What lies in the Maildir, its own reports too, in the order of arrival.

        Names tell the second alone: within it they sort by inode, and what an earlier test sent came last.
        """
        paths = (self.folder / "mail").glob("all/new/*")
        return [path.read_bytes() for path in sorted(paths, key=lambda path: path.stat().st_mtime_ns)]

    def count_ids(self) -> list[str]:
        """The Message-ID of each mail of ours in the Maildir."""
        found = (message_from_bytes(raw) for raw in self.read_mails())
        return [str(mail["Message-ID"]) for mail in found if mail["Return-Path"] != "<>"]

    def wait_for_mail(self, count: int, seconds: float = 60) -> list[bytes]:
        """Wait until so many mails lie in the Maildir."""
        until = time.monotonic() + seconds
        while len(self.read_mails()) < count:
            if time.monotonic() > until:
                raise TimeoutError(f"{len(self.read_mails())} of {count} mails: {self.read_log()[-2000:]}")
            time.sleep(0.05)
        return self.read_mails()


@pytest.fixture(scope="session")
def postfix() -> Iterator[Postfix]:
    """A running Postfix for the whole session. Where it cannot be had: a failure where CI is set, else a skip."""
    command = [sys.executable, "-m", "scripts.mail_servers"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    reason = "" if found.returncode == 0 else found.stderr.strip().rpartition("\n")[2]
    if not reason and os.geteuid() != 0:
        reason = "Postfix's master starts as root alone"
    if reason:
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    server = _start(Path(found.stdout.strip()))
    try:
        yield server
    finally:
        server.stop()


def _start(master: Path) -> Postfix:
    """Start a server; on another port where somebody took the first. Raises RuntimeError with the log of the last."""
    tries = 3
    while True:
        server, tries = Postfix(master, Path(tempfile.mkdtemp(prefix="selvedge-postfix-")), free_port()), tries - 1
        try:
            server.start()
        except RuntimeError:
            server.stop()
            if not tries:
                raise
        else:
            return server
