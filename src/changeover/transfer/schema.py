"""Carrying the schema: definitions from pg_dump, in steps, each a transaction with its ledger row.

Order: what rows need before the copy; a table's key after its copy; other unique indexes after the
first drain; then indexes, foreign keys, triggers, policies and rights. On a small database all of
it may go before the copy. A function applies the steps before its own too, where they are missing.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal

from changeover.catalog import read
from changeover.catalog.definition import Drift
from changeover.catalog.difference import Difference, compare
from changeover.control.move import PRE_DATA_STEP, Connection, Move, key_step
from changeover.control.turn import alone
from changeover.database.errors import translated
from changeover.model.name import TableName
from changeover.model.observation import phase
from changeover.model.side import Side
from changeover.transfer import fence
from changeover.transfer import schema_ledger as ledger
from changeover.transfer.entry import require_places_to_make
from changeover.transfer.identity import read_identity
from changeover.transfer.rest import rest_actions
from changeover.transfer.schema_archive import restore
from changeover.transfer.schema_baseline import find_drift, record
from changeover.transfer.schema_carriage import Decision
from changeover.transfer.schema_inventory import RELATION_CATALOG, read_identities
from changeover.transfer.schema_plan import SchemaPlan, SchemaReport, Step
from changeover.transfer.schema_reference import (
    Reference,
    add,
    carry_keys,
    referenced_table,
    require_ownership,
    validate,
    validate_statement,
)
from changeover.transfer.schema_work import (
    Work,
    joined,
    read_resting,
    reference_text,
    require_fit,
    work_on,
)

_ORDER: Final = tuple(Step)
assert str(Step.PRE_DATA) == PRE_DATA_STEP, "the ledger has one name for it"


def plan_schema(move: Move) -> SchemaPlan:
    """Return what applying the schema would do, and do none of it.

    Args:
        move: The move.

    Returns:
        Every object with its outcome, and the exact SQL by step.

    Raises:
        ToolFailedError: If the client programs are missing, too old, or failed.
        ConfigurationError: If an answer is none of the choices.
    """
    with work_on(move) as work:
        statements = {
            str(Step.PREPARATION): joined(ledger.statements())
            + b"".join(joined(m.statements) for m in work.made),
            str(Step.PRE_DATA): work.script(work.carried(Step.PRE_DATA)),
            **{key_step(n): work.script(work.keys_of(n)) for n in work.key_tables()},
            str(Step.UNIQUE): work.script(work.carried(Step.UNIQUE)),
            str(Step.INDEXES): work.script(work.carried(Step.INDEXES)),
            str(Step.FOREIGN_KEYS): _foreign_key_plan(work),
            str(Step.TRIGGERS): work.script(work.carried(Step.TRIGGERS)),
            str(Step.PRIVILEGES): joined(work.privileges),
        }
        return SchemaPlan(
            objects=work.objects,
            statements={name: text.decode() for name, text in statements.items() if text},
            applied=tuple(work.applied),
            differences=work.kept_differences,
        )


def _foreign_key_plan(work: Work) -> bytes:
    references = work.references()
    tables = [s for r in references if r.is_carried for s in referenced_table(r)]
    checks = [validate_statement(r.relation, r) for r in references if r.is_validated]
    return joined(tables) + reference_text(work) + joined(checks)


def apply_pre_data(move: Move) -> SchemaReport:
    """Apply what rows need: roles, types, functions, tables, sequences, defaults, views.

    Raises:
        GateRefusedError: If a question is open.
        SchemaMismatchError: If a table that was on the target before does not take every row.
        DefinitionChangedError: If a step was applied with other definitions.
        ToolFailedError: If the client programs are missing, too old, or failed.
        DatabaseError: If a statement failed; nothing of its step stays.
    """
    return _apply(move, Step.PRE_DATA)


def apply_keys(move: Move, tables: Iterable[TableName] | None = None) -> SchemaReport:
    """Apply the primary keys, or what stands in for them, of some tables; all by default.

    Raises: as `apply_pre_data`.
    """
    return _apply(move, Step.KEYS, tables=None if tables is None else tuple(tables))


def apply_unique(move: Move) -> SchemaReport:
    """Apply the other unique indexes, exclusion constraints, and views that need a key.

    Raises: as `apply_pre_data`.
    """
    return _apply(move, Step.UNIQUE)


def apply_indexes(move: Move) -> SchemaReport:
    """Build the rest of the indexes, several at a time, which is no transaction.

    Raises: as `apply_pre_data`.
    """
    return _apply(move, Step.INDEXES)


def apply_foreign_keys(move: Move) -> SchemaReport:
    """Add the foreign keys NOT VALID, and validate those that have no orphans.

    On a secondary that is fenced they stay NOT VALID, at rest where the mirror can't pass them by.

    Raises: as `apply_pre_data`.
    """
    return _apply(move, Step.FOREIGN_KEYS)


def apply_triggers_and_policies(move: Move) -> SchemaReport:
    """Apply triggers, rules, policies and effective rights; triggers go to rest on a secondary.

    Raises: as `apply_pre_data`.
    """
    return _apply(move, Step.PRIVILEGES)


def apply_all(move: Move, until: Literal["keys", "all"] = "all") -> SchemaReport:
    """Apply everything, or what comes before the copy and the keys.

    Raises: as `apply_pre_data`.
    """
    return _apply(move, Step.KEYS if until == "keys" else Step.PRIVILEGES)


def report(move: Move) -> SchemaReport:
    """Return what became of every object, and how the two databases differ now."""
    with work_on(move) as work:
        return SchemaReport(
            objects=work.objects,
            done=(),
            known=tuple(work.applied),
            differences=_differences(work),
        )


def read_drift(move: Move) -> tuple[Drift, ...]:
    """Return what was altered on the target since its definitions were recorded."""
    with move.connect_owner(Side.TARGET, "schema") as target:
        return find_drift(target, read(target, move.settings.move.schemas))


def accept(move: Move) -> tuple[Drift, ...]:
    """Record the target's definitions as they are now; what was altered is right from then on.

    Returns:
        What is no drift any more.

    Raises:
        WrongServerError: If the databases are one, swapped, or of another move.
    """
    require_places_to_make(move)
    with alone(move, "schema accept"), move.connect_owner(Side.TARGET, "schema") as target:
        catalog = read(target, move.settings.move.schemas)
        drift = find_drift(target, catalog)
        record(target, catalog)
        return drift


def carry_referenced_keys(move: Move) -> int:
    """Copy the keys, of tables that stay, which foreign keys answered with `carry` reference.

    Repeatable: run it again before the cutover, since accounts are made all the time.

    Returns:
        How many keys were new on the target.
    """
    with work_on(move) as work:
        return carry_keys(work.source, work.target, work.references())


def validate_foreign_keys(move: Move) -> tuple[str, ...]:
    """Validate the foreign keys that we carried and that are NOT VALID.

    Returns:
        Those that stay NOT VALID, each with the reason.
    """
    with work_on(move) as work:
        return _validate(work, work.references())


def _apply(move: Move, until: Step, *, tables: Sequence[TableName] | None = None) -> SchemaReport:
    with alone(move, "schema apply"), work_on(move) as work:
        require_places_to_make(move)
        work.require_answers()
        work.require_fit()
        drift = find_drift(work.target, read(work.target, move.settings.move.schemas))
        done: list[str] = []
        for step in _ORDER[: _ORDER.index(until) + 1]:
            with (
                phase(move.observer, f"schema {step}"),
                translated(Side.TARGET, f"applying the schema's step {step}"),
            ):
                done += _apply_step(work, step, tables)
        waiting: tuple[str, ...] = ()
        if until in {Step.FOREIGN_KEYS, Step.PRIVILEGES}:
            waiting = _validate(work, work.references())
        differences = _differences(work)
        require_fit(differences)
        if until is Step.PRIVILEGES:
            record(work.target, read(work.target, move.settings.move.schemas), drift)
        return SchemaReport(
            objects=work.objects,
            done=tuple(done),
            known=tuple(name for name in work.applied if name not in done),
            not_validated=waiting,
            differences=differences,
        )


def _apply_step(work: Work, step: Step, tables: Sequence[TableName] | None) -> list[str]:
    """Apply one step; return the ledger's names of what was newly applied."""
    if step is Step.PREPARATION:
        return _prepare(work)
    if step is Step.KEYS:
        wanted = [n for n in work.key_tables() if tables is None or n in tables]
        return [name for n in wanted for name in run_script(work, key_step(n), work.keys_of(n))]
    if step is Step.INDEXES:
        return _build_indexes(work)
    if step is Step.FOREIGN_KEYS:
        return _add_references(work)
    if step is Step.PRIVILEGES:
        return _give_privileges(work)
    return run_script(work, str(step), work.carried(step))


def _labels(decisions: Iterable[Decision]) -> list[str]:
    return [d.object.name for d in decisions]


def _prepare(work: Work) -> list[str]:
    made = [statement for making in work.made for statement in making.statements]
    with work.target.transaction():
        for statement in (*ledger.statements(), *made):
            work.target.execute(statement)
    return [str(Step.PREPARATION)] if made else []


def run_script(work: Work, name: str, decisions: tuple[Decision, ...]) -> list[str]:
    """Run some entries as a step; return its name, or nothing where it was applied before."""
    if not decisions:
        return []
    text = work.script(decisions)
    target = work.target
    with target.transaction():
        if not ledger.begin(target, name, text, _labels(decisions)):
            return []
        # Without parameters the text goes out as one message of several statements.
        target.execute(text)
        target.execute("SET search_path = pg_catalog")
        if name == str(Step.TRIGGERS):
            _put_to_rest(target)
    return [name]


def _is_secondary(target: Connection) -> bool:
    """Return whether the target is installed, and closed to application writes."""
    row = target.execute("SELECT pg_catalog.to_regclass('changeover.side') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return False
    installed = target.execute("SELECT 1 FROM changeover.side").fetchone()
    return installed is not None and not fence.is_open(target)


def _put_to_rest(target: Connection) -> None:
    """Put new triggers and foreign keys to rest in the transaction that made them."""
    if not _is_secondary(target):
        return
    for action in rest_actions(target, read_identity(target).rest_mode):
        for statement, values in action:
            target.execute(statement, values or None)


def _build_indexes(work: Work) -> list[str]:
    """Build the indexes in several sessions; what an earlier try built is left alone."""
    decisions = work.carried(Step.INDEXES)
    if not decisions:
        return []
    name, text = str(Step.INDEXES), work.script(decisions)
    if name in work.applied:
        ledger.require_same(name, work.applied[name], text, _labels(decisions))
        return []
    present = read_identities(work.target, work.move.settings.move.schemas)
    missing = [
        d.known.entry
        for d in decisions
        if (RELATION_CATALOG, d.known.facts.identity) not in present
    ]
    jobs = max(1, work.move.settings.copy.workers)
    restore(work.archive, missing, work.move.owners[Side.TARGET], jobs=jobs)
    with work.target.transaction():
        ledger.begin(work.target, name, text, _labels(decisions))
    return [name]


def _add_references(work: Work) -> list[str]:
    references = work.references()
    if not references:
        return []
    name, target = str(Step.FOREIGN_KEYS), work.target
    carried = [r for r in references if r.is_carried]
    for reference in carried:
        for statement in referenced_table(reference):
            target.execute(statement)
        require_ownership(target, reference)
    carry_keys(work.source, target, carried)
    labels = _labels(work.carried(Step.FOREIGN_KEYS))
    with target.transaction():
        if not ledger.begin(target, name, reference_text(work), labels):
            return []
        for reference in references:
            add(target, reference)
        _put_to_rest(target)
        for reference in references:
            _remember_validity(target, reference)
    return [name]


def _remember_validity(target: Connection, reference: Reference) -> None:
    """Let a foreign key that went to rest be validated after the swap, as the source's is."""
    if reference.is_validated and _is_secondary(target):
        target.execute(
            "UPDATE changeover.resting SET is_validated = true, definition = %s"
            " WHERE kind = 'foreign_key' AND schema_name = %s AND table_name = %s AND name = %s",
            (
                reference.definition,
                reference.relation.schema,
                reference.relation.name,
                reference.name,
            ),
        )


def _validate(work: Work, references: tuple[Reference, ...]) -> tuple[str, ...]:
    if _is_secondary(work.target):
        return tuple(
            f"{r}: the target is the secondary; validated after the swap" for r in references
        )
    with translated(Side.TARGET, "validating foreign keys"):
        found = [(r, validate(work.target, r)) for r in references if r.is_validated]
    return tuple(f"{r}: {why}" for r, why in found if why)


def _give_privileges(work: Work) -> list[str]:
    """Give rights; they are given anew whenever the source's have changed."""
    name, text = str(Step.PRIVILEGES), joined(work.privileges)
    known = work.applied.get(name)
    if not work.privileges or (known is not None and known.checksum == ledger.checksum(text)):
        return []
    with work.target.transaction():
        for statement in work.privileges:
            work.target.execute(statement)
        work.target.execute("DELETE FROM changeover.schema_step WHERE step = %s", (name,))
        ledger.begin(work.target, name, text, ())
    return [name]


def _differences(work: Work) -> tuple[Difference, ...]:
    move = work.move.settings.move
    return compare(
        read(work.source, move.schemas),
        read(work.target, move.schemas),
        move,
        resting=read_resting(work.target),
    )
