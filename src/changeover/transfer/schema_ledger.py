"""The ledger of the schema's steps: what was applied to the target, and with which definitions.

A row is written in the transaction of its step. Another checksum than the ledger's means that the
source was altered since, and is an error that says so.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from psycopg import sql
from psycopg.types.json import Jsonb

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.model.errors import DefinitionChangedError
from changeover.transfer.schema_inventory import ROOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A step that was applied.

    Attributes:
        checksum: Of the SQL that was run.
        objects: Labels of what it brought.
    """

    checksum: str
    objects: tuple[str, ...]


def checksum(text: bytes) -> str:
    """Return the digest of a step's SQL."""
    return hashlib.sha256(text).hexdigest()


def exists(target: Connection) -> bool:
    """Return whether anything was applied by us before."""
    row = target.execute(
        "SELECT pg_catalog.to_regclass('changeover.schema_step') IS NOT NULL"
    ).fetchone()
    return row is not None and bool(row[0])


def statements() -> tuple[sql.SQL, ...]:
    """Return the statements that make the ledger where it is absent."""
    return (
        sql.SQL("CREATE SCHEMA IF NOT EXISTS changeover"),
        fixed(ROOM, "create_schema_step"),
    )


def read(target: Connection) -> Mapping[str, Applied]:
    """Return the steps that were applied, by name."""
    if not exists(target):
        return {}
    rows = target.execute("SELECT s.step, s.checksum, s.objects FROM changeover.schema_step AS s")
    return {
        str(step): Applied(checksum=str(digest), objects=tuple(objects))
        for step, digest, objects in rows
    }


def begin(target: Connection, step: str, text: bytes, objects: Iterable[str]) -> bool:
    """Take a step's place in the ledger, inside a transaction; others of that name wait.

    Args:
        target: A session of the owner, in a transaction.
        step: The step's name.
        text: The SQL that it is about to run.
        objects: Labels of what it brings.

    Returns:
        False if it was applied before, with the same SQL.

    Raises:
        DefinitionChangedError: If it was applied with other SQL.
    """
    labels = sorted(objects)
    target.execute(
        "SELECT pg_catalog.pg_advisory_xact_lock("
        "pg_catalog.hashtextextended('changeover.schema_step ' || %s, 0))",
        (step,),
    )
    row = target.execute(
        "SELECT s.checksum, s.objects FROM changeover.schema_step AS s WHERE s.step = %s", (step,)
    ).fetchone()
    if row is None:
        target.execute(
            "INSERT INTO changeover.schema_step (step, checksum, objects) VALUES (%s, %s, %s)",
            (step, checksum(text), Jsonb(labels)),
        )
        return True
    require_same(step, Applied(checksum=str(row[0]), objects=tuple(row[1])), text, labels)
    return False


def require_same(step: str, known: Applied, text: bytes, labels: Iterable[str]) -> None:
    """Refuse a step that was applied with other SQL.

    Raises:
        DefinitionChangedError: If the checksums differ.
    """
    now = checksum(text)
    if known.checksum == now:
        return
    changed = sorted(set(known.objects) ^ set(labels))
    what = f"added or gone: {', '.join(changed)}" if changed else "definitions of the same objects"
    raise DefinitionChangedError(
        f"the schema step {step} was applied with checksum {known.checksum[:12]}, the source now "
        f"gives {now[:12]} ({what})",
        hint="undo the change on the source; or make the same one on the target by hand and take "
        f"the row '{step}' out of changeover.schema_step there: its objects are kept from then on",
    )
