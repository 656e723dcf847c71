"""The differences of two tables as a whole: kind, partitions, triggers, row security. Pure."""

from collections.abc import Iterator
from typing import Final

from changeover.catalog.drift import Difference, Severity
from changeover.catalog.values import Policy, Table, Trigger
from changeover.model.name import TableName

OUR_SCHEMA: Final = "changeover"
_STATES: Final = {"O": "on", "D": "off", "R": "on for replicas only", "A": "always on"}
_KINDS: Final = {"r": "plain", "p": "partitioned", "f": "foreign"}


def _difference(
    name: TableName,
    kind: str,
    found: tuple[str | None, str | None],
    severity: Severity,
    breaks: str,
) -> Difference:
    return Difference(
        kind=kind,
        object=str(name),
        source=found[0],
        target=found[1],
        severity=severity,
        breaks=breaks,
    )


def relation_differences(
    source: Table, target: Table, resting: frozenset[str]
) -> Iterator[Difference]:
    """Yield what differs between a table and its other self, columns and keys apart.

    Args:
        source: The table of the source.
        target: The table of the target.
        resting: Names of triggers that were switched off by us, to be switched on at the swap.
    """
    yield from _storage(source, target)
    yield from _partitions(source, target)
    yield from _rules(source, target)
    yield from _row_security(source, target)
    yield from _triggers(source, target, resting)


def _storage(source: Table, target: Table) -> Iterator[Difference]:
    if target.kind == "f":
        yield _difference(
            source.name,
            "table",
            (_KINDS[source.kind], "foreign"),
            Severity.REFUSES,
            "rows would be written to yet another server",
        )
    if source.persistence == "p" and target.persistence != "p":
        yield _difference(
            source.name,
            "persistence",
            ("logged", "unlogged"),
            Severity.REFUSES,
            "a crash of the target would empty it",
        )
    if source.inherits != target.inherits or source.children != target.children:
        yield _difference(
            source.name,
            "inheritance",
            (_names(source.inherits + source.children), _names(target.inherits + target.children)),
            Severity.BEHAVES,
            "a query of the parent sees other rows",
        )


def _names(names: tuple[TableName, ...]) -> str | None:
    return ", ".join(str(name) for name in names) or None


def _partitions(source: Table, target: Table) -> Iterator[Difference]:
    if source.partition_key != target.partition_key:
        is_cut = target.partition_key is not None
        yield _difference(
            source.name,
            "partitioning",
            (source.partition_key, target.partition_key),
            Severity.BEHAVES if is_cut else Severity.NOTE,
            "rows that no partition takes are refused (23514): make them ahead"
            if is_cut
            else "writes straight into a partition raise 42P01",
        )
        return
    theirs = {part.name: part.bound for part in target.partitions}
    for part in source.partitions:
        if theirs.get(part.name) != part.bound:
            yield _difference(
                source.name,
                "partition",
                (f"{part.name} {part.bound}", theirs.get(part.name)),
                Severity.BEHAVES,
                "writes straight into it fail; rows that no partition takes are refused (23514)",
            )


def _rules(source: Table, target: Table) -> Iterator[Difference]:
    if target.has_rules and not source.has_rules:
        yield _difference(
            source.name,
            "rule",
            (None, "rules"),
            Severity.BENDS,
            "the rule rewrites what is written there, by the mirror too",
        )
    elif source.has_rules and not target.has_rules:
        yield _difference(
            source.name, "rule", ("rules", None), Severity.BEHAVES, "writes are not rewritten"
        )


def _row_security(source: Table, target: Table) -> Iterator[Difference]:
    old, new = (_shown_security(table) for table in (source, target))
    if old == new:
        return
    yield _difference(
        source.name,
        "row level security",
        (old, new),
        Severity.BEHAVES,
        "rows are hidden, and writes refused (42501), where they were not"
        if target.has_row_security
        else "every role with a right on the table sees and writes every row",
    )


def _shown_security(table: Table) -> str:
    if not table.has_row_security:
        return "off"
    return "forced" if table.is_row_security_forced else "on"


def _own_triggers(table: Table) -> dict[str, Trigger]:
    return {t.name: t for t in table.triggers if t.function.schema != OUR_SCHEMA}


def _triggers(source: Table, target: Table, resting: frozenset[str]) -> Iterator[Difference]:
    old, new = _own_triggers(source), _own_triggers(target)
    for name, trigger in old.items():
        other = new.get(name)
        if other is None:
            yield _difference(
                source.name,
                "trigger",
                (trigger.definition, None),
                Severity.BEHAVES,
                f"{trigger.function} is no longer called by writes",
            )
        elif trigger.definition != other.definition:
            yield _difference(
                source.name,
                "trigger",
                (trigger.definition, other.definition),
                Severity.BEHAVES,
                "writes do something else",
            )
        elif trigger.enabled != other.enabled and name not in resting:
            yield _difference(
                source.name,
                "trigger",
                (f"{name} {_STATES[trigger.enabled]}", f"{name} {_STATES[other.enabled]}"),
                Severity.BEHAVES,
                f"{trigger.function} is called by other writes",
            )
    for name, trigger in new.items():
        if name not in old:
            yield _difference(
                source.name,
                "trigger",
                (None, trigger.definition),
                Severity.BEHAVES,
                f"writes of the application call {trigger.function}, which may change them",
            )


def policy_differences(
    source: tuple[Policy, ...], target: tuple[Policy, ...], moved: frozenset[TableName]
) -> Iterator[Difference]:
    """Yield what differs between the policies of the moved tables."""
    old = {(p.table, p.name): p for p in source if p.table in moved}
    new = {(p.table, p.name): p for p in target if p.table in moved}
    for (name, policy), ours in old.items():
        other = new.get((name, policy))
        if other != ours:
            yield _difference(
                name,
                "policy",
                (_shown_policy(ours), None if other is None else _shown_policy(other)),
                Severity.BEHAVES,
                "other rows are visible and writable for its roles",
            )
    for (name, policy), theirs in new.items():
        if (name, policy) not in old:
            yield _difference(
                name,
                "policy",
                (None, _shown_policy(theirs)),
                Severity.BEHAVES,
                "other rows are visible and writable for its roles",
            )


def _shown_policy(policy: Policy) -> str:
    kind = "permissive" if policy.is_permissive else "restrictive"
    return (
        f"{policy.name}: {kind} {policy.command} to {', '.join(policy.roles)} "
        f"using ({policy.using or 'true'}) check ({policy.check or policy.using or 'true'})"
    )
