"""The tables that move: whether their rows can be told apart, carried, and taken in."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql

from changeover.catalog.pair import moved_tables, pair, with_coming_keys
from changeover.catalog.values import Catalog, Table
from changeover.control.move import coming_keys
from changeover.database.statement import table as table_identifier
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import Check, PairCheck, Scene, show, unknown
from changeover.model.errors import (
    CatalogError,
    NoKeyError,
    NotMovableError,
    SchemaMismatchError,
    TableNotFoundError,
)
from changeover.model.name import TableName
from changeover.model.side import Side

_CODES: Final[Mapping[type[CatalogError], str]] = {
    NoKeyError: "CK-TABLE-NO-KEY",
    SchemaMismatchError: "CK-TABLE-MISFIT",
}


def _found(
    code: str, side: Side | None, subject: object, severity: Severity, fact: str, *, fix: str = ""
) -> Finding:
    return Finding(
        code=code, side=side, subject=str(subject), severity=severity, fact=fact, fix=fix
    )


def check_scope(scene: Scene) -> Iterator[Finding]:
    """Refuse a scope that names what isn't there, or that holds nothing."""
    try:
        moved_tables(scene.catalogs[Side.SOURCE], scene.chosen)
    except TableNotFoundError as error:
        yield _found(
            "CK-SCOPE-UNKNOWN", None, "[move]", Severity.REFUSE, error.message, fix=error.hint
        )
    if not scene.moved:
        yield _found(
            "CK-SCOPE-EMPTY",
            None,
            "[move]",
            Severity.REFUSE,
            f"the source has no table in {show(scene.chosen.schemas)} that would move",
            fix="name the schemas in [move], or give the right database as the source",
        )


def check_kind(scene: Scene) -> Iterator[Finding]:
    """Refuse tables whose rows elsewhere or whose crash behaviour can't be carried."""
    for side in Side:
        for table in scene.tables(side):
            if table.kind == "f":
                yield _found(
                    "CK-TABLE-FOREIGN",
                    side,
                    table.name,
                    Severity.REFUSE,
                    f"{table.name} is a foreign table: its rows are elsewhere",
                    fix=f'add "{table.name.schema}.{table.name.name}" to exclude in [move]',
                )
            if table.persistence != "p":
                yield _found(
                    "CK-TABLE-UNLOGGED",
                    side,
                    table.name,
                    Severity.REFUSE,
                    f"{table.name} is unlogged: a crash would empty it",
                    fix=f"run ALTER TABLE {table.name} SET LOGGED, or exclude it in [move]",
                )


def check_fit(scene: Scene) -> Iterator[Finding]:
    """Pair each table alone, as the move will, and yield what refuses it."""
    target = scene.catalogs[Side.TARGET]
    for table in scene.moved:
        # Without a counterpart a table is held against itself: its key is asked for all the same.
        other = target.tables.get(table.name, table)
        error = _misfit(scene, table, other)
        if error is not None and not isinstance(error, NotMovableError):
            yield _found(
                _CODES[type(error)],
                None,
                table.name,
                Severity.REFUSE,
                error.message,
                fix=error.hint,
            )


def _misfit(scene: Scene, source: Table, target: Table) -> CatalogError | None:
    whole = f"{source.name.schema}.{source.name.name}"
    alone = msgspec.structs.replace(
        scene.chosen,
        exclude=(),
        row_capture=(),
        whole=(whole,) if whole in scene.chosen.whole else (),
    )
    ours = _only(scene.catalogs[Side.SOURCE], source)
    theirs = _only(scene.catalogs[Side.TARGET], target)
    if not target.keys:
        coming = coming_keys(scene.connections[Side.TARGET], [target.name])
        theirs = with_coming_keys(ours, theirs, coming)
    try:
        pair(ours, theirs, alone)
    except CatalogError as error:
        return error
    return None


def _only(catalog: Catalog, table: Table) -> Catalog:
    return msgspec.structs.replace(catalog, tables={table.name: table})


def check_target(scene: Scene) -> Iterator[Finding]:
    """Say which tables the target lacks, and which hold rows that we did not put there."""
    missing = [t.name for t in scene.moved if t.name not in scene.catalogs[Side.TARGET].tables]
    if missing and len(missing) == len(scene.moved):
        yield _found(
            "CK-TABLE-MISSING",
            Side.TARGET,
            "target",
            Severity.NOTE,
            f"the target has none of the {len(missing)} tables yet",
            fix="run `changeover schema apply`, then check again",
        )
        return
    for name in missing:
        yield _found(
            "CK-TABLE-MISSING",
            Side.TARGET,
            name,
            Severity.REFUSE,
            f"the target has no table {name}, although it has others that move",
            fix="run `changeover schema apply`, or exclude the table in [move]",
        )
    yield from _check_empty(scene)


def _check_empty(scene: Scene) -> Iterator[Finding]:
    ours = _copied(scene)
    connection = scene.connections[Side.TARGET]
    for table in scene.tables(Side.TARGET):
        if table.kind == "f" or table.name in ours:
            continue
        query = sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table_identifier(table.name))
        try:
            row = connection.execute(query).fetchone()
        except psycopg.Error as error:
            yield unknown("CK-TABLE-NOT-EMPTY", Side.TARGET, str(table.name), error)
            continue
        if row is None or row[0]:
            yield _found(
                "CK-TABLE-NOT-EMPTY",
                Side.TARGET,
                table.name,
                Severity.REFUSE,
                f"the target's {table.name} holds rows that we did not put there",
                fix="look whose they are; empty the table, or exclude it in [move]",
            )


def _copied(scene: Scene) -> frozenset[TableName]:
    """Return the target's tables that a copy of ours has begun to fill."""
    if not scene.one(Side.TARGET, "read_has_control")["has_control"]:
        return frozenset()
    rows = scene.rows(Side.TARGET, "read_copied")
    return frozenset(TableName(row["schema"], row["name"]) for row in rows)


def check_rules(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield rules: they rewrite statements, the mirror's too."""
    for row in scene.rows(side, "read_rules", scene.oids(side)):
        subject = f"{row['schema']}.{row['name']}"
        yield _found(
            "CK-TABLE-RULE",
            side,
            subject,
            Severity.REFUSE if row["is_instead"] else Severity.WARN,
            f'the rule "{row["rule"]}" of {subject} acts on {row["event"]}'
            + (" INSTEAD of what the mirror writes" if row["is_instead"] else " beside it"),
            fix=f'run DROP RULE "{row["rule"]}" ON {subject} and use a trigger for it',
        )


def check_trees(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield members of INHERITS trees, which are captured row by row."""
    for table in scene.tables(side):
        relatives = (*table.inherits, *table.children)
        if relatives:
            yield _found(
                "CK-TABLE-INHERITS",
                side,
                table.name,
                Severity.WARN,
                f"{table.name} is in one INHERITS tree with {show(relatives)}: it is captured row"
                " by row, and each of its relatives has to move too",
                fix="exclude none of them in [move], or make the parent a partitioned table",
            )


def check_special_columns(scene: Scene, side: Side) -> Iterator[Finding]:
    """Name columns whose values the server makes."""
    for table in scene.tables(side):
        identity = [c.name for c in table.columns if c.identity]
        generated = [c.name for c in table.columns if c.generated]
        if identity:
            yield _found(
                "CK-TABLE-IDENTITY",
                side,
                table.name,
                Severity.NOTE,
                f"{table.name}: identity {show(identity)}; carried with OVERRIDING SYSTEM VALUE",
            )
        if generated:
            yield _found(
                "CK-TABLE-GENERATED",
                side,
                table.name,
                Severity.NOTE,
                f"{table.name}: generated {show(generated)}; computed anew on each side",
            )


def check_publications(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield moved tables that are published: somebody listens there."""
    rows: list[dict[str, Any]] = scene.rows(side, "read_published", scene.oids(side))
    for row in rows:
        subject = f"{row['schema']}.{row['name']}"
        if not row["has_identity"]:
            yield _found(
                "CK-TABLE-REPLICA-IDENTITY",
                side,
                subject,
                Severity.REFUSE,
                f"{subject} is published by {show(row['publications'])} and has no replica"
                " identity: the server refuses its UPDATE and DELETE, the mirror's too",
                fix=f"run ALTER TABLE {subject} REPLICA IDENTITY FULL, or take it out",
            )
        yield _found(
            "CK-TABLE-PUBLISHED",
            side,
            subject,
            Severity.WARN,
            f"{subject} is published by {show(row['publications'])}"
            + (" (for all tables)" if row["is_for_all"] else "")
            + ": realtime clients and subscribers fall silent or see the mirror's writes",
            fix="find who listens and move them too",
        )


CHECKS: Final = (
    PairCheck(
        proves={
            "CK-SCOPE-UNKNOWN": "every table that the configuration names exists",
            "CK-SCOPE-EMPTY": "there are tables to move",
        },
        run=check_scope,
    ),
    PairCheck(
        proves={
            "CK-TABLE-FOREIGN": "no moved table is foreign",
            "CK-TABLE-UNLOGGED": "no moved table is unlogged",
        },
        run=check_kind,
    ),
    PairCheck(
        proves={
            "CK-TABLE-NO-KEY": "every moved table has a key, or is carried whole by choice",
            "CK-TABLE-MISFIT": "every row of the source fits the target, as far as it has tables",
        },
        run=check_fit,
    ),
    PairCheck(
        proves={
            "CK-TABLE-MISSING": "the target has every table",
            "CK-TABLE-NOT-EMPTY": "the target's tables hold no rows of others",
        },
        run=check_target,
    ),
    Check(proves={"CK-TABLE-RULE": "no moved table has rules"}, run=check_rules),
    Check(proves={"CK-TABLE-INHERITS": "no moved table is in an INHERITS tree"}, run=check_trees),
    Check(
        proves={
            "CK-TABLE-IDENTITY": "no moved table has identity columns",
            "CK-TABLE-GENERATED": "no moved table has generated columns",
        },
        run=check_special_columns,
    ),
    Check(
        proves={
            "CK-TABLE-REPLICA-IDENTITY": "every published table that moves has a replica identity",
            "CK-TABLE-PUBLISHED": "no moved table is published",
        },
        run=check_publications,
    ),
)
