"""`capture install`, `status`, `remove`: the triggers that record changes and refuse writes."""

from typing import TYPE_CHECKING

import typer

from changeover.cli.command import DryRun, Yes, command, group
from changeover.cli.outcome import ExitCode, Outcome
from changeover.cli.session import Session

if TYPE_CHECKING:
    from changeover.transfer.capture import Installed


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    capture = group(app, "capture", "Triggers that record changed keys, and the fence.")
    command(capture, "install")(install)


def install(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Install capture and fence on both databases; repeatable.

    The source stays open for writes; from then on the target refuses writes of the application.
    """
    from changeover.transfer import capture

    if dry_run:
        statements = capture.plan(session.move)
        return Outcome(result={"statements": statements}, blocks=statements)
    if not yes:
        statements = capture.plan(session.move)
        session.confirm(
            [
                f"{len(statements)} statements create the schema changeover, triggers on every",
                "moved table of both databases, and a role for the mirror where that is allowed.",
                "The target refuses writes of the application from then on.",
            ],
            is_confirmed=False,
        )
    return _installed(capture.install(session.move))


def _installed(installed: "Installed") -> Outcome:
    blocks = [f"capture guards {installed.tables} tables on both sides"]
    blocks += [
        f"{side}: the mirror is recognised by its {installed.identities[side]}, "
        f"foreign keys rest by {installed.rest_modes[side]}"
        for side in installed.identities
    ]
    return Outcome(
        result=installed,
        blocks=blocks,
        exit_code=ExitCode.FINE,
        next_steps=["changeover mirror run", "changeover copy run"],
    )
