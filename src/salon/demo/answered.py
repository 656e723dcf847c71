"""How many requests each database has answered, as the database itself counts them.

A function that the API calls at the beginning of each request is counted by PostgreSQL's own
statistics. Reads that are only run for a comparison call another one: nobody was answered by them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

import psycopg

from changeover import Side
from changeover.embedded import Database

NAME: Final = "public.demo_request"
SETTINGS: Final[Mapping[str, str]] = {"track_functions": "pl"}

FUNCTIONS: Final = (
    "CREATE FUNCTION public.demo_answer() RETURNS void LANGUAGE plpgsql AS $$BEGIN END$$",
    "CREATE FUNCTION public.demo_shadow() RETURNS void LANGUAGE plpgsql AS $$BEGIN END$$",
    """CREATE FUNCTION public.demo_request() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('request.headers', true)::json ->> 'changeover-shadow' IS NULL THEN
        PERFORM public.demo_answer();
      ELSE
        PERFORM public.demo_shadow();
      END IF;
    END$$""",
)
CALLS: Final = (
    "SELECT coalesce(sum(f.calls), 0)::bigint FROM pg_stat_user_functions AS f"
    " WHERE f.schemaname = 'public' AND f.funcname = 'demo_answer'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Requests that each side has answered so far; None where it could not be asked."""

    by_source: int | None
    by_target: int | None

    @classmethod
    def count(cls, databases: Mapping[Side, Database]) -> Self:
        """Ask both databases."""
        return cls(
            by_source=_calls(databases[Side.SOURCE]), by_target=_calls(databases[Side.TARGET])
        )

    def since(self, earlier: "Answered") -> "Answered":
        """Return what came to it since an earlier count."""
        return Answered(
            by_source=_difference(self.by_source, earlier.by_source),
            by_target=_difference(self.by_target, earlier.by_target),
        )


def _difference(now: int | None, earlier: int | None) -> int | None:
    return None if now is None or earlier is None else now - earlier


def _calls(database: Database) -> int | None:
    try:
        with database.connect() as connection:
            row = connection.execute(CALLS).fetchone()
    except psycopg.Error:
        return None
    return None if row is None else int(row[0])
