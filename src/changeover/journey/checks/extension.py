"""Types and extensions that the moved tables are made of, and whether the target has them."""

from collections.abc import Iterator
from typing import Any, Final

from changeover.catalog.values import Table
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import PairCheck, Scene, show
from changeover.model.name import TableName
from changeover.model.side import Side


def check_extensions(scene: Scene) -> Iterator[Finding]:
    """Yield the extensions that moved tables need and the target lacks, or has in another form."""
    needed = scene.rows(Side.SOURCE, "read_needed_extensions", scene.oids(Side.SOURCE))
    names = [row["name"] for row in needed]
    offered = {
        row["name"]: row
        for row in scene.rows(Side.TARGET, "read_offered_extensions", {"names": names})
    }
    for row in needed:
        found = offered.get(row["name"])
        if found is None:
            yield _finding(
                row,
                Severity.REFUSE,
                "the target's server does not offer it",
                "install its package on the target's server, or take what needs it out",
            )
        elif found["installed"] is None:
            yield _finding(
                row,
                Severity.WARN,
                f"the target offers version {found['offered']} and has not installed it",
                f'run CREATE EXTENSION "{row["name"]}" WITH SCHEMA {row["schema"]} on the target',
            )
        elif found["installed"] != row["version"] or found["schema"] != row["schema"]:
            yield _finding(
                row,
                Severity.WARN,
                f"the target has version {found['installed']} in schema {found['schema']}",
                "make version and schema equal, or try what uses it",
            )


def _finding(row: dict[str, Any], severity: Severity, fact: str, fix: str) -> Finding:
    return Finding(
        code="CK-EXTENSION-MISSING",
        side=Side.TARGET,
        subject=f"extension {row['name']}",
        severity=severity,
        fact=f"{show(row['users'])} need(s) the extension {row['name']} (version {row['version']},"
        f" schema {row['schema']} on the source): {fact}",
        fix=fix,
    )


def check_types(scene: Scene) -> Iterator[Finding]:
    """Refuse types that a target's table needs to have and doesn't, and enums that lack a label."""
    if not scene.tables(Side.TARGET):
        return
    yield from _check_labels(scene)
    yield from _check_column_types(scene)


def _check_labels(scene: Scene) -> Iterator[Finding]:
    known = {kind.name: kind for kind in scene.catalogs[Side.TARGET].types}
    for kind in scene.catalogs[Side.SOURCE].types:
        other = known.get(kind.name)
        if kind.kind != "e" or other is None:
            continue
        missing = [label for label in kind.labels if label not in other.labels]
        if missing:
            yield Finding(
                code="CK-TYPE-LABELS",
                side=Side.TARGET,
                subject=str(kind.name),
                severity=Severity.REFUSE,
                fact=f"the target's enum {kind.name} lacks {len(missing)} of the source's"
                f" {len(kind.labels)} labels: {show(missing)}",
                fix=f"run ALTER TYPE {kind.name} ADD VALUE … on the target",
            )


def _check_column_types(scene: Scene) -> Iterator[Finding]:
    for source in scene.moved:
        target = scene.catalogs[Side.TARGET].tables.get(source.name)
        if target is None:
            continue
        for name, ours, theirs in _differing(source, target):
            yield Finding(
                code="CK-TYPE-DIFFERS",
                side=Side.TARGET,
                subject=f"{source.name}.{name}",
                severity=Severity.WARN,
                fact=f"{source.name}.{name} is {ours} on the source and {theirs} on the target:"
                " values may not fit, or read otherwise",
                fix="give it the source's type until `finish`",
            )


def _differing(source: Table, target: Table) -> Iterator[tuple[str, str, str]]:
    for column in source.columns:
        other = target.column(column.name)
        if other is not None and other.type != column.type:
            yield column.name, column.type, other.type


def check_outside_types(scene: Scene) -> Iterator[Finding]:
    """Yield types of moved columns that live in schemas which don't move."""
    rows = scene.rows(
        Side.SOURCE,
        "read_outside_types",
        {
            **scene.oids(Side.SOURCE),
            "schemas": list(scene.chosen.schemas),
        },
    )
    for row in rows:
        name = TableName(row["schema"], row["name"])
        there = scene.rows(Side.TARGET, "read_type", {"schema": name.schema, "name": name.name})
        if not there:
            yield Finding(
                code="CK-TYPE-OUTSIDE",
                side=Side.TARGET,
                subject=str(name),
                severity=Severity.REFUSE,
                fact=f"{show(row['users'])} use(s) the type {name}, which lives in a schema that"
                " does not move, and the target lacks it",
                fix="create the type on the target, or name its schema in [move]",
            )


CHECKS: Final = (
    PairCheck(
        proves={"CK-EXTENSION-MISSING": "the target has every extension that moved tables need"},
        run=check_extensions,
    ),
    PairCheck(
        proves={
            "CK-TYPE-LABELS": "every enum of the target knows the source's labels",
            "CK-TYPE-DIFFERS": "columns have the same types on both sides, as far as there are"
            " tables",
        },
        run=check_types,
    ),
    PairCheck(
        proves={"CK-TYPE-OUTSIDE": "no moved column needs a type that the target lacks"},
        run=check_outside_types,
    ),
)
