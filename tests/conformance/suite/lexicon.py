"""What a statement is made of, to tell a client's text from the program's own."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from changeover.catalog.snapshot import Snapshot

TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<name>"(?:[^"]|"")*")
  | (?P<escaped>E'(?:[^'\\]|\\.|'')*')
  | (?P<literal>'(?:[^']|'')*')
  | (?P<slot>\$\d+)
  | (?P<word>[^\W\d][\w$]*)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<sign>::|:=|=>|->>|->|\|\||[-+*/<>=~!@&|.,()\[\]{};:%?#^])
    """,
    re.VERBOSE | re.DOTALL,
)


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield the tokens of a statement as kind and text.

    Raises:
        AssertionError: Something stands there that is no token.
    """
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        assert found, f"no SQL: {text[at : at + 40]!r}"
        assert found.lastgroup is not None
        if found.lastgroup != "blank":
            yield found.lastgroup, found.group()
        at = found.end()


def strings(value: Any) -> Iterator[str]:
    """Yield every text inside of a value of dataclasses and tuples."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from strings(one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from strings(getattr(value, one.name))


def catalog_names(snapshot: Snapshot) -> frozenset[str]:
    """Return all names of tables, columns, functions and parameters."""
    names = set(snapshot.schemas)
    for relation in snapshot.relations.values():
        names |= {relation.name.schema, relation.name.name, *(c.name for c in relation.columns)}
    for relationships in snapshot.relationships.values():
        for one in relationships:
            names |= {one.child.schema, one.child.name, *(n for pair in one.columns for n in pair)}
            if one.junction is not None:
                names |= {one.junction.table.schema, one.junction.table.name}
                pairs = one.junction.parent_columns + one.junction.child_columns
                names |= {name for pair in pairs for name in pair}
            if one.function is not None:
                names |= {one.function.schema, one.function.name}
    return frozenset(names) | _routine_names(snapshot)


def _routine_names(snapshot: Snapshot) -> frozenset[str]:
    names: set[str] = set()
    for routine in (one for many in snapshot.routines.values() for one in many):
        names |= {routine.name.schema, routine.name.name, *(p.name for p in routine.parameters)}
        if routine.returned_relation is not None:
            names.add(routine.returned_relation.name)
    return frozenset(names)


def catalog_words(snapshot: Snapshot) -> frozenset[str]:
    """Return the words of types and defaults, which statements hold as the server prints them."""
    columns = [column for one in snapshot.relations.values() for column in one.columns]
    parameters = [p for many in snapshot.routines.values() for one in many for p in one.parameters]
    texts = [text for one in columns for text in (one.type, one.base_type, one.default or "")]
    texts += [text for one in parameters for text in (one.type, one.type_without_length)]
    texts += [one.returned_type for many in snapshot.routines.values() for one in many]
    return frozenset(word for text in texts for word in re.findall(r"[^\W\d][\w$]*", text))


def casts(value: Any) -> frozenset[str]:
    """Return the words of all types that a shape casts to; they can't be quoted."""
    found: set[str] = set()
    if isinstance(value, tuple):
        for one in value:
            found |= casts(one)
    elif is_dataclass(value):
        for one in fields(value):
            inner = getattr(value, one.name)
            if one.name in ("cast", "aggregate_cast") and inner is not None:
                found |= set(re.findall(r"[^\W\d][\w$]*", inner))
            found |= casts(inner)
    return frozenset(found)
