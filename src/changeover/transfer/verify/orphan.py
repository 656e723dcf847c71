"""Rows of the secondary that refer to nothing, counted per foreign key.

Where foreign keys don't act while a side follows, nobody else would notice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.model.name import TableName
from changeover.transfer.verify.report import OrphanCount
from changeover.transfer.verify.session import Session

_NAME: Final = r'(?:"(?:[^"]|"")+"|[^\s"(),.]+)'
_NAMES: Final = rf"{_NAME}(?:, {_NAME})*"
_DEFINITION: Final = re.compile(
    rf"FOREIGN KEY \((?P<columns>{_NAMES})\)"
    rf" REFERENCES (?P<schema>{_NAME})\.(?P<table>{_NAME})\((?P<referenced>{_NAMES})\)"
    r"(?P<match> MATCH FULL)?"
)
_DOING: Final = "counting orphans"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What a foreign key says.

    Attributes:
        is_full: MATCH FULL: a row may not be NULL in some of its columns only.
    """

    columns: tuple[str, ...]
    parent: TableName
    referenced: tuple[str, ...]
    is_full: bool


def parse_definition(definition: str) -> Reference | None:
    """Return what a definition by `pg_get_constraintdef` says.

    Args:
        definition: Made under a `search_path` that qualifies the referenced table.

    Returns:
        None for what we don't know, such as PERIOD.
    """
    found = _DEFINITION.match(definition)
    if found is None:
        return None
    return Reference(
        columns=_split(found["columns"]),
        parent=TableName(_bare(found["schema"]), _bare(found["table"])),
        referenced=_split(found["referenced"]),
        is_full=found["match"] is not None,
    )


def _split(names: str) -> tuple[str, ...]:
    return tuple(_bare(name) for name in re.findall(_NAME, names))


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def count_orphans(
    secondary: Session, pairs: Sequence[Pair], *, has_resting: bool
) -> dict[TableName, tuple[OrphanCount, ...]]:
    """Count the orphans of every foreign key of some tables, at work or at rest.

    Args:
        secondary: A session of the secondary.
        pairs: The tables.
        has_resting: The side has a table of what is at rest.

    Returns:
        The counts per table; tables without foreign keys are absent.
    """
    wanted = {pair.name for pair in pairs}
    oids = [pair.table(secondary.side).oid for pair in pairs]
    resting = secondary.rows("read_resting_foreign_keys", _DOING) if has_resting else []
    working = secondary.rows("read_foreign_keys", _DOING, (oids,))
    known = {(schema, table, name) for schema, table, name, _ in working}
    rows = [(*row, False) for row in working]
    rows += [(*row, True) for row in resting if row[:3] not in known]
    counts: dict[TableName, tuple[OrphanCount, ...]] = {}
    for schema, table, name, definition, is_resting in rows:
        child = TableName(schema, table)
        if child not in wanted:
            continue
        reference = parse_definition(definition)
        orphan = OrphanCount(
            table=child,
            name=name,
            is_resting=is_resting,
            rows=None if reference is None else _count(secondary, child, reference),
        )
        counts[child] = (*counts.get(child, ()), orphan)
    return counts


def _count(secondary: Session, child: TableName, reference: Reference) -> int:
    between = sql.SQL(" OR ") if reference.is_full else sql.SQL(" AND ")
    demanded = between.join(
        sql.SQL("{} IS NOT NULL").format(sql.Identifier("c", name)) for name in reference.columns
    )
    match = sql.SQL(" AND ").join(
        sql.SQL("{} = {}").format(sql.Identifier("p", theirs), sql.Identifier("c", ours))
        for ours, theirs in zip(reference.columns, reference.referenced, strict=True)
    )
    ((rows,),) = secondary.rows(
        "count_orphans",
        _DOING,
        child=sql.Identifier(child.schema, child.name),
        parent=sql.Identifier(reference.parent.schema, reference.parent.name),
        demanded=demanded,
        match=match,
    )
    return int(rows)
