"""Sequences: which columns they serve, and whether both swaps can set them."""

from collections.abc import Iterator
from typing import Final

from changeover.catalog.values import Sequence
from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import Check, Scene
from changeover.model.name import quote
from changeover.model.side import Side

USED_SHARE_MAX: Final = 0.9
"""A sequence that has handed out more than this share of its range is nearly used up."""


def list_sequences(scene: Scene, side: Side) -> Iterator[Finding]:
    """Name each sequence of the moved schemas with the column that owns it."""
    for sequence in scene.catalogs[side].sequences:
        owner = _owner(sequence)
        yield Finding(
            code="CK-SEQUENCE-OWNER",
            side=side,
            subject=str(sequence.name),
            severity=Severity.NOTE,
            fact=f"{sequence.name} serves {owner}" if owner else f"{sequence.name} has no owner",
        )


def _owner(sequence: Sequence) -> str | None:
    if sequence.owner_table is None or sequence.owner_column is None:
        return None
    return f"{sequence.owner_table}.{quote(sequence.owner_column)}"


def check_defaults(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield columns whose default calls a sequence that they don't own, or that does not move."""
    given = {**scene.oids(side), "schemas": list(scene.chosen.schemas)}
    for row in scene.rows(side, "read_default_sequences", given):
        column = f"{row['schema']}.{row['name']}.{row['column']}"
        sequence = f"{row['sequence_schema']}.{row['sequence']}"
        if not row["is_in_scope"]:
            yield Finding(
                code="CK-SEQUENCE-ELSEWHERE",
                side=side,
                subject=sequence,
                severity=Severity.REFUSE,
                fact=f"the default of {column} calls {sequence}, which is in a schema that does"
                " not move: no swap would set it",
                fix=f"run ALTER SEQUENCE {sequence} SET SCHEMA {row['schema']}, or name its schema"
                " in [move]",
            )
        if not row["is_owned"]:
            yield Finding(
                code="CK-SEQUENCE-UNOWNED",
                side=side,
                subject=sequence,
                severity=Severity.WARN,
                fact=f"the default of {column} calls {sequence}, which the column does not own:"
                " tools that follow ownership forget it",
                fix=f"run ALTER SEQUENCE {sequence} OWNED BY {column}",
            )


def check_rights(scene: Scene, side: Side) -> Iterator[Finding]:
    """Refuse sequences that our role may not read or set."""
    for row in scene.rows(side, "read_sequence_rights", {"schemas": list(scene.chosen.schemas)}):
        name = f"{row['schema']}.{row['name']}"
        lacks = [right for right in ("SELECT", "UPDATE") if not row[right.lower()]]
        if lacks:
            yield Finding(
                code="CK-SEQUENCE-RIGHT",
                side=side,
                subject=name,
                severity=Severity.REFUSE,
                fact=f"{scene.catalogs[side].user} lacks {' and '.join(lacks)} on {name}: a swap"
                " could not read it or set it past both sides",
                fix=f"run GRANT SELECT, UPDATE ON SEQUENCE {name} to the role",
            )


def check_room(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield sequences that run round or are nearly used up."""
    for sequence in scene.catalogs[side].sequences:
        if sequence.is_cycled:
            yield _tight(side, sequence, "starts again at its end: keys can repeat")
        elif _share(sequence) > USED_SHARE_MAX:
            yield _tight(
                side,
                sequence,
                f"has handed out {_share(sequence):.0%} of its values, the gap of a swap comes"
                " on top",
            )


def _share(sequence: Sequence) -> float:
    if sequence.last_value is None:
        return 0.0
    begin, end = sequence.minimum, sequence.maximum
    if sequence.increment < 0:
        begin, end = end, begin
    return (sequence.last_value - begin) / (end - begin) if end != begin else 1.0


def _tight(side: Side, sequence: Sequence, why: str) -> Finding:
    return Finding(
        code="CK-SEQUENCE-ROOM",
        side=side,
        subject=str(sequence.name),
        severity=Severity.WARN,
        fact=f"{sequence.name} {why}",
        fix="widen it (bigint) before the move",
    )


CHECKS: Final = (
    Check(proves={"CK-SEQUENCE-OWNER": "the moved schemas hold no sequence"}, run=list_sequences),
    Check(
        proves={
            "CK-SEQUENCE-ELSEWHERE": "every sequence that a default calls moves too",
            "CK-SEQUENCE-UNOWNED": "every sequence that a default calls is owned by its column",
        },
        run=check_defaults,
    ),
    Check(proves={"CK-SEQUENCE-RIGHT": "every sequence can be read and set"}, run=check_rights),
    Check(proves={"CK-SEQUENCE-ROOM": "every sequence has room"}, run=check_room),
)
