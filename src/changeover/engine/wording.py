"""PGRST100: what a client reads of a text that could not be parsed."""

from collections.abc import Iterable
from typing import Final, TypeVar

from changeover.engine.combinator import (
    EXPECTED,
    SYSTEM,
    UNEXPECTED,
    Outcome,
    Parser,
    Trouble,
)
from changeover.engine.haskell_text import shown
from changeover.engine.refusal import Refusal

T = TypeVar("T")

DEPTH_MAX: Final = 32
"""How deep selects and logic trees may be nested; PostgREST knows no limit but its stack."""

_TAB_COLUMNS: Final = 8


def parse(parser: Parser[T], text: str, what: str, written: str | None = None) -> T:
    """Return what a parser reads of a text; what it leaves unread is ignored.

    Args:
        parser: A grammar.
        text: What is read.
        what: What the text is, in PostgREST's words (`select parameter`).
        written: The text as the client wrote it, where it is another one.

    Raises:
        Refusal: PGRST100.
    """
    found = _run(parser, text)
    if found is not None and found.is_ok:
        return found.value
    title = f'"failed to parse {what} ({text if written is None else written})"'
    if found is None:
        raise Refusal("PGRST100", f"{title} (line 1, column 1)", details="nested too deeply")
    trouble = found.trouble
    raise Refusal("PGRST100", f"{title} {_place(text, trouble.at)}", details=details(trouble))


def _run(parser: Parser[T], text: str) -> Outcome[T] | None:
    """Return what a parser says; None where the text is nested too deeply."""
    if _is_too_deep(text):
        return None
    try:
        return parser(text, 0)
    except RecursionError:
        # The caller's own stack was deep already.
        return None


def _is_too_deep(text: str) -> bool:
    """Whether brackets are nested deeper than we follow."""
    if text.count("(") <= DEPTH_MAX:
        return False
    depth = deepest = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest > DEPTH_MAX


def _place(text: str, at: int) -> str:
    """Return line and column of a place; a tab reaches to the next multiple of eight."""
    line, column = 1, 1
    for character in text[:at]:
        if character == "\n":
            line, column = line + 1, 1
        elif character == "\t":
            column += _TAB_COLUMNS - (column - 1) % _TAB_COLUMNS
        else:
            column += 1
    return f"(line {line}, column {column})"


def details(trouble: Trouble) -> str:
    """Return what was met and what was expected, on one line."""
    if not trouble.notes:
        return "unknown parse error"
    unexpected = _texts(trouble, UNEXPECTED)
    parts = [f"unexpected {_listed(unexpected)}"] if unexpected else _first_met(trouble)
    expected = _texts(trouble, EXPECTED)
    if expected:
        parts.append(f"expecting {_listed(expected)}")
    return " ".join(parts)


def _first_met(trouble: Trouble) -> list[str]:
    met = [note.text for note in trouble.notes if note.rank == SYSTEM]
    return [f"unexpected {shown(met[0]) if met[0] else 'end of input'}"] if met else []


def _texts(trouble: Trouble, rank: int) -> list[str]:
    found = (note.text for note in trouble.notes if note.rank == rank and note.text)
    return list(dict.fromkeys(found))


def _listed(texts: Iterable[str]) -> str:
    *most, last = texts
    return f"{', '.join(most)} or {last}" if most else last
