"""What must come back from a call, computed by SQL that is written by hand."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

UNSET: Final = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """The answer to a call.

    Attributes:
        rows: SQL whose rows, as JSON, are the expected data. It runs before the call.
        one: SQL whose only row is.
        value: SQL that returns the expected data as one JSON text.
        data: The expected data as a literal.
        check: What else must hold of the data, where it can't be foreseen whole.
        count: The expected count, or SQL that returns it.
        after: SQL that must hold after the call: statements with what they return.
        key: Whose key is used: `service` or `anon`.
    """

    rows: str | None = None
    one: str | None = None
    value: str | None = None
    data: Any = UNSET
    check: Callable[[Any], bool] | None = None
    count: int | str | None = None
    after: Mapping[str, Any] = field(default_factory=dict)
    key: str = "service"

    def expected(self, connection: Any) -> Any:
        """Return the data that hand-written SQL computes.

        Args:
            connection: A connection that sees all rows.
        """
        if self.rows is not None:
            text = f"SELECT coalesce(json_agg(to_json(r)), '[]')::text FROM ({self.rows}) r"
        elif self.one is not None:
            text = f"SELECT to_json(r)::text FROM ({self.one}) r"
        elif self.value is not None:
            text = self.value
        else:
            return self.data
        (found,) = connection.execute(text).fetchone()
        return json.loads(found)

    def expected_count(self, connection: Any) -> int | None:
        """Return the count that hand-written SQL computes.

        Args:
            connection: A connection that sees all rows.
        """
        if not isinstance(self.count, str):
            return self.count
        (found,) = connection.execute(self.count).fetchone()
        # A plan comes as JSON, its rows as the planner guessed them.
        return found if isinstance(found, int) else found[0]["Plan"]["Plan Rows"]

    def holds_after(self, connection: Any) -> None:
        """Assert what must stand in the tables after the call.

        Args:
            connection: A connection that sees all rows.
        """
        for statement, value in self.after.items():
            assert connection.execute(statement).fetchone() == (value,)
