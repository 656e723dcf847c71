"""The differences of two databases beside their tables: types, code, sequences, rights. Pure."""

from collections.abc import Iterator
from typing import Final

from changeover.catalog.drift import Difference, Severity
from changeover.catalog.values import Catalog, Sequence, UserType
from changeover.model.name import TableName

MIRROR_PREFIX: Final = "changeover_mirror"
PLATFORM_PREFIX: Final = "supabase_"
_TYPE_KINDS: Final = {"e": "enum", "d": "domain", "c": "composite", "r": "range", "m": "multirange"}

_SETTINGS: Final = {
    "server_encoding": (Severity.REFUSES, "characters that the encoding lacks are refused (22P05)"),
    "datcollate": (Severity.BEHAVES, "ORDER BY, < and > give another order of text"),
    "datctype": (Severity.BEHAVES, "upper, lower, ILIKE and \\w treat other letters alike"),
    "locale_provider": (Severity.BEHAVES, "ORDER BY may give another order of text"),
    "locale": (Severity.BEHAVES, "ORDER BY may give another order of text"),
    "collation_version": (
        Severity.BEHAVES,
        "the collation's library differs: ORDER BY may give another order of text",
    ),
    "lc_monetary": (Severity.BEHAVES, "money is shown and read with another sign and point"),
    "default_text_search_config": (
        Severity.BEHAVES,
        "to_tsvector and to_tsquery without a configuration give other words",
    ),
    "TimeZone": (
        Severity.BEHAVES,
        "times without a zone mean another instant, timestamptz is shown in another zone",
    ),
    "DateStyle": (Severity.BEHAVES, "dates are shown and read in another form"),
    "IntervalStyle": (Severity.BEHAVES, "intervals are shown in another form"),
    "bytea_output": (Severity.BEHAVES, "bytea is shown in another form"),
    "integer_datetimes": (Severity.REFUSES, "binary times are not those of the source"),
    "max_identifier_length": (Severity.REFUSES, "long names are cut"),
}


def _difference(
    kind: str, name: str, found: tuple[str | None, str | None], severity: Severity, breaks: str
) -> Difference:
    return Difference(
        kind=kind, object=name, source=found[0], target=found[1], severity=severity, breaks=breaks
    )


def object_differences(
    source: Catalog, target: Catalog, moved: frozenset[TableName], schemas: tuple[str, ...]
) -> Iterator[Difference]:
    """Yield what differs beside the tables.

    Args:
        source: The source's catalog.
        target: The target's catalog.
        moved: Names of the tables that move.
        schemas: The schemas that move.
    """
    yield from _types(source, target, schemas)
    yield from _sequences(source, target, moved)
    yield from _views(source, target, schemas)
    yield from _functions(source, target, schemas)
    yield from _extensions(source, target)
    yield from _privileges(source, target, moved)
    yield from _settings(source, target)


def _types(source: Catalog, target: Catalog, schemas: tuple[str, ...]) -> Iterator[Difference]:
    theirs = {t.name: t for t in target.types}
    for ours in source.types:
        other = theirs.get(ours.name)
        if ours.name.schema not in schemas or ours == other:
            continue
        severity, breaks = _broken_type(ours, other)
        yield _difference(
            _TYPE_KINDS[ours.kind],
            str(ours.name),
            (_shown_type(ours), None if other is None else _shown_type(other)),
            severity,
            breaks,
        )


def _shown_type(user_type: UserType) -> str:
    return ", ".join(user_type.labels) or user_type.definition


def _broken_type(ours: UserType, other: UserType | None) -> tuple[Severity, str]:
    if other is None:
        return Severity.BEHAVES, "code that casts to it raises 42704"
    if ours.kind != other.kind:
        return Severity.REFUSES, f"it is {_TYPE_KINDS[other.kind]} there: other values are taken"
    if ours.kind != "e":
        return Severity.REFUSES, "values that the other definition does not allow are refused"
    missing = [label for label in ours.labels if label not in other.labels]
    if missing:
        return Severity.REFUSES, f"rows with {', '.join(missing)} are refused (22P02)"
    if [label for label in other.labels if label in ours.labels] != list(ours.labels):
        return Severity.BEHAVES, "ORDER BY, < and > give another order"
    return Severity.BEHAVES, "labels that only the target knows can't be carried back (22P02)"


def _sequences(
    source: Catalog, target: Catalog, moved: frozenset[TableName]
) -> Iterator[Difference]:
    theirs = {s.name: s for s in target.sequences}
    served = {(s.owner_table, s.owner_column) for s in target.sequences if s.owner_table}
    for ours in source.sequences:
        if ours.owner_table is not None and ours.owner_table not in moved:
            continue
        other = theirs.get(ours.name)
        if other is None:
            is_replaced = (ours.owner_table, ours.owner_column) in served
            yield _difference(
                "sequence",
                str(ours.name),
                (_shown_sequence(ours), None),
                Severity.NOTE if is_replaced else Severity.BEHAVES,
                "its column counts by another sequence; nextval of this name raises 42P01"
                if is_replaced
                else "nextval raises 42P01: the next INSERT that needs a number fails",
            )
        elif _shown_sequence(ours) != _shown_sequence(other):
            yield _difference(
                "sequence",
                str(ours.name),
                (_shown_sequence(ours), _shown_sequence(other)),
                Severity.BEHAVES,
                _broken_sequence(ours, other),
            )


def _shown_sequence(sequence: Sequence) -> str:
    cycle = " cycle" if sequence.is_cycled else ""
    return (
        f"by {sequence.increment}, {sequence.minimum} to {sequence.maximum}, "
        f"cache {sequence.cache}{cycle}"
    )


def _broken_sequence(ours: Sequence, other: Sequence) -> str:
    if other.maximum < ours.maximum:
        return f"numbers end at {other.maximum} (2200H)"
    return "it hands out other numbers"


def _views(source: Catalog, target: Catalog, schemas: tuple[str, ...]) -> Iterator[Difference]:
    theirs = {v.name: v for v in target.views}
    for ours in source.views:
        if ours.name.schema not in schemas:
            continue
        kind = "materialized view" if ours.kind == "m" else "view"
        other = theirs.pop(ours.name, None)
        if other is None:
            yield _difference(
                kind,
                str(ours.name),
                ("defined", None),
                Severity.BEHAVES,
                "queries of it raise 42P01",
            )
        elif ours.kind != other.kind or _words(ours.definition) != _words(other.definition):
            yield _difference(
                kind,
                str(ours.name),
                (_words(ours.definition), _words(other.definition)),
                Severity.BEHAVES,
                "queries of it give other rows or columns",
            )
    for name in sorted(theirs):
        if name.schema in schemas:
            yield _difference(
                "view", str(name), (None, "defined"), Severity.NOTE, "the source has no such view"
            )


def _words(definition: str) -> str:
    return " ".join(definition.split())


def _functions(source: Catalog, target: Catalog, schemas: tuple[str, ...]) -> Iterator[Difference]:
    theirs = {(f.name.schema, f.identity): f for f in target.functions}
    for ours in source.functions:
        if ours.name.schema not in schemas:
            continue
        other = theirs.pop((ours.name.schema, ours.identity), None)
        name = f"{ours.name.schema}.{ours.identity}"
        if other is None:
            yield _difference(
                "function",
                name,
                (ours.language, None),
                Severity.BEHAVES,
                "calls of it raise 42883, over the API PGRST202",
            )
        elif ours.body_digest != other.body_digest:
            yield _difference(
                "function",
                name,
                (f"{ours.language} {ours.body_digest}", f"{other.language} {other.body_digest}"),
                Severity.BEHAVES,
                "calls of it may do something else",
            )
    for schema, identity in sorted(theirs):
        if schema in schemas:
            yield _difference(
                "function",
                f"{schema}.{identity}",
                (None, "defined"),
                Severity.NOTE,
                "the source has no such function",
            )


def _extensions(source: Catalog, target: Catalog) -> Iterator[Difference]:
    theirs = {e.name: e for e in target.extensions}
    for ours in source.extensions:
        other = theirs.get(ours.name)
        if other is None:
            yield _difference(
                "extension",
                ours.name,
                (ours.version, None),
                Severity.NOTE,
                "code that calls its functions fails; tables that need it are named apart",
            )
        elif ours.version != other.version:
            yield _difference(
                "extension",
                ours.name,
                (ours.version, other.version),
                Severity.NOTE,
                "its functions may do something else",
            )


def _privileges(
    source: Catalog, target: Catalog, moved: frozenset[TableName]
) -> Iterator[Difference]:
    old, new = _rights(source, moved), _rights(target, moved)
    owners = {t.owner for c in (source, target) for t in c.tables.values()}
    owners |= {source.user, target.user}
    for key in sorted(old.keys() | new.keys()):
        name, grantee = key
        ours, theirs = old.get(key, frozenset()), new.get(key, frozenset())
        if ours == theirs or grantee in owners or grantee.startswith(MIRROR_PREFIX):
            continue
        is_platform = grantee.startswith(PLATFORM_PREFIX)
        yield _difference(
            "privilege",
            f"{name} for {grantee}",
            (", ".join(sorted(ours)) or None, ", ".join(sorted(theirs)) or None),
            Severity.NOTE if is_platform else Severity.BEHAVES,
            "the role is refused (42501) what it may do on the source"
            if ours - theirs
            else "the role may do what it may not do on the source",
        )


def _rights(
    catalog: Catalog, moved: frozenset[TableName]
) -> dict[tuple[TableName, str], frozenset[str]]:
    views = {view.name for view in catalog.views}
    found: dict[tuple[TableName, str], set[str]] = {}
    for right in catalog.privileges:
        if right.table in moved or right.table in views:
            found.setdefault((right.table, right.grantee), set()).add(right.privilege)
    return {key: frozenset(rights) for key, rights in found.items()}


def _settings(source: Catalog, target: Catalog) -> Iterator[Difference]:
    for name, (severity, breaks) in _SETTINGS.items():
        ours, theirs = source.settings.get(name), target.settings.get(name)
        if name == "server_encoding" and theirs == "UTF8":
            severity = Severity.BEHAVES  # noqa: PLW2901 - it takes every character
        if ours != theirs:
            yield _difference("setting", name, (ours, theirs), severity, breaks)
