"""How a server turns a row's text into numbers, and the proof that two servers do it alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from changeover.model.errors import HashesDisagreeError
from changeover.transfer.verify.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Hashing:
    """Three independent 64-bit hashes of a text, as expressions with one place for the text.

    Attributes:
        name: What the report calls it.
        first: Half of a row's digest.
        second: The other half.
        third: What sorts keys into buckets.
    """

    name: str
    first: sql.SQL
    second: sql.SQL
    third: sql.SQL


EXTENDED: Final = Hashing(
    name="hashtextextended",
    first=sql.SQL("pg_catalog.hashtextextended({}, 0)"),
    second=sql.SQL("pg_catalog.hashtextextended({}, 7046029254386353131)"),
    third=sql.SQL("pg_catalog.hashtextextended({}, 2685821657736338717)"),
)
"""The fast one. PostgreSQL promises its stability within a server only, hence the self-test.

Source: https://www.postgresql.org/docs/current/functions-binarystring.html and `hashfn.c`
"""

MD5: Final = Hashing(
    name="md5",
    first=sql.SQL("('x' || pg_catalog.substr(pg_catalog.md5({}), 1, 16))::bit(64)::bigint"),
    second=sql.SQL("('x' || pg_catalog.substr(pg_catalog.md5({}), 17, 16))::bit(64)::bigint"),
    third=sql.SQL("('x' || pg_catalog.substr(pg_catalog.md5({}), 9, 16))::bit(64)::bigint"),
)
"""Three times slower, but defined by a standard."""

CANDIDATES: Final = (EXTENDED, MD5)


def samples(session: Session, hashing: Hashing) -> list[tuple[object, ...]]:
    """Return the hashes that a server computes for our literal rows."""
    content = sql.Identifier("r", "content")
    return session.rows(
        "hash_samples",
        "testing the hashes of both servers",
        first=hashing.first.format(content),
        second=hashing.second.format(content),
        bucket=hashing.third.format(content),
    )


def agree(
    primary: Session, secondary: Session, candidates: Sequence[Hashing] = CANDIDATES
) -> Hashing:
    """Return the first hashing by which both servers give equal rows equal numbers.

    Raises:
        HashesDisagreeError: If there is none.
    """
    for hashing in candidates:
        if samples(primary, hashing) == samples(secondary, hashing):
            return hashing
    raise HashesDisagreeError(
        f"{primary.side} and {secondary.side} compute different digests for equal literal rows,"
        f" by {' and by '.join(hashing.name for hashing in candidates)}",
        hint="look for a different server_encoding or an altered type on one side",
    )
