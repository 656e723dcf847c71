"""What the text of a function or command likely writes to. Pure.

It is a search in text, not a parser: it sees names inside string literals too, because dynamic SQL
stands there, and it does not see names that are put together at run time. Callers say "likely".
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from changeover.model.name import TableName

# Literals are matched first, because "--" inside of one begins no comment.
_COMMENT: Final = re.compile(r"""('(?:[^']|'')*'|"(?:[^"]|"")*")|--[^\n]*|/\*.*?\*/""", re.DOTALL)
_CALL: Final = re.compile(r'([A-Za-z_\u0080-\uffff][\w$]*|"(?:[^"]|"")+")\s*\(')
_DYNAMIC: Final = re.compile(r"\bexecute\b", re.IGNORECASE)
_WRITE: Final = (
    r"\b(?:(?:insert\s+into|update|delete\s+from|merge\s+into|copy)\s+(?:only\s+)?"
    r"|truncate\b[^;]*?)"
)
_NAMED_CATCH: Final = re.compile(
    r"\bwhen\b[^;]*?\b(?:assert_failure|sqlstate\s+'p0004')", re.IGNORECASE | re.DOTALL
)
_CALLS_OUT: Final = re.compile(
    r"\bsupabase_functions\s*\.\s*http_request\b|\bnet\s*\.\s*http_(?:get|post|delete)\b"
    r"|\bhttp_(?:get|post|put|delete)\s*\(",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A function's text.

    Attributes:
        number: Its oid.
        language: The name of its language.
    """

    number: int
    schema: str
    name: str
    language: str
    text: str

    def __str__(self) -> str:
        return f"{TableName(self.schema, self.name)}()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A table that a text likely writes to.

    Attributes:
        how: What speaks for it, as the end of "it …".
    """

    table: TableName
    how: str


def without_comments(text: str) -> str:
    """Return a text without SQL comments."""
    return _COMMENT.sub(lambda found: found.group(1) or " ", text)


@cache
def _name_pattern(name: TableName) -> str:
    schema, table = (re.escape(part.replace('"', '""')) for part in (name.schema, name.name))
    return rf'(?<![\w$."])(?:"?{schema}"?\s*\.\s*)?"?{table}"?(?![\w$"])'


@cache
def _patterns(name: TableName) -> tuple[re.Pattern[str], re.Pattern[str]]:
    pattern = _name_pattern(name)
    return (
        re.compile(_WRITE + pattern, re.IGNORECASE),
        re.compile(pattern, re.IGNORECASE),
    )


def written_tables(text: str, tables: Collection[TableName]) -> tuple[Mention, ...]:
    """Return the tables that a text likely writes to.

    Args:
        text: The body of a function, or a command.
        tables: The tables that are looked for.
    """
    bare = without_comments(text)
    found = []
    for table in tables:
        write, name = _patterns(table)
        if write.search(bare):
            found.append(Mention(table=table, how="writes to it"))
        elif _DYNAMIC.search(bare) and name.search(bare):
            found.append(Mention(table=table, how="names it and runs statements put together"))
    return tuple(found)


def mentioned_tables(text: str, tables: Collection[TableName]) -> tuple[TableName, ...]:
    """Return the tables that a text names, whatever it does with them."""
    bare = without_comments(text)
    return tuple(table for table in tables if _patterns(table)[1].search(bare))


def called_names(text: str) -> frozenset[str]:
    """Return the last parts of the names that a text calls, as PostgreSQL folds them."""
    return frozenset(
        name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()
        for name in _CALL.findall(without_comments(text))
    )


def calls_out(text: str) -> bool:
    """Return whether a text likely makes HTTP requests."""
    return bool(_CALLS_OUT.search(without_comments(text)))


def catches_by_name(text: str) -> bool:
    """Return whether a text handles the fence's error by name, which WHEN OTHERS can't."""
    return bool(_NAMED_CATCH.search(without_comments(text)))


def writing_bodies(
    bodies: Collection[Body], tables: Collection[TableName]
) -> Mapping[int, tuple[Mention, ...]]:
    """Return by oid what each function likely writes to, itself or by a function that it calls.

    Calls are followed by the bare name, so that functions of one name count as one.
    """
    found = {body.number: written_tables(body.text, tables) for body in bodies}
    calls = {body.number: called_names(body.text) for body in bodies}
    is_moving = True
    while is_moving:
        is_moving = False
        by_name: dict[str, list[tuple[Body, Mention]]] = {}
        for body in bodies:
            for mention in found[body.number]:
                by_name.setdefault(body.name, []).append((body, mention))
        for body in bodies:
            known = {mention.table for mention in found[body.number]}
            for name in sorted(calls[body.number] & set(by_name)):
                for callee, mention in by_name[name]:
                    if callee.number != body.number and mention.table not in known:
                        how = f"calls {callee}, which {mention.how}"
                        found[body.number] += (Mention(table=mention.table, how=how),)
                        known.add(mention.table)
                        is_moving = True
    return {number: mentions for number, mentions in found.items() if mentions}
