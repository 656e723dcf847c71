"""Directories of throw-away servers: made, owned while their process lives, removed, swept.

The owner holds a lock on a file in the directory. The kernel lets go of it when the owner dies, in
whatever way, so a directory whose lock can be taken is stale: the next start ends what still runs
there and removes it. Nothing here starts a server.
"""

import fcntl
import os
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from changeover.embedded.account import Account
from changeover.embedded.process import Mark, end, wait_until
from changeover.model.errors import UnsafeDirectoryError

LOCK_S_MAX: Final = 60.0
SOCKET_PATH_BYTES_MAX: Final = 100  # sun_path holds 104 bytes on the BSDs, 108 on Linux
SOCKET_NAME: Final = ".s.PGSQL.00000"
SERVER_NAME: Final = re.compile(r"[0-9a-f]{8}")
REMOVED_NAME: Final = re.compile(r"[0-9a-f]{8}\.removed")


class ServerDirectory:
    """One server's place on the disk; ours, with a data and a socket directory of its account."""

    def __init__(self, path: Path, account: Account, lock: IO[bytes]) -> None:
        self.path = path
        self.account = account
        self._lock = lock

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.path / "data"

    @property
    def socket(self) -> Path:
        """Where the server puts its Unix socket."""
        return self.path / "socket"

    @property
    def log(self) -> Path:
        """What the server wrote to its standard error."""
        return self.path / "server.log"

    @property
    def mark(self) -> Mark:
        """What the server's processes are found by."""
        return _mark(self.path)

    def file(self, name: str, content: str) -> Path:
        """Write a file that only the server's account, and we, can read."""
        path = self.path / name
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(content)
        os.chown(path, self.account.uid, self.account.gid)
        return path

    def remove(self) -> None:
        """Remove the directory; its processes have ended."""
        _remove(self.path, self.account)
        self._lock.close()

    def disown(self) -> None:
        """Close our hold on the lock, in a forked child, whose parent still owns the server."""
        self._lock.close()


def create(account: Account, place: Path | None = None) -> ServerDirectory:
    """Make a directory for one server, which is ours until we remove it or die.

    Args:
        account: Whom the server runs as.
        place: The directory to make it below; by default one for temporary files.

    Raises:
        UnsafeDirectoryError: There is no place that the account can enter and that is ours alone.
    """
    home = _home_for(account, _roots() if place is None else (place.resolve(),))
    with exclusive(home):
        path = home / secrets.token_hex(4)
        path.mkdir(mode=0o711)
        path.chmod(0o711)
        lock = (path / "owner.lock").open("wb")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    directory = ServerDirectory(path, account, lock)
    for own in (directory.data, directory.socket):
        own.mkdir(mode=0o700)
        os.chown(own, account.uid, account.gid)
    return directory


def sweep(account: Account, place: Path | None = None) -> int:
    """End and remove the servers of ours whose owners are gone.

    Args:
        account: Whom they run as.
        place: Looked at besides the directories for temporary files.

    Returns:
        How many directories were removed.
    """
    roots = _roots() if place is None else (*_roots(), place.resolve())
    homes = {root / _home_name() for root in roots}
    return sum(_sweep_home(home, account) for home in homes if home.is_dir() and _is_ours(home))


def private_home(root: Path) -> Path:
    """Return our directory under a root that everybody may write to, made where it is missing.

    Raises:
        UnsafeDirectoryError: Somebody else was there first.
    """
    home = root / _home_name()
    with suppress(FileExistsError):
        home.mkdir(mode=0o711)
    if not _is_ours(home):
        status = home.lstat()
        raise UnsafeDirectoryError(
            f"{home} belongs to user {status.st_uid} with mode {stat.S_IMODE(status.st_mode):o}; "
            f"it has to be a directory that only user {os.geteuid()} can write to",
            hint="remove it, or set TMPDIR to another place",
        )
    home.chmod(0o711)
    return home


@contextmanager
def exclusive(home: Path) -> Iterator[None]:
    """Hold the one lock of a home, for as long as directories in it are made or swept."""
    with (home / "lock").open("ab") as handle:
        if not wait_until(lambda: _is_locked(handle), seconds_max=LOCK_S_MAX):
            raise UnsafeDirectoryError(
                f"another process has held {handle.name} for more than {LOCK_S_MAX:g} s",
                hint="find it with lsof",
            )
        yield


def _is_ours(home: Path) -> bool:
    """Return whether a path is a directory, no link, that only we can write to."""
    status = home.lstat()
    is_open = status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not is_open


def _is_locked(handle: IO[bytes]) -> bool:
    """Try to take a lock; it is let go of when the file is closed."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _home_name() -> str:
    return f"changeover-{os.geteuid()}"


def _roots() -> tuple[Path, ...]:
    return tuple(
        dict.fromkeys((Path(tempfile.gettempdir()).resolve(), Path("/var/tmp"), Path("/tmp")))  # noqa: S108 - private_home() checks them
    )


def _home_for(account: Account, roots: tuple[Path, ...]) -> Path:
    for root in roots:
        socket = root / _home_name() / ("0" * 8) / "socket" / SOCKET_NAME
        is_short = len(os.fsencode(socket)) <= SOCKET_PATH_BYTES_MAX
        if is_short and root.is_dir() and os.access(root, os.W_OK) and account.may_enter(root):
            return private_home(root)
    raise UnsafeDirectoryError(
        f"none of {', '.join(map(str, roots))} is short enough for a socket, writable for us "
        f"and open to user {account.uid}",
        hint="set TMPDIR to a directory that everybody may enter",
    )


def _sweep_home(home: Path, account: Account) -> int:
    removed = 0
    with exclusive(home):
        for path in tuple(home.iterdir()):
            if REMOVED_NAME.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)
            elif SERVER_NAME.fullmatch(path.name) and _sweep_directory(path, account):
                removed += 1
    return removed


def _sweep_directory(path: Path, account: Account) -> bool:
    """Remove one directory if nobody owns it."""
    try:
        handle = (path / "owner.lock").open("ab")
    except FileNotFoundError:
        return False  # its owner has removed it meanwhile
    with handle:
        if not _is_locked(handle):
            return False
        end(_mark(path), gently=True)
        _remove(path, account)
    return True


def _mark(path: Path) -> Mark:
    return Mark(cluster_name=f"changeover-{path.name}", data_directory=path / "data")


def _remove(path: Path, account: Account) -> None:
    """Take the directory out of sight in one step; the next sweep removes what is left of it."""
    end(_mark(path), gently=False)
    _free_shared_memory(path / "data", account)
    removed = path.with_name(f"{path.name}.removed")
    path.rename(removed)
    shutil.rmtree(removed, ignore_errors=True)


def _free_shared_memory(data: Path, account: Account) -> None:
    """Free the segment that a killed postmaster left; a clean end removes postmaster.pid.

    Source: PostgreSQL's miscadmin.h, "Line 7: shared memory key" of the lock file. The segment is
    removed as the server's account, so no other can be hit.
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return
    program = shutil.which("ipcrm")
    shared_memory_line = 6
    if program is None or len(lines) <= shared_memory_line:
        return
    segment = lines[shared_memory_line].split()[-1:]
    # It fails when the segment is gone already, which is what we want.
    subprocess.run(  # noqa: S603
        [program, "-m", *segment],
        check=False,
        capture_output=True,
        user=account.user,
        group=account.group,
        extra_groups=account.extra_groups,
    )
