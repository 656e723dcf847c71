"""SQL and its values, together.

Statements are built from fragments only: a name goes through `ident`, a value through `bind`, and
`raw` takes text of our own. So a client's text never becomes SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from changeover.engine.syntax import Slot, Statement
from changeover.model.name import TableName

Part = str | Slot
"""Text of ours, or the place of a value."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of SQL: texts and slots in order."""

    parts: tuple[Part, ...] = ()

    def __add__(self, other: "Fragment") -> "Fragment":
        return Fragment(self.parts + other.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)


NOTHING: Final = Fragment()


def raw(text: str) -> Fragment:
    """Return text of our own as SQL.

    Args:
        text: A literal of this code, never anything that a client sent.
    """
    return Fragment((text,))


def ident(name: str) -> Fragment:
    """Return a name as SQL: quoted, and cut at the first NUL as PostgREST does.

    Args:
        name: Any text, unquoted.
    """
    return Fragment((_quoted(name),))


def qualified(name: TableName) -> Fragment:
    """Return the name of a relation, type or function as SQL, with its schema if it has one."""
    if not name.schema:
        return ident(name.name)
    return Fragment((_quoted(name.schema) + "." + _quoted(name.name),))


def literal(text: str) -> Fragment:
    """Return text from the catalog as a string constant, whatever standard_conforming_strings is.

    Args:
        text: Text that the database itself has given us; a client's goes through `bind`.
    """
    escaped = _before_nul(text).replace("'", "''")
    if "\\" not in escaped:
        return Fragment(("'" + escaped + "'",))
    return Fragment((" E'" + escaped.replace("\\", "\\\\") + "'",))


def printed(text: str) -> Fragment:
    """Return an expression or a type's name as SQL, as the server itself has printed it.

    Args:
        text: Text of `pg_get_expr` or `format_type`, never anything that a client sent.
    """
    return Fragment((text,))


def bind(slot: Slot) -> Fragment:
    """Return a client's value as a parameter of unknown type."""
    return Fragment((slot,))


def type_name(name: str) -> Fragment:
    """Return the name of a type that a client casts to.

    Quoted, `int` or `bigint` would not be known; so it stands as it is, and must hold nothing but
    what the language allows in it.

    Args:
        name: Letters, digits, `_`, `$` and blanks, as the parser has let through.
    """
    assert all(one.isalnum() or one in "_$ " for one in name), (
        "the parser lets nothing else through"
    )
    return Fragment((name,))


def integer(number: int) -> Fragment:
    """Return a number of our own as SQL."""
    return Fragment((str(number),))


def concat(*fragments: Fragment) -> Fragment:
    """Return fragments one after the other."""
    return Fragment(tuple(part for one in fragments for part in one.parts))


def join(separator: str, fragments: Iterable[Fragment]) -> Fragment:
    """Return fragments with text of our own between them; empty ones are left out.

    Args:
        separator: A literal of this code.
        fragments: In order.
    """
    parts: list[Part] = []
    for one in fragments:
        if one.parts:
            if parts:
                parts.append(separator)
            parts.extend(one.parts)
    return Fragment(tuple(parts))


def statement(fragment: Fragment) -> Statement:
    """Return a fragment as a statement with PostgreSQL's own placeholders.

    A slot has one number however often it stands there: PostgreSQL compares expressions of a
    select list and of GROUP BY by their parameters' numbers.
    """
    numbers: dict[Slot, int] = {}
    texts: list[str] = []
    for part in fragment.parts:
        if isinstance(part, str):
            texts.append(part)
        else:
            number = numbers.setdefault(part, len(numbers) + 1)
            texts.append("$" + str(number))
    return Statement(text="".join(texts), slots=tuple(numbers))


def _quoted(name: str) -> str:
    return '"' + _before_nul(name).replace('"', '""') + '"'


def _before_nul(text: str) -> str:
    return text.split("\0", 1)[0]
