"""Which names may stand in a metric: those that are known to name a table, and few of them.

A path holds whatever a caller wrote, and each new label costs the one who keeps the metrics.
"""

import re
from collections.abc import Iterable
from typing import Final

from changeover.model.routing_observation import Operation, OperationFinished, Outcome

OTHER: Final = "other"
TABLES_MAX: Final = 200

_NAME: Final = re.compile(r"(?:rpc/)?[^\W\d][\w $.-]{0,62}")


class TableLabels:
    """The names that are shown.

    Unless they are told, a name is known from the first request that succeeded: an API answers no
    other path with success.
    """

    def __init__(
        self, tables: Iterable[str] | None = None, *, tables_max: int = TABLES_MAX
    ) -> None:
        """Know the names that are told, or learn.

        Args:
            tables: All names that are shown, functions as `rpc/name`; None to learn them.
            tables_max: How many names are learned; later ones are `other`.
        """
        self._known = {table: table for table in tables or ()}
        self._room = tables_max if tables is None else 0

    def of(self, table: str) -> str:
        """Return the label of a name: itself, or `other`."""
        return self._known.get(table, OTHER)

    def learn(self, seen: OperationFinished) -> str:
        """Return the label of a finished request's table; remember it if it can be trusted."""
        known = self._known.get(seen.table)
        if known is not None:
            return known
        is_proven = seen.outcome is Outcome.FINE and seen.operation is not Operation.OTHER
        if not is_proven or self._room <= len(self._known) or not _NAME.fullmatch(seen.table):
            return OTHER
        self._known[seen.table] = seen.table
        return seen.table
