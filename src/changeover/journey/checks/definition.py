"""The target's definitions: whether they still are what was applied, and none of them twice."""

from collections.abc import Iterator
from itertools import combinations
from typing import Final

from changeover.catalog.key_difference import index_shape
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import Check, Scene
from changeover.model.side import Side
from changeover.transfer.schema_baseline import find_drift, read_baseline


def check_drift(scene: Scene, side: Side) -> Iterator[Finding]:
    """Refuse what was altered on the target since its schema was applied, object by object."""
    connection = scene.connections[side]
    known = read_baseline(connection)
    if known is None:
        yield Finding(
            code="CK-SCHEMA-DRIFT",
            side=side,
            subject=str(side),
            severity=Severity.NOTE,
            fact="the target's definitions were not recorded yet, so no drift can be seen",
            fix="run `changeover schema apply`, also where the target was made by hand",
        )
        return
    for drift in find_drift(connection, scene.catalogs[side]):
        yield Finding(
            code="CK-SCHEMA-DRIFT",
            side=side,
            subject=drift.subject,
            severity=Severity.REFUSE,
            fact=f"{drift} (recorded {known.recorded_at:%Y-%m-%d %H:%M} UTC)",
            fix="undo it, or take all that stands now for right: `changeover schema accept`",
        )


def check_doubles(scene: Scene, side: Side) -> Iterator[Finding]:
    """Warn of two indexes that hold the same: each write pays for both, no query needs both."""
    for table in scene.tables(side):
        for one, other in combinations(table.indexes, 2):
            if index_shape(one) == index_shape(other):
                named = sorted((one, other), key=lambda index: index.constraint is None)
                yield Finding(
                    code="CK-INDEX-DOUBLE",
                    side=side,
                    subject=f"{table.name}.{named[1].name}",
                    severity=Severity.WARN,
                    fact=f"{named[1].name} and {named[0].name} of {table.name} hold the same:"
                    f" {index_shape(one)}",
                    fix=f"drop {named[1].name}",
                )


CHECKS: Final = (
    Check(
        proves={
            "CK-SCHEMA-DRIFT": "the target's definitions are as they were when they were recorded"
        },
        run=check_drift,
        sides=(Side.TARGET,),
    ),
    Check(proves={"CK-INDEX-DOUBLE": "no table has two indexes that are equal"}, run=check_doubles),
)
