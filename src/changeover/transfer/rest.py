"""A secondary at rest: its own triggers and foreign keys must not act on what the mirror writes.

What is switched off or taken off is written down in the same transaction, and put back exactly as
it was in the decision of a swap.
"""

import time
from typing import Final

from psycopg import errors as pg
from psycopg import sql

from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import TimedOutError
from changeover.model.side import Side
from changeover.transfer.fence import require_attempt
from changeover.transfer.identity import read_identity

_MINE: Final = "changeover.transfer"
PARTITIONED_NOT_VALID_VERSION_MIN: Final = 180_000
LOCK_TIMEOUT_MS: Final = 1000
TRIES_MAX: Final = 20
PAUSE_S: Final = 0.2
AWAKE: Final = "awake"
"""A foreign key that was put back and waits for its validation."""

_STATES: Final = {
    "O": sql.SQL("ENABLE"),
    "A": sql.SQL("ENABLE ALWAYS"),
    "R": sql.SQL("ENABLE REPLICA"),
    "D": sql.SQL("DISABLE"),
}
_LAY_DOWN: Final = {
    "trigger": sql.SQL("ALTER TABLE ONLY {} DISABLE TRIGGER {}"),
    "rule": sql.SQL("ALTER TABLE ONLY {} DISABLE RULE {}"),
    "foreign_key": sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}"),
}
_WAKE: Final = {
    "trigger": sql.SQL("ALTER TABLE ONLY {} {} TRIGGER {}"),
    "rule": sql.SQL("ALTER TABLE ONLY {} {} RULE {}"),
}


def put_to_rest(move: Move, side: Side, attempt: int) -> int:
    """Put a side to rest: repeatable, and done when it returns.

    Args:
        move: The move.
        side: The secondary.
        attempt: The attempt that made it one; a newer one stops this.

    Returns:
        How many triggers and foreign keys were newly put to rest.

    Raises:
        TimedOutError: If a lock could not be had.
        StaleAttemptError: If the side is open, or a newer attempt has touched it.
    """
    with move.connect_owner(side, "rest", lock_timeout_ms=LOCK_TIMEOUT_MS) as connection:
        mode = read_identity(connection).rest_mode
        actions = rest_actions(connection, mode)
        for action in actions:
            _patiently(connection, side, attempt, action)
        return len(actions)


def rest_actions(
    connection: Connection, mode: str
) -> tuple[tuple[tuple[sql.Composed, tuple[object, ...]], ...], ...]:
    """Return what putting a side to rest does: each a pair of statements that commit together."""
    rows = connection.execute(fixed(_MINE, "read_restless"), {"mode": mode}).fetchall()
    actions = []
    for kind, schema, name, object_name, definition, enabled, is_validated in rows:
        relation = sql.Identifier(schema, name)
        change = _LAY_DOWN[kind].format(relation, sql.Identifier(object_name))
        book = sql.SQL(
            "INSERT INTO changeover.resting"
            " (kind, schema_name, table_name, name, definition, enabled, is_validated)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (kind, schema_name, table_name, name) DO UPDATE"
            " SET enabled = excluded.enabled"
        ).format()
        values = (kind, schema, name, object_name, definition, enabled, is_validated)
        actions.append(((book, values), (change, ())))
    return tuple(actions)


def _patiently(
    connection: Connection,
    side: Side,
    attempt: int,
    action: tuple[tuple[sql.Composed, tuple[object, ...]], ...],
) -> None:
    for tries in range(TRIES_MAX):
        try:
            with connection.transaction():
                require_attempt(connection, side, attempt)
                for statement, values in action:
                    connection.execute(statement, values or None)
        except (pg.LockNotAvailable, pg.DeadlockDetected):
            if tries + 1 == TRIES_MAX:
                break
            time.sleep(PAUSE_S)
        except (pg.UndefinedObject, pg.UndefinedTable):
            return
        except pg.Error:
            with translated(side, "putting the secondary to rest"):
                raise
        else:
            return
    raise TimedOutError(
        f"{side}: no lock on a table within {TRIES_MAX} tries of {LOCK_TIMEOUT_MS} ms",
        hint="look for long transactions on that side and run it again",
    )


def wake(connection: Connection, side: Side) -> int:
    """Put everything back, inside the caller's transaction.

    Foreign keys come back NOT VALID; `validate` looks at the rows after the swap.

    Args:
        connection: A session of the owner, inside a transaction.
        side: The side that becomes the primary.

    Returns:
        How many triggers and foreign keys were put back.
    """
    rows = connection.execute(fixed(_MINE, "read_resting")).fetchall()
    with translated(side, "putting foreign keys and triggers back"):
        for kind, schema, name, object_name, definition, enabled, _, is_partitioned in rows:
            if kind == "foreign_key" and enabled == AWAKE:
                continue
            if kind in _WAKE:
                connection.execute(
                    _WAKE[kind].format(
                        sql.Identifier(schema, name), _STATES[enabled], sql.Identifier(object_name)
                    )
                )
                continue
            _add_foreign_key(
                connection, (schema, name, object_name, definition), is_partitioned=is_partitioned
            )
        connection.execute("UPDATE changeover.resting SET enabled = %s", (AWAKE,))
        connection.execute(
            "DELETE FROM changeover.resting WHERE kind <> 'foreign_key' OR NOT is_validated"
        )
    return len(rows)


def _add_foreign_key(
    connection: Connection, what: tuple[str, str, str, str], *, is_partitioned: bool
) -> None:
    """Add a foreign key NOT VALID; before 18 a partitioned table takes it leaf by leaf.

    Source: https://www.postgresql.org/docs/17/sql-altertable.html, NOT VALID on partitioned tables
    """
    schema, name, constraint, definition = what
    relations = [(schema, name)]
    version = connection.info.server_version
    if is_partitioned and version < PARTITIONED_NOT_VALID_VERSION_MIN:
        relations = connection.execute(
            fixed(_MINE, "read_leaves"), {"schema": schema, "name": name}
        ).fetchall()
    for leaf in relations:
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                sql.Identifier(*leaf),
                sql.Identifier(constraint),
                sql.SQL(_not_valid(definition)),
            )
        )


def _not_valid(definition: str) -> str:
    """Return a definition that pg_get_constraintdef printed, with NOT VALID at its end."""
    return definition if definition.endswith("NOT VALID") else f"{definition} NOT VALID"


def validate(move: Move, side: Side) -> tuple[str, ...]:
    """Validate the foreign keys that a swap put back.

    Returns:
        Those that orphans leave NOT VALID, as `schema.table: constraint`.
    """
    refused = []
    with move.connect_owner(side, "validate", lock_timeout_ms=LOCK_TIMEOUT_MS) as connection:
        for (
            _,
            schema,
            name,
            constraint,
            definition,
            enabled,
            _,
            is_partitioned,
        ) in connection.execute(fixed(_MINE, "read_resting")).fetchall():
            if enabled != AWAKE:
                continue
            what = (schema, name, constraint, definition)
            if not _validate_one(connection, what, is_partitioned=is_partitioned):
                refused.append(f"{schema}.{name}: {constraint}")
    return tuple(refused)


def _validate_one(
    connection: Connection, what: tuple[str, str, str, str], *, is_partitioned: bool
) -> bool:
    schema, name, constraint, definition = what
    is_by_leaf = (
        is_partitioned and connection.info.server_version < PARTITIONED_NOT_VALID_VERSION_MIN
    )
    relations = [(schema, name)]
    if is_by_leaf:
        relations = connection.execute(
            fixed(_MINE, "read_leaves"), {"schema": schema, "name": name}
        ).fetchall()
    try:
        for leaf in relations:
            connection.execute(
                sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(
                    sql.Identifier(*leaf), sql.Identifier(constraint)
                )
            )
        with connection.transaction():
            # A swap may have taken it off again meanwhile: then its row must stay.
            mine = connection.execute(
                "DELETE FROM changeover.resting WHERE kind = 'foreign_key'"
                " AND schema_name = %s AND table_name = %s AND name = %s AND enabled = %s",
                (schema, name, constraint, AWAKE),
            )
            if mine.rowcount and is_by_leaf:
                connection.execute(
                    sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                        sql.Identifier(schema, name),
                        sql.Identifier(constraint),
                        sql.SQL(definition),
                    )
                )
    except (pg.ForeignKeyViolation, pg.LockNotAvailable, pg.UndefinedObject):
        return False
    return True
