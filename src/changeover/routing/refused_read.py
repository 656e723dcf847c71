"""Reads that only the target refused, because it lacks something: counted until they are told."""

import threading
from typing import Any, Final

TABLES_MAX: Final = 100
"""So many tables are remembered until they are told; of further ones the observer hears only."""


class RefusedReads:
    """The counts of one process."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._times: dict[tuple[str, str], int] = {}

    def count(self, table: str, stage: str) -> None:
        """Count a read.

        Args:
            table: What was asked; a name that the source has answered for.
            stage: In which stage.
        """
        key = (table, stage)
        with self._lock:
            if key in self._times or len(self._times) < TABLES_MAX:
                self._times[key] = self._times.get(key, 0) + 1

    def take(self) -> list[dict[str, Any]]:
        """Return what is to be told, and forget it."""
        with self._lock:
            times, self._times = self._times, {}
        return [
            {"table": table, "class": "error", "columns": [], "key_hash": None}
            | {"stage": stage, "times": number}
            for (table, stage), number in times.items()
        ]

    def give_back(self, told: list[dict[str, Any]]) -> None:
        """Remember what could not be told.

        Args:
            told: As `take` returned it.
        """
        with self._lock:
            for one in told:
                key = (one["table"], one["stage"])
                self._times[key] = self._times.get(key, 0) + one["times"]
