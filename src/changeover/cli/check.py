"""`check`: what stands against the move, before anything is changed."""

from typing import TYPE_CHECKING

import typer

from changeover.cli.command import command
from changeover.cli.outcome import Block, ExitCode, Outcome
from changeover.cli.session import Session

if TYPE_CHECKING:
    from changeover.journey.checks.finding import CheckReport


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    command(app, "check")(check)


def check(session: Session) -> Outcome:
    """Compare both databases and name what stands against the move; changes nothing.

    Ends with 3 when anything refuses or warns. `[move.answers]` lets a finding stand.
    """
    from changeover.journey.check import run_checks

    report = run_checks(session.move)
    return Outcome(
        result={"is_green": report.is_green, "findings": report.findings},
        blocks=_blocks(report),
        exit_code=ExitCode(report.exit_code),
        next_steps=_next(report),
    )


def _blocks(report: "CheckReport") -> list[Block]:
    """Return what somebody has to read: passes are only counted."""
    from changeover.journey.checks.finding import Severity

    blocks: list[Block] = []
    for one in report.findings:
        if one.severity is Severity.PASS:
            continue
        where = f" ({one.side})" if one.side else ""
        blocks.append(f"{one.severity.upper():6} {one.code}{where} {one.subject}: {one.fact}")
        if one.fix:
            blocks.append(f"       fix: {one.fix}")
    counts = (f"{len(report.of(severity))} {severity}" for severity in Severity)
    return [*blocks, ", ".join(counts)]


def _next(report: "CheckReport") -> list[str]:
    if report.is_green:
        return ["changeover schema plan", "changeover capture install"]
    return ["correct or answer what refuses, then `changeover check`"]
