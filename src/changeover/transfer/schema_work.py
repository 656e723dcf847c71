"""One look at both sides and at the archive: all that planning and applying the schema need."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from psycopg import sql

from changeover.catalog import read
from changeover.catalog.difference import Difference, compare, fits
from changeover.catalog.pair import moved_tables
from changeover.catalog.values import Catalog
from changeover.control.move import Connection, Move, require_places
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import GateRefusedError, SchemaMismatchError
from changeover.model.name import TableName
from changeover.model.side import Side
from changeover.transfer import schema_ledger as ledger
from changeover.transfer.entry import require_unswapped
from changeover.transfer.schema_archive import Archive, dump, script
from changeover.transfer.schema_carriage import Decision, Surroundings, decide
from changeover.transfer.schema_inventory import (
    ROOM,
    Known,
    read_identities,
    read_known,
    read_target,
)
from changeover.transfer.schema_plan import CARRY, Outcome, SchemaObject, Step
from changeover.transfer.schema_platform import (
    Making,
    makings,
    privilege_statements,
    read_grants,
    unknown_grantees,
)
from changeover.transfer.schema_program import find_programs
from changeover.transfer.schema_reference import Reference, add_statement, reference_of

LOCK_TIMEOUT_MS: Final = 30_000
SHOWN_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the schema step knows and holds open.

    Attributes:
        source: A session of the source's owner.
        target: A session of the target's owner, in autocommit.
        decisions: What becomes of each object of the archive, in its order.
        made: What has to be made first.
        strays: What stays behind, with the reason.
        privileges: Statements that give effective rights.
        kept_differences: What differs on tables that were on the target before.
    """

    move: Move
    source: Connection
    target: Connection
    archive: Archive
    decisions: tuple[Decision, ...]
    made: tuple[Making, ...]
    strays: tuple[SchemaObject, ...]
    privileges: tuple[sql.Composed, ...]
    applied: Mapping[str, ledger.Applied]
    kept_differences: tuple[Difference, ...]

    @property
    def objects(self) -> tuple[SchemaObject, ...]:
        """Every object and what becomes of it."""
        return (
            *(m.object for m in self.made),
            *(d.object for d in self.decisions),
            *self.strays,
        )

    def carried(self, step: Step) -> tuple[Decision, ...]:
        """Return what a step carries, in the archive's order."""
        return tuple(d for d in self.decisions if d.object.step is step)

    def key_tables(self) -> tuple[TableName, ...]:
        """Return the tables whose keys are carried."""
        found = {d.known.facts.root for d in self._keys() if d.known.facts.root is not None}
        return tuple(sorted(found))

    def keys_of(self, name: TableName) -> tuple[Decision, ...]:
        """Return the entries that make a table's key, those of its partitions included."""
        own = {d.known.entry.number for d in self._keys() if d.known.facts.root == name}
        return tuple(
            d
            for d in self._keys()
            if d.known.entry.number in own or own & set(d.known.entry.depends)
        )

    def _keys(self) -> tuple[Decision, ...]:
        return self.carried(Step.KEYS)

    def script(self, decisions: tuple[Decision, ...]) -> bytes:
        """Return the SQL of some entries, for the target's version."""
        if not decisions:
            return b""
        entries = [d.known.entry for d in decisions]
        return script(self.archive, entries, self.target.info.server_version)

    def references(self) -> tuple[Reference, ...]:
        """Return the foreign keys that are carried."""
        answers = self.move.settings.move.answers
        return tuple(
            reference_of(d, is_carried=answers.get(d.object.answer_key) == CARRY)
            for d in self.carried(Step.FOREIGN_KEYS)
        )

    def require_answers(self) -> None:
        """Refuse to go on with open questions.

        Raises:
            GateRefusedError: If there are any; it lists them.
        """
        open_ones = [o for o in self.objects if o.outcome is Outcome.ASKED]
        if not open_ones:
            return
        listed = "; ".join(_question(o) for o in open_ones[:SHOWN_MAX])
        raise GateRefusedError(
            f"{len(open_ones)} question(s) about the schema are open: {listed}",
            hint="answer each in [move.answers] of changeover.toml, by the key shown",
        )

    def require_fit(self) -> None:
        """Refuse a target prepared by hand that does not take every row.

        Raises:
            SchemaMismatchError: If it does not; it lists why.
        """
        require_fit(self.kept_differences)


def _question(asked: SchemaObject) -> str:
    choices = f" ({' or '.join(asked.choices)})" if asked.choices else ""
    return f'{asked.name}: {asked.why} ["{asked.answer_key}"{choices}]'


def require_fit(differences: tuple[Difference, ...]) -> None:
    """Refuse differences that refuse or bend rows.

    Raises:
        SchemaMismatchError: If there are any.
    """
    if fits(differences):
        return
    bad = [d for d in differences if not fits((d,))]
    raise SchemaMismatchError(
        f"{len(bad)} difference(s) refuse or bend rows: "
        + "; ".join(str(d) for d in bad[:SHOWN_MAX]),
        hint="alter the target, or the source, so that every row fits",
    )


@contextmanager
def work_on(move: Move) -> Iterator[Work]:
    """Look at both sides, dump the source's definitions, and decide what becomes of each.

    Args:
        move: The move.

    Yields:
        The work; its sessions and its archive are gone afterwards.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
        ToolFailedError: If the client programs are missing, too old, or failed.
    """
    require_places(move)
    require_unswapped(move)
    with (
        move.connect_owner(Side.SOURCE, "schema") as source,
        move.connect_owner(Side.TARGET, "schema", lock_timeout_ms=LOCK_TIMEOUT_MS) as target,
        tempfile.TemporaryDirectory(prefix="changeover-schema-") as directory,
    ):
        versions = {
            str(Side.SOURCE): source.info.server_version,
            str(Side.TARGET): target.info.server_version,
        }
        programs = find_programs(move.settings.client_binaries, versions)
        schemas = move.settings.move.schemas
        archive = dump(programs, move.owners[Side.SOURCE], schemas, Path(directory))
        with translated(Side.SOURCE, "reading what the archive holds"):
            known = read_known(source, archive, schemas)
        yield _assemble(move, (source, target), archive, known)


def _assemble(
    move: Move, sides: tuple[Connection, Connection], archive: Archive, known: tuple[Known, ...]
) -> Work:
    source, target = sides
    schemas = move.settings.move.schemas
    with translated(Side.SOURCE, "reading the catalog"):
        catalog = read(source, schemas)
        grants = read_grants(source, schemas)
        rows = source.execute(fixed(ROOM, "read_strays"), {"schemas": list(schemas)}).fetchall()
    with translated(Side.TARGET, "reading the catalog"):
        catalogs = (catalog, read(target, schemas))
        applied = ledger.read(target)
        around = _surroundings(move, catalogs, target, known, applied)
        resting = read_resting(target)
    decisions = decide(known, around)
    carried = tuple(d for d in decisions if d.outcome is Outcome.CARRIED)
    strays = tuple(SchemaObject(name=name, outcome=Outcome.DROPPED, why=why) for name, why in rows)
    return Work(
        move=move,
        source=source,
        target=target,
        archive=archive,
        decisions=decisions,
        made=makings(decisions, around, grants),
        strays=(*strays, *unknown_grantees(carried, around, grants)),
        privileges=privilege_statements(carried, around, grants),
        applied=applied,
        kept_differences=tuple(
            d
            for d in compare(*catalogs, move.settings.move, resting=resting)
            if d.object in _kept_names(decisions)
        ),
    )


def _kept_names(decisions: tuple[Decision, ...]) -> frozenset[str]:
    """Return the names, as differences show them, of what was on the target before us."""
    kept = [d.known.facts for d in decisions if d.outcome is Outcome.KEPT]
    tables = {str(facts.relation) for facts in kept if facts.is_relation}
    return frozenset(tables | {facts.identity for facts in kept if facts.identity})


def _surroundings(
    move: Move,
    catalogs: tuple[Catalog, Catalog],
    target: Connection,
    known: tuple[Known, ...],
    applied: Mapping[str, ledger.Applied],
) -> Surroundings:
    source, other = catalogs
    moved = moved_tables(source, move.settings.move)
    outside = {need.schema for one in known for need in one.needs if need.schema}
    names = [*other.tables, *(v.name for v in other.views), *(s.name for s in other.sequences)]
    identifying = {
        t.name: t.identifying_key.name
        for t in moved
        if t.primary_key is None and t.identifying_key is not None
    }
    return Surroundings(
        schemas=frozenset(move.settings.move.schemas),
        excluded=frozenset(source.tables) - {t.name for t in moved},
        relations=frozenset(names),
        present=read_identities(target, {*move.settings.move.schemas, *outside}),
        ours=frozenset(label for step in applied.values() for label in step.objects),
        target=read_target(target),
        answers=move.settings.move.answers,
        identifying=identifying,
    )


def read_resting(target: Connection) -> frozenset[tuple[TableName, str]]:
    """Return the triggers and foreign keys that are at rest on a side, by table and name."""
    row = target.execute(
        "SELECT pg_catalog.to_regclass('changeover.resting') IS NOT NULL"
    ).fetchone()
    if row is None or not row[0]:
        return frozenset()
    rows = target.execute(fixed(ROOM, "read_resting")).fetchall()
    return frozenset((TableName(row[1], row[2]), row[3]) for row in rows)


def reference_text(work: Work) -> bytes:
    """Return the statements of the foreign keys, for the plan and for the ledger's checksum."""
    statements = [add_statement(r.relation, r) for r in work.references()]
    return joined(statements)


def joined(statements: Iterable[sql.Composable]) -> bytes:
    """Return statements as one text."""
    return b"".join(s.as_string().encode() + b";\n" for s in statements)
