"""The cells of settled differences, in a file of their own: only where somebody asked for them."""

import json
import logging
import os
from collections.abc import Iterable
from typing import Final

from changeover.routing.mismatch import Difference

_log: Final = logging.getLogger("changeover")

LINES_MAX: Final = 1000
MODE: Final = 0o600


class KeptValues:
    """A file of lines of JSON that its owner alone can read."""

    def __init__(self, path: str) -> None:
        """Open nothing yet.

        Args:
            path: Where; it is appended to.
        """
        self._path = path
        self._lines = 0

    def write(self, differences: Iterable[Difference]) -> None:
        """Append differences with their cells; beyond `LINES_MAX` lines of a process none.

        A file that can't be written is told once and given up: no comparison hangs on it.

        Args:
            differences: Settled ones.
        """
        if self._lines >= LINES_MAX:
            return
        try:
            self._append(differences)
        except OSError as error:
            self._lines = LINES_MAX
            _log.error(
                "%s can't be written (%s): no cells are kept", self._path, type(error).__name__
            )

    def _append(self, differences: Iterable[Difference]) -> None:
        with os.fdopen(self._open(), "a", encoding="utf-8") as file:
            if not self._lines:
                _log.warning("cells of rows that differ are kept in %s", self._path)
            for one in differences:
                primary, secondary = one.values or ("", "")
                line = {
                    "table": one.table,
                    "class": str(one.kind),
                    "columns": one.columns,
                    "key_hash": one.key_hash,
                    "primary": primary,
                    "secondary": secondary,
                }
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._lines += 1

    def _open(self) -> int:
        found = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, MODE)
        os.fchmod(found, MODE)
        return found
