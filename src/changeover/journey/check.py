"""Everything that can be known before a move: `run_checks`.

It changes nothing: what has to be tried is tried in objects of its own, in transactions that are
rolled back. What could not be looked at is a refusal, never a pass.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import psycopg

from changeover.catalog import read
from changeover.catalog.pair import moved_tables
from changeover.catalog.values import Catalog, Table
from changeover.control.move import Connection, Move
from changeover.journey.checks import (
    capacity,
    column,
    definition,
    effect,
    extension,
    right,
    sequence,
    server,
    setting,
    table,
    visibility,
    writer,
)
from changeover.journey.checks.finding import CheckReport, Finding, Severity, report
from changeover.journey.checks.scene import Check, PairCheck, Scene, outcomes, unknown
from changeover.model.errors import (
    DatabaseError,
    SessionNotPinnedError,
    TableNotFoundError,
    UnsupportedVersionError,
)
from changeover.model.side import Side

__all__ = ["CHECKS", "CheckReport", "Finding", "Severity", "codes", "proofs", "run_checks"]

LOCK_TIMEOUT_MS: Final = 2000
STATEMENT_TIMEOUT_MS: Final = 60_000

# Last comes what ends a session of ours: the pooler's check needs both.
CHECKS: Final[tuple[Check | PairCheck, ...]] = (
    *server.CHECKS,
    *setting.CHECKS,
    *visibility.CHECKS,
    *table.CHECKS,
    *column.CHECKS,
    *definition.CHECKS,
    *extension.CHECKS,
    *sequence.CHECKS,
    *writer.CHECKS,
    *effect.CHECKS,
    *capacity.CHECKS,
    *right.CHECKS,
)

_SESSION: Final = {
    "CK-SESSION-PINNED": "every session of ours has the settings that it asked for",
    "CK-SESSION-VERSION": "the server is one that we can talk to",
    "CK-SESSION-CATALOG": "the catalog was read",
}


def proofs() -> dict[str, str]:
    """Return, by the code of every finding that there can be, what a pass of it proves."""
    found = dict(_SESSION)
    for check in CHECKS:
        found |= check.proves
    return dict(sorted(found.items()))


def codes() -> tuple[str, ...]:
    """Return the code of every finding that there can be, each once."""
    return tuple(proofs())


def run_checks(move: Move) -> CheckReport:
    """Check both databases for what would stop, bend or lose anything in a move.

    Args:
        move: The move; nothing needs to be installed.

    Returns:
        What was found. Every code has at least one finding: a pass is said too.

    Raises:
        CannotConnectError: If a database can't be reached; there is nothing to report then.
    """
    answers = move.settings.move.answers
    return report(_findings(move), answers)


def _findings(move: Move) -> Iterator[Finding]:
    with ExitStack() as stack:
        sessions, refused = _open(move, stack)
        if refused:
            yield from refused
            yield from _unreached()
            return
        catalogs: dict[Side, Catalog] = {}
        for side in Side:
            try:
                catalogs[side] = read(sessions[side][0], move.settings.move.schemas)
            except psycopg.Error as error:
                yield unknown("CK-SESSION-CATALOG", side, str(side), error)
        if len(catalogs) < len(Side):
            yield from _unreached()
            return
        yield from _passes()
        scene = Scene(
            move=move,
            connections={side: sessions[side][0] for side in Side},
            seconds={side: sessions[side][1] for side in Side},
            catalogs=catalogs,
            moved=_moved(catalogs[Side.SOURCE], move),
        )
        for check in CHECKS:
            yield from outcomes(check, scene)


def _open(
    move: Move, stack: ExitStack
) -> tuple[dict[Side, tuple[Connection, Connection]], list[Finding]]:
    sessions, refused = {}, []
    for side in Side:
        try:
            first, second = (
                stack.enter_context(
                    move.connect_owner(
                        side,
                        "check",
                        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
                        lock_timeout_ms=LOCK_TIMEOUT_MS,
                    )
                )
                for _ in range(2)
            )
            sessions[side] = first, second
        except SessionNotPinnedError as error:
            refused.append(_refused("CK-SESSION-PINNED", side, error))
        except UnsupportedVersionError as error:
            refused.append(_refused("CK-SESSION-VERSION", side, error))
    return sessions, refused


def _refused(code: str, side: Side, error: DatabaseError) -> Finding:
    return Finding(
        code=code,
        side=side,
        subject=str(side),
        severity=Severity.REFUSE,
        fact=error.message,
        fix=error.hint,
    )


def _passes() -> Iterator[Finding]:
    for code, proof in _SESSION.items():
        for side in Side:
            yield Finding(
                code=code, side=side, subject=str(side), severity=Severity.PASS, fact=proof
            )


def _unreached() -> Iterator[Finding]:
    """Yield a refusal for every code: none of it was looked at."""
    for check in CHECKS:
        for code in check.proves:
            yield Finding(
                code=code,
                side=None,
                subject="both sides",
                severity=Severity.REFUSE,
                fact="this could not be checked: see what refuses the session",
                fix="remove what stands in the way and run `changeover check` again",
            )


def _moved(source: Catalog, move: Move) -> tuple[Table, ...]:
    """Return the tables that move; where the configuration names one that isn't, all others."""
    chosen = move.settings.move
    try:
        return moved_tables(source, chosen)
    except TableNotFoundError:
        return tuple(
            found
            for name, found in sorted(source.tables.items())
            if name.schema in chosen.schemas and f"{name.schema}.{name.name}" not in chosen.exclude
        )
