"""Foreign keys: added NOT VALID, then validated; and the keys that those into foreign schemas need.

A foreign key must not act on what the mirror writes: on a secondary that is installed it goes
straight to rest, in the transaction that made it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import errors as pg
from psycopg import sql

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.database.statement import names, table
from changeover.model.errors import NotAllowedError
from changeover.model.name import TableName
from changeover.model.side import Side
from changeover.transfer.rest import PARTITIONED_NOT_VALID_VERSION_MIN
from changeover.transfer.schema_carriage import Decision
from changeover.transfer.schema_inventory import ROOM

_NOT_VALID: Final = " NOT VALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A foreign key that is carried.

    Attributes:
        relation: The table, or the partition, that has it.
        definition: As PostgreSQL prints it, without NOT VALID.
        is_validated: Whether the source vouches for it.
        is_carried: Whether the keys of the referenced table are carried with it.
    """

    relation: TableName
    name: str
    definition: str
    is_validated: bool
    is_partitioned: bool
    columns: tuple[str, ...]
    references: TableName
    referenced_columns: tuple[str, ...]
    referenced_types: tuple[str, ...]
    is_carried: bool

    def __str__(self) -> str:
        return f"{self.relation}: {self.name}"


def reference_of(decision: Decision, *, is_carried: bool) -> Reference:
    """Return the foreign key that a decision is about."""
    facts = decision.known.facts
    assert facts.relation is not None
    assert facts.name is not None
    assert facts.definition is not None
    assert facts.references is not None
    return Reference(
        relation=facts.relation,
        name=facts.name,
        definition=facts.definition.removesuffix(_NOT_VALID),
        is_validated=bool(facts.is_validated),
        is_partitioned=facts.relation_kind == "p",
        columns=facts.columns or (),
        references=facts.references,
        referenced_columns=facts.referenced_columns or (),
        referenced_types=facts.referenced_types or (),
        is_carried=is_carried,
    )


def add_statement(relation: TableName, reference: Reference) -> sql.Composed:
    """Return the statement that adds a foreign key without a look at the rows."""
    return sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {} NOT VALID").format(
        table(relation), sql.Identifier(reference.name), sql.SQL(reference.definition)
    )


def validate_statement(relation: TableName, reference: Reference) -> sql.Composed:
    """Return the statement that looks at the rows of a foreign key that is NOT VALID."""
    return sql.SQL("ALTER TABLE {} VALIDATE CONSTRAINT {}").format(
        table(relation), sql.Identifier(reference.name)
    )


def add(target: Connection, reference: Reference) -> None:
    """Add a foreign key NOT VALID, inside the caller's transaction; nothing if it is there.

    Before 18 a partitioned table takes it partition by partition; `validate` adds the parent's.
    Source: https://www.postgresql.org/docs/17/sql-altertable.html
    """
    for relation in _holders(target, reference):
        if _state(target, relation, reference.name) is None:
            target.execute(add_statement(relation, reference))


def _holders(target: Connection, reference: Reference) -> tuple[TableName, ...]:
    version = target.info.server_version
    if not reference.is_partitioned or version >= PARTITIONED_NOT_VALID_VERSION_MIN:
        return (reference.relation,)
    rows = target.execute(
        fixed(ROOM, "read_leaves"),
        {"schema": reference.relation.schema, "name": reference.relation.name},
    )
    return tuple(TableName(schema, name) for schema, name in rows)


def _state(target: Connection, relation: TableName, name: str) -> bool | None:
    """Return whether a foreign key is validated, None if there is none."""
    given = {"schema": relation.schema, "table": relation.name, "name": name}
    row = target.execute(fixed(ROOM, "read_foreign_key"), given).fetchone()
    return None if row is None else bool(row[0])


def validate(target: Connection, reference: Reference) -> str:
    """Validate a foreign key that is NOT VALID.

    Returns:
        Why it stays NOT VALID; empty if it is valid now, or is not there.
    """
    for relation in _holders(target, reference):
        if _state(target, relation, reference.name) is not False:
            continue
        try:
            with target.transaction():
                target.execute(validate_statement(relation, reference))
        except pg.ForeignKeyViolation:
            count = count_orphans(target, relation, reference)
            return f"{count} row(s) of {relation} have no parent in {reference.references}"
    _add_to_parent(target, reference)
    return ""


def _add_to_parent(target: Connection, reference: Reference) -> None:
    """Add the key of a partitioned table whose partitions all have it, valid: no scan is needed."""
    holders = _holders(target, reference)
    is_by_leaf = holders != (reference.relation,)
    is_there = _state(target, reference.relation, reference.name) is not None
    if is_by_leaf and not is_there and all(_state(target, h, reference.name) for h in holders):
        with target.transaction():
            target.execute(
                sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                    table(reference.relation),
                    sql.Identifier(reference.name),
                    sql.SQL(reference.definition),
                )
            )


def count_orphans(target: Connection, relation: TableName, reference: Reference) -> int:
    """Count rows whose key is not NULL and has no parent."""
    pairs = [
        (sql.Identifier("c", own), sql.Identifier("p", theirs))
        for own, theirs in zip(reference.columns, reference.referenced_columns, strict=True)
    ]
    statement = sql.SQL(
        "SELECT pg_catalog.count(*) FROM {child} AS c WHERE {filled} AND NOT EXISTS ("
        "SELECT FROM {parent} AS p WHERE {equal})"
    ).format(
        child=table(relation),
        parent=table(reference.references),
        filled=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(own) for own, _ in pairs),
        equal=sql.SQL(" AND ").join(sql.SQL("{} = {}").format(*pair) for pair in pairs),
    )
    row = target.execute(statement).fetchone()
    assert row is not None, "count returns one row"
    return int(row[0])


def referenced_table(reference: Reference) -> tuple[sql.Composed, ...]:
    """Return the statements that make a table of the referenced keys alone."""
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(type_name))
        for name, type_name in zip(
            reference.referenced_columns, reference.referenced_types, strict=True
        )
    ]
    return (
        sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(
            sql.Identifier(reference.references.schema)
        ),
        sql.SQL("CREATE TABLE IF NOT EXISTS {} ({}, PRIMARY KEY ({}))").format(
            table(reference.references),
            sql.SQL(", ").join(columns),
            names(reference.referenced_columns),
        ),
    )


def carry_keys(source: Connection, target: Connection, references: Sequence[Reference]) -> int:
    """Copy the keys that carried foreign keys reference; keys that are there stay.

    All keys of the referenced table where we may read it, so that later rows find their parent;
    else those that rows refer to now.

    Returns:
        How many keys were new.
    """
    return sum(_carry_one(source, target, r) for r in references if r.is_carried)


def _carry_one(source: Connection, target: Connection, reference: Reference) -> int:
    staging = sql.Identifier("pg_temp", "changeover_key")
    columns = names(reference.referenced_columns)
    with (
        translated(Side.TARGET, f"carrying keys of {reference.references}"),
        target.transaction(),
    ):
        target.execute(
            sql.SQL(
                "CREATE TEMPORARY TABLE changeover_key ON COMMIT DROP AS"
                " SELECT {} FROM {} WITH NO DATA"
            ).format(columns, table(reference.references))
        )
        with target.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(staging)) as copy:
            for block in _keys(source, reference):
                copy.write(block)
        done = target.execute(
            sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {} ON CONFLICT DO NOTHING").format(
                table(reference.references), columns, columns, staging
            )
        )
    return done.rowcount


def _keys(source: Connection, reference: Reference) -> Iterator[bytes]:
    given = {"schema": reference.references.schema, "name": reference.references.name}
    row = source.execute(fixed(ROOM, "read_readable"), given).fetchone()
    if row is not None and row[0]:
        query = sql.SQL("SELECT {} FROM {}").format(
            names(reference.referenced_columns), table(reference.references)
        )
    else:
        query = sql.SQL("SELECT DISTINCT {} FROM {} WHERE {}").format(
            names(reference.columns),
            table(reference.relation),
            sql.SQL(" AND ").join(
                sql.SQL("{} IS NOT NULL").format(sql.Identifier(name)) for name in reference.columns
            ),
        )
    with (
        translated(Side.SOURCE, f"reading keys of {reference.references}"),
        source.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(query)) as copy,
    ):
        for block in copy:
            yield bytes(block)


def require_ownership(target: Connection, reference: Reference) -> None:
    """Refuse to write keys into a table of the target that somebody else filled or owns.

    Raises:
        NotAllowedError: If it has other columns that a key alone can't fill.
    """
    given = {
        "schema": reference.references.schema,
        "name": reference.references.name,
        "columns": list(reference.referenced_columns),
    }
    row = target.execute(fixed(ROOM, "read_demanded"), given).fetchone()
    if row is not None and row[0]:
        raise NotAllowedError(
            f"target: {reference.references} demands {row[0]} beside its key, so that its keys "
            f"can't be carried for {reference}",
            hint="fill it by hand, or answer drop in [move.answers]",
        )
