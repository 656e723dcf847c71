"""The operating system's account that a server runs as. PostgreSQL refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

from changeover.model.errors import AccountNotFoundError


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user id and its first group."""

    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        """Whether a process has to change its user to become this account."""
        return self.uid != os.geteuid()

    @property
    def user(self) -> int | None:
        """What ``subprocess`` wants as ``user``: nothing where nothing is to change."""
        return self.uid if self.is_other else None

    @property
    def group(self) -> int | None:
        """What ``subprocess`` wants as ``group``."""
        return self.gid if self.is_other else None

    @property
    def extra_groups(self) -> list[int] | None:
        """What ``subprocess`` wants as ``extra_groups``: none of root's are kept."""
        return [] if self.is_other else None

    def may_enter(self, directory: Path) -> bool:
        """Return whether every directory from the root down to this one can be traversed."""
        resolved = directory.resolve()
        return all(self._has(step, stat.S_IXOTH) for step in (resolved, *resolved.parents))

    def may_run(self, program: Path) -> bool:
        """Return whether a program can be read and run, its directories included."""
        return self.may_enter(program.parent) and self._has(program, stat.S_IROTH | stat.S_IXOTH)

    def _has(self, path: Path, bits_of_others: int) -> bool:
        """Compare the mode's bits for this account; access lists are not looked at."""
        status = path.stat()
        shift = 0
        if status.st_uid == self.uid:
            shift = 6
        elif status.st_gid == self.gid:
            shift = 3
        return (status.st_mode >> shift) & bits_of_others == bits_of_others


def server_account(name: str = "nobody") -> Account:
    """Return the account that servers of this process run as.

    Args:
        name: The account taken where this process is root's; else servers run as this user.

    Returns:
        An account that is not root.

    Raises:
        AccountNotFoundError: This process is root's and the account does not exist or is root.
    """
    if os.geteuid() != 0:
        return Account(uid=os.geteuid(), gid=os.getegid())
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        entry = None
    if entry is None or entry.pw_uid == 0:
        raise AccountNotFoundError(
            f"PostgreSQL does not run as root, and {name!r} is no account that it could run as",
            hint="name an existing account that is not root",
        )
    return Account(uid=entry.pw_uid, gid=entry.pw_gid)
