"""The row that a main statement returns, named."""

from dataclasses import dataclass
from typing import Any, Final

from changeover.engine.plan_value import Answer, Body

_EMPTY: Final = {Body.CSV: b"\n"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row of `envelope.COLUMNS`.

    Attributes:
        total: Rows without a window; None where they were not counted.
        shown: Rows in the body.
        headers: The setting `response.headers`, None where it is not set.
        status: The setting `response.status`, None where it is not set.
        location: `key=eq.value` of each key column; empty where there is none.
        inserted: New rows of an upsert; None for anything else.
    """

    total: int | None
    shown: int
    body: bytes
    headers: str | None
    status: str | None
    location: tuple[str, ...]
    inserted: int | None

    @classmethod
    def of(cls, row: tuple[Any, ...] | None, answer: Answer) -> "Row":
        """Return a row of the server's; where nothing ran, that of no rows.

        Args:
            row: In the order of `envelope.COLUMNS`.
            answer: Whose body an empty one is.
        """
        if row is None:
            body = _EMPTY.get(answer.format.body, b"[]") if answer.has_body else b""
            return cls(None, 0, body, None, None, (), None)
        total, shown, body, headers, status, location, inserted = row
        encoded = body.encode() if isinstance(body, str) else bytes(body or b"")
        return cls(total, shown, encoded, headers, status, tuple(location or ()), inserted)
