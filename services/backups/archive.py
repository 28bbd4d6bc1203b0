"""A backup as one file in the format of age (age-encryption.org): whoever holds the secret key can also open it with
the stock tool, as `age -d -i KEY FILE | tar xz`. Beside it lies a description without secrets, by which backups are
listed and checked without that key."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson
import pyrage
from pyrage import ssh, x25519

from errors import BadInput, ConfigError

SUFFIX: Final = ".tar.gz.age"
PART: Final = ".part"
"""Ends the name of a file that is being written."""
MANIFEST: Final = "manifest.json"
STORE: Final = "store"
HOME: Final = "home"
FORMAT: Final = 1


@dataclass(frozen=True)
class BackupNote:
    """What is known of one backup without its key. `keys`: fingerprints; `elsewhere`: settings that name secrets which
    are not in it; `sha256` and `size` of the encrypted file."""

    name: str
    taken_at: datetime
    database: str
    revision: str
    keys: Mapping[str, str]
    elsewhere: Sequence[str] = ()
    sha256: str = ""
    size: int = 0
    format: int = FORMAT
    files: Mapping[str, str] = field(default_factory=dict)
    """The digest of each file within, in the manifest alone."""

    def dump(self, **changed: Any) -> bytes:
        """Write it as JSON."""
        return orjson.dumps(asdict(self) | changed, option=orjson.OPT_INDENT_2)


def read_note(content: bytes, where: Path) -> BackupNote:
    """Read a description or manifest. Raises BadInput."""
    try:
        values = orjson.loads(content)
        note = BackupNote(**values | {"taken_at": datetime.fromisoformat(values["taken_at"])})
    except (ValueError, TypeError, KeyError):
        raise BadInput(f"{where}: not a description of a backup", "file") from None
    if note.format != FORMAT:
        raise BadInput(f"{where}: a backup of a newer version of Selvedge; restore it with that one", "file")
    return note


def parse_recipients(recipients: str) -> list[Any]:
    """Parse public keys, separated by commas: age1… or ssh-ed25519 …. Raises ConfigError."""
    found = []
    for word in filter(None, (part.strip() for part in recipients.split(","))):
        try:
            found.append((ssh if word.startswith("ssh-") else x25519).Recipient.from_str(word))
        except pyrage.RecipientError:
            raise ConfigError(
                f"SELVEDGE_BACKUP_RECIPIENTS: {word[:12]}… is no public key; `selvedge backup key --out FILE` makes one"
            ) from None
    if not found:
        raise ConfigError(
            "SELVEDGE_BACKUP_RECIPIENTS: name the public key to which backups are encrypted; "
            "`selvedge backup key --out FILE` makes one"
        )
    return found


def read_identity(path: Path) -> Any:
    """Read the secret key. Raises ConfigError."""
    lines = [line.strip() for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    try:
        if lines and lines[0].startswith("AGE-SECRET-KEY-"):
            return x25519.Identity.from_str(lines[0])
        return ssh.Identity.from_buffer(path.read_bytes())
    except pyrage.IdentityError:
        raise ConfigError(f"{path}: not a secret key of age or SSH") from None


def pack(folder: Path, note: BackupNote, out: Path, recipients: Sequence[Any]) -> BackupNote:
    """Encrypt what lies in `folder` into `out` and return the note with digest and size. A kill leaves no half file
    under that name."""
    part = out.with_name(f"{out.name}{PART}")
    try:
        _encrypt(folder, note, part, recipients)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    part.replace(out)
    return BackupNote(**asdict(note) | {"sha256": compute_digest(out), "size": out.stat().st_size})


def _encrypt(folder: Path, note: BackupNote, part: Path, recipients: Sequence[Any]) -> None:
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as thread:
        packed = thread.submit(_write_tar, folder, note, writing)
        with os.fdopen(reading, "rb") as plain, part.open("wb") as file:
            os.chmod(part, 0o600)
            pyrage.encrypt_io(plain, file, recipients)
            file.flush()
            os.fsync(file.fileno())
        packed.result()


def _write_tar(folder: Path, note: BackupNote, descriptor: int) -> None:
    with os.fdopen(descriptor, "wb") as pipe, tarfile.open(fileobj=pipe, mode="w|gz") as tar:
        digests = {}
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = path.relative_to(folder).as_posix()
            digests[name] = compute_digest(path)
            tar.add(path, name, recursive=False)
        manifest = note.dump(files=digests)
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(manifest)
        tar.addfile(info, BytesIO(manifest))


def unpack(archive: Path, identity: Any, folder: Path) -> BackupNote:
    """Decrypt a backup into `folder`, check every file against the manifest, and return that. Raises BadInput."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as thread:
        decrypted = thread.submit(_decrypt, archive, identity, writing)
        with os.fdopen(reading, "rb") as plain:
            read = _read_tar(plain, folder)
            while plain.read(1 << 20):  # what follows the end of the tar, so that its seal is checked as well
                pass
        decrypted.result()
    if not read or not (folder / MANIFEST).is_file():
        raise BadInput(f"{archive}: damaged", "file")
    note = read_note((folder / MANIFEST).read_bytes(), archive)
    for name, digest in note.files.items():
        if not (folder / name).is_file() or compute_digest(folder / name) != digest:
            raise BadInput(f"{archive}: {name} is missing or damaged", "file")
    return note


def _read_tar(plain: BinaryIO, folder: Path) -> bool:
    try:
        with tarfile.open(fileobj=plain, mode="r|gz") as tar:
            tar.extractall(folder, filter="data")
    except (tarfile.TarError, EOFError, OSError):
        return False  # why, the decryption says
    return True


def _decrypt(archive: Path, identity: Any, descriptor: int) -> None:
    with archive.open("rb") as file, os.fdopen(descriptor, "wb") as pipe:
        try:
            pyrage.decrypt_io(file, pipe, [identity])
        except pyrage.DecryptError:
            raise BadInput(f"{archive}: not encrypted to this key", "identity") from None
        except OSError:
            raise BadInput(f"{archive}: damaged", "file") from None


def compute_digest(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
