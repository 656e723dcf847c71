"""The kill switch of a machine: a file that the clients on it look for at every call."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from changeover.model.errors import KillFileError
from changeover.model.routing_settings import KILL_SWITCH_NAME

MODE: Final = 0o644
"""Services of other users must be able to see it."""


def is_there(path: str) -> bool:
    """Return whether a kill file is there; one that can't be looked at counts as there.

    Args:
        path: The file.
    """
    try:
        os.stat(path)  # noqa: PTH116 - a third of the time of pathlib's, on every read
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class KillFile:
    """Where the file is, and who said so.

    Attributes:
        path: The file.
        origin: What named it, fit to be shown.
    """

    path: Path
    origin: str

    @property
    def is_there(self) -> bool:
        """Whether clients of this machine obey it."""
        return is_there(str(self.path))

    def write(self, text: str) -> bool:
        """Make the file, unless it is there.

        Args:
            text: Why and by whom, for people.

        Returns:
            Whether it was not there before.

        Raises:
            KillFileError: If it can't be made.
        """
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, MODE)
        except FileExistsError:
            return False
        except OSError as error:
            raise self._failed("written", error) from error
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), MODE)
            file.write(text)
        return True

    def remove(self) -> bool:
        """Remove the file.

        Returns:
            Whether it was there.

        Raises:
            KillFileError: If it is there and can't be removed.
        """
        try:
            if stat.S_ISDIR(self.path.lstat().st_mode):
                raise KillFileError(
                    f"the kill file {self.path} is a directory ({self.origin})",
                    hint="remove it by hand; while it is there, clients of this machine obey it",
                )
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise self._failed("removed", error) from error
        return True

    def _failed(self, what: str, error: OSError) -> KillFileError:
        return KillFileError(
            f"the kill file {self.path} can't be {what}: {error.strerror} ({self.origin})",
            hint="mend the path or its rights; clients of this machine look at no other file",
        )


def kill_file(environment: Mapping[str, str], configured: str) -> KillFile | None:
    """Return the kill file of this machine, or None where nothing names one.

    Args:
        environment: The process's environment; `CHANGEOVER_KILL_SWITCH` comes first.
        configured: `kill_file` of `[routing]`.
    """
    if environment.get(KILL_SWITCH_NAME):
        return KillFile(
            path=Path(environment[KILL_SWITCH_NAME]), origin=f"environment {KILL_SWITCH_NAME}"
        )
    if configured:
        path = Path(configured).absolute()
        return KillFile(path=path, origin="changeover.toml [routing] kill_file")
    return None
