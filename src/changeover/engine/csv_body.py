"""A CSV body as objects of texts.

Lines and quotes are read as PostgREST's library does: a line that is longer than the header is cut,
a shorter one lacks keys, an empty line is no line.

Source: RFC 4180; shared reference "PostgREST: the language that we speak", section 5.
"""

import re
from collections.abc import Iterator
from typing import Final

from changeover.engine.haskell_text import shown

_FIELD: Final = re.compile(r'"(?P<quoted>[^"]*(?:""[^"]*)*)(?P<closing>"?)|(?P<plain>[^,"\r\n]*)')

_SHOWN_BYTES_MAX: Final = 100


class CsvError(ValueError):
    """A body that is no CSV; its text is what a client reads."""

    def __init__(self, why: str, left: str) -> None:
        """State why, and what was left to read."""
        found = left.encode()
        shortened = found[:_SHOWN_BYTES_MAX].decode("latin-1")
        where = f"{shortened} (truncated)" if len(found) > _SHOWN_BYTES_MAX else shown(shortened)
        super().__init__(f"parse error ({why}) at {where}")


def rows(text: str) -> list[dict[str, str | None]]:
    """Return the objects of a body; `NULL`, quoted or not, is null.

    Args:
        text: A header line and any number of lines.

    Raises:
        CsvError: The header has no end of line, or a quote stands where none can.
    """
    lines = _lines(text)
    header = next(lines)
    return [
        {
            name: None if value == "NULL" else value
            for name, value in zip(header, line, strict=False)
        }
        for line in lines
        if line != [""]
    ]


def _lines(text: str) -> Iterator[list[str]]:
    """Yield the fields of each line; the header must be ended."""
    at = 0
    is_header = True
    while True:
        line, at = _line(text, at)
        yield line
        if at == len(text) and not is_header:
            return
        at = _next_line(text, at, is_header=is_header)
        is_header = False


def _line(text: str, at: int) -> tuple[list[str], int]:
    fields: list[str] = []
    while True:
        value, at = _field(text, at)
        fields.append(value)
        if not text.startswith(",", at):
            return fields, at
        at += 1


def _field(text: str, at: int) -> tuple[str, int]:
    found = _FIELD.match(text, at)
    assert found is not None, "a plain field may be empty"
    quoted = found["quoted"]
    if quoted is None:
        return found["plain"], found.end()
    if not found["closing"]:
        # The last character is taken for the closing quote.
        quoted = quoted[:-1]
        if found["quoted"] == "" or quoted.count('"') % 2:
            raise CsvError("Failed reading: invalid CSV escape sequence", text[found.end() :])
    return quoted.replace('""', '"'), found.end()


def _next_line(text: str, at: int, *, is_header: bool) -> int:
    if text.startswith("\n", at):
        return at + 1
    if text.startswith("\r\n", at):
        return at + 2
    if not is_header:
        raise CsvError("endOfInput", text[at:])
    if text.startswith("\r", at):
        return at + 1
    raise CsvError("Failed reading: satisfy" if at < len(text) else "not enough input", text[at:])
