"""A real Dovecot over a Maildir, by IMAP and POP3: its own folders, free ports, nothing of the system touched.

Its programs know their places by heart, so that it runs where it sees the unpacked packages laid over /usr, which
nobody else does.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bench.returns import wait_for_port
from tests.support.ports import free_ports
from tests.support.worker import ROOT

OWNER = "mail"
PASSWORD = "w@rd"
SETTINGS = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
default_internal_user = {owner}
default_internal_group = {owner}
default_login_user = nobody
mail_location = maildir:{folder}/mail
first_valid_uid = 1
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass
class Dovecot:
    """A server in `folder`; `packages`: where its programs are unpacked."""

    packages: Path
    folder: Path
    imap: int
    pop3: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until both ports answer. Raises RuntimeError with what it wrote."""
        owner = pwd.getpwnam(OWNER)
        values = {"folder": self.folder, "imap": self.imap, "pop3": self.pop3, "uid": owner.pw_uid, "gid": owner.pw_gid}
        config = self.folder / "dovecot.conf"
        config.write_text(SETTINGS.format(**values, owner=OWNER, password=PASSWORD))
        self.folder.chmod(0o755)
        for name in ("mail", "mail/new", "mail/cur", "mail/tmp"):
            (self.folder / name).mkdir()
            shutil.chown(self.folder / name, OWNER, OWNER)
        overlay = f'mount -t overlay overlay -o lowerdir="{self.packages}/usr:/usr" /usr'
        command = ["unshare", "-m", "sh", "-c", f'{overlay} && exec /usr/sbin/dovecot -F -c "$0"', str(config)]
        libraries = [*self.packages.glob("usr/lib/*-linux-gnu"), "/usr/lib/dovecot"]
        environment = os.environ | {"LD_LIBRARY_PATH": ":".join(map(str, libraries))}
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for port in (self.imap, self.pop3):
            wait_for_port(port, self.process)

    def put_mail(self, raw: bytes) -> None:
        """Deliver a mail to the Maildir."""
        name = f"{time.time_ns()}.test"
        path = self.folder / "mail/tmp" / name
        path.write_bytes(raw)
        shutil.chown(path, OWNER, OWNER)
        path.rename(self.folder / "mail/new" / name)

    def empty(self) -> None:
        """Throw away what lies in the Maildir."""
        for path in (self.folder / "mail").glob("[nc]*/*"):
            path.unlink()

    def list_flags(self) -> list[str]:
        """The flags of each mail in the mailbox, as the Maildir names them; none of those that were deleted."""
        return sorted(path.name.partition(":2,")[2] for path in (self.folder / "mail").glob("[nc]*/*"))

    def stop(self) -> None:
        """End it; its folder goes with it."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=30)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot. Where it cannot be had: a failure where CI is set, else a skip."""
    found = subprocess.run(
        [sys.executable, "-m", "scripts.mail_servers"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    reason = "" if found.returncode == 0 else found.stderr.strip().rpartition("\n")[2]
    if not reason and (os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode):
        reason = "Dovecot runs where root may lay folders over /usr"
    if reason:
        if os.environ.get("CI") and os.geteuid() == 0:
            pytest.fail(reason)
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="selvedge-dovecot-"))
    imap, pop3 = free_ports(2)
    server = Dovecot(Path(found.stdout.strip()).parent, folder, imap, pop3)
    try:
        server.start()
        yield server
    finally:
        server.stop()
