"""Columns whose values mean something only on the server that they were made on; large objects."""

from collections.abc import Iterator, Mapping
from typing import Final

from changeover.catalog.values import Column, Table
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import Check, Scene
from changeover.model.side import Side

CATALOG_TYPES: Final = frozenset(
    {
        "regclass",
        "regcollation",
        "regconfig",
        "regdictionary",
        "regnamespace",
        "regoper",
        "regoperator",
        "regproc",
        "regprocedure",
        "regrole",
        "regtype",
    }
)
TRANSACTION_TYPES: Final = frozenset(
    {"xid", "xid8", "cid", "tid", "pg_lsn", "pg_snapshot", "txid_snapshot"}
)

_FAMILIES: Final[Mapping[str, tuple[frozenset[str], str, str]]] = {
    "CK-COLUMN-OID": (
        frozenset({"oid"}),
        "an oid names a large object or a catalog row of the source, and another or none elsewhere",
        "make sure that nothing follows these numbers, or turn the column into bigint",
    ),
    "CK-COLUMN-CATALOG": (
        CATALOG_TYPES,
        "it is carried as the name of a catalog object, which the target must have too",
        "create these objects on the target first, or keep names as text",
    ),
    "CK-COLUMN-TRANSACTION": (
        TRANSACTION_TYPES,
        "it counts the source's own transactions or log positions, which mean nothing elsewhere",
        "make sure that nothing compares it with the target's own",
    ),
}


def check_types(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield columns of types that can't keep their meaning."""
    for table in scene.tables(side):
        for column in table.columns:
            yield from _check_column(side, table, column)


def _check_column(side: Side, table: Table, column: Column) -> Iterator[Finding]:
    base = column.base_type.removesuffix("[]")
    for code, (types, why, fix) in _FAMILIES.items():
        if base in types:
            subject = f"{table.name}.{column.name}"
            yield Finding(
                code=code,
                side=side,
                subject=subject,
                severity=Severity.WARN,
                fact=f"{subject} is of type {column.type}: {why}",
                fix=fix,
            )


def check_large_objects(scene: Scene, side: Side) -> Iterator[Finding]:
    """Refuse large objects: nothing of ours carries them."""
    count = scene.one(side, "count_large_objects")["objects"]
    if not count:
        return
    columns = [
        f"{table.name}.{column.name}"
        for table in scene.tables(side)
        for column in table.columns
        if column.base_type == "oid"
    ]
    likely = f"; {', '.join(columns)} may refer to them" if columns else ""
    yield Finding(
        code="CK-DATABASE-LARGE-OBJECTS",
        side=side,
        subject="large objects",
        severity=Severity.REFUSE,
        fact=f"the source holds {count} large object(s), which are not carried{likely}",
        fix="move them into bytea columns or files first",
        is_answerable=True,
    )


CHECKS: Final = (
    Check(
        proves={
            "CK-COLUMN-OID": "no moved column holds an oid",
            "CK-COLUMN-CATALOG": "no moved column holds a reference to a catalog object",
            "CK-COLUMN-TRANSACTION": "no moved column holds transaction numbers or log positions",
        },
        run=check_types,
        sides=(Side.SOURCE,),
    ),
    Check(
        proves={"CK-DATABASE-LARGE-OBJECTS": "the source holds no large objects"},
        run=check_large_objects,
        sides=(Side.SOURCE,),
    ),
)
