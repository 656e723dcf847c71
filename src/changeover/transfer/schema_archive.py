"""The archive that pg_dump makes of the source's schemas: its table of contents, and its SQL.

Definitions are PostgreSQL's own; nothing here writes any.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from changeover.database import Endpoint
from changeover.model.errors import ToolFailedError
from changeover.transfer.schema_program import Programs, connection_arguments, run

LOCK_WAIT_MS_MAX: Final = 10_000
TRANSACTION_TIMEOUT_VERSION_MIN: Final = 170_000

KINDS: Final = (
    "AGGREGATE", "CAST", "CHECK CONSTRAINT", "COLLATION", "COMMENT", "CONSTRAINT", "CONVERSION",
    "DATABASE", "DATABASE PROPERTIES", "DEFAULT", "DOMAIN", "ENCODING", "FK CONSTRAINT",
    "FOREIGN TABLE", "FUNCTION", "INDEX", "INDEX ATTACH", "MATERIALIZED VIEW", "OPERATOR",
    "OPERATOR CLASS", "OPERATOR FAMILY", "POLICY", "PROCEDURE", "ROW SECURITY", "RULE", "SCHEMA",
    "SEARCHPATH", "SEQUENCE", "SEQUENCE OWNED BY", "SHELL TYPE", "STATISTICS", "STDSTRINGS",
    "TABLE", "TABLE ATTACH", "TEXT SEARCH CONFIGURATION", "TEXT SEARCH DICTIONARY",
    "TEXT SEARCH PARSER", "TEXT SEARCH TEMPLATE", "TRANSFORM", "TRIGGER", "TYPE", "VIEW",
)  # fmt: skip
"""What stands first in a line of the table of contents, of the kinds that schemas hold."""

_LONGEST_FIRST: Final = sorted(KINDS, key=len, reverse=True)
_LINE: Final = re.compile(r"(\d+); (\d+) (\d+) (.*)")
_DEPENDS: Final = re.compile(r";\s+depends on:((?: \d+)+)")
_RESTRICT: Final = re.compile(rb"^\\(?:un)?restrict [A-Za-z0-9]+$\n?", re.MULTILINE)
_VERSIONS: Final = re.compile(
    rb"^-- Dumped (?:from database|by pg_dump) version .*\n", re.MULTILINE
)
_TRANSACTION_TIMEOUT: Final = b"SET transaction_timeout = 0;\n"
_LOCK_TIMEOUT: Final = b"SET lock_timeout = 0;\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the table of contents.

    Attributes:
        number: Its number in this archive.
        catalog: The oid of the system catalog that the object stands in; 0 for none.
        oid: The object's oid there.
        kind: One of `KINDS`.
        text: Schema, name and owner, as the archive shows them.
        depends: Numbers of the entries that it needs.
        is_early: It belongs before the rows.
    """

    number: int
    catalog: int
    oid: int
    kind: str
    text: str
    depends: tuple[int, ...]
    is_early: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A file that pg_dump wrote, and its table of contents in the order of restoring."""

    programs: Programs
    path: Path
    entries: tuple[Entry, ...]


def dump(programs: Programs, source: Endpoint, schemas: Iterable[str], directory: Path) -> Archive:
    """Dump the definitions of some schemas, without owners, rights and table spaces.

    Args:
        programs: The client programs.
        source: Whose definitions.
        schemas: Names of schemas, taken literally.
        directory: An empty directory of ours alone.

    Raises:
        ToolFailedError: If pg_dump or pg_restore failed.
    """
    path = directory / "schema.dump"
    where, environment = connection_arguments(source)
    named = [f"--schema={_pattern(name)}" for name in schemas]
    arguments = [
        *("--format=custom", "--schema-only", "--no-owner", "--no-privileges"),
        *("--no-tablespaces", "--no-security-labels", "--no-publications", "--no-subscriptions"),
        *("--encoding=UTF8", f"--lock-wait-timeout={LOCK_WAIT_MS_MAX}", "--strict-names"),
        *(*named, f"--file={path}", *where),
    ]
    run(programs, "pg_dump", arguments, environment)
    return Archive(programs=programs, path=path, entries=_contents(programs, path))


def _pattern(name: str) -> str:
    """Return a pattern that matches one name only. Source: psql's "Patterns", quoted names."""
    return '"' + name.replace('"', '""') + '"'


def _contents(programs: Programs, path: Path) -> tuple[Entry, ...]:
    whole = run(programs, "pg_restore", ["--list", "--verbose", str(path)]).decode()
    early = run(programs, "pg_restore", ["--list", "--section=pre-data", str(path)]).decode()
    early_numbers = {int(m[1]) for m in map(_LINE.fullmatch, early.split("\n")) if m}
    return parse_contents(whole, early_numbers)


def parse_contents(listing: str, early_numbers: set[int]) -> tuple[Entry, ...]:
    """Return the entries of a listing that `pg_restore --list --verbose` printed.

    Args:
        listing: The listing.
        early_numbers: Numbers of the entries that belong before the rows.

    Raises:
        ToolFailedError: If it holds a kind of object that we don't know.
    """
    entries: list[Entry] = []
    lines = listing.split("\n")
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        found = _LINE.fullmatch(line)
        if not found:
            continue
        kind = next((k for k in _LONGEST_FIRST if found[4].startswith(f"{k} ")), None)
        if kind is None:
            raise ToolFailedError(
                f"pg_dump's archive holds an object of a kind that Changeover does not know: "
                f"{found[4]}",
                hint="drop it on the source, or use client programs of a known version",
            )
        needs = _DEPENDS.fullmatch(following)
        number = int(found[1])
        entries.append(
            Entry(
                number=number,
                catalog=int(found[2]),
                oid=int(found[3]),
                kind=kind,
                text=found[4].removeprefix(f"{kind} "),
                depends=tuple(int(n) for n in needs[1].split()) if needs else (),
                is_early=number in early_numbers,
            )
        )
    return tuple(entries)


def write_list(archive: Archive, name: str, entries: Iterable[Entry]) -> Path:
    """Write the file that tells pg_restore which entries to take."""
    chosen = {entry.number for entry in entries}
    path = archive.path.with_name(f"{name}.list")
    lines = [
        f"{entry.number}; {entry.catalog} {entry.oid} {entry.kind} {entry.text}"
        for entry in archive.entries
        if entry.number in chosen
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def script(archive: Archive, entries: Iterable[Entry], server_version: int) -> bytes:
    """Return the SQL of some entries, as pg_restore writes it, fit to be run as one message.

    Args:
        archive: The archive.
        entries: Those that are wanted.
        server_version: `server_version_num` of the server that it is meant for.

    Returns:
        Statements in UTF-8 that hold no meta-command of psql.
    """
    path = write_list(archive, "script", entries)
    text = run(
        archive.programs,
        "pg_restore",
        ["--no-owner", "--no-privileges", "--file=-", f"--use-list={path}", str(archive.path)],
    )
    return clean(text, server_version)


def clean(text: bytes, server_version: int) -> bytes:
    """Take out of a script what only psql reads, and what differs from run to run."""
    head, mark, body = text.partition(b"-- Name: ")
    head = _VERSIONS.sub(b"", _RESTRICT.sub(b"", head)).replace(_LOCK_TIMEOUT, b"")
    if server_version < TRANSACTION_TIMEOUT_VERSION_MIN:
        head = head.replace(_TRANSACTION_TIMEOUT, b"")
    start, end_mark, tail = body.rpartition(b"-- PostgreSQL database dump complete")
    return head + mark + (start or body) + end_mark + (_RESTRICT.sub(b"", tail) if start else b"")


def restore(archive: Archive, entries: Iterable[Entry], target: Endpoint, *, jobs: int) -> None:
    """Restore some entries in several sessions, which is no transaction: for indexes.

    Raises:
        ToolFailedError: If pg_restore failed; what was built stays.
    """
    path = write_list(archive, "restore", entries)
    where, environment = connection_arguments(target)
    arguments = [
        *("--no-owner", "--no-privileges", "--exit-on-error", f"--jobs={jobs}"),
        *(f"--use-list={path}", *where, str(archive.path)),
    ]
    run(archive.programs, "pg_restore", arguments, environment)
