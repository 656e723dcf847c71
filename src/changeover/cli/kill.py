"""`kill` and `unkill`: reads back to the source at once, whatever else is down."""

from typing import TYPE_CHECKING, Annotated

import typer

from changeover.cli.command import DryRun, Yes, command
from changeover.cli.outcome import Block, ExitCode, Outcome
from changeover.cli.session import Session
from changeover.cli.stage import action_lines
from changeover.model.errors import ConfigurationError

if TYPE_CHECKING:
    from changeover.control.kill_file import KillFile
    from changeover.journey.kill import Switched

Reason = Annotated[
    str,
    typer.Option("--reason", help="Why, for people; kept in the events.", show_default=False),
]
AtOnce = Annotated[bool, typer.Option("--yes", "-y", help="Accepted for scripts; this never asks.")]


def register(app: typer.Typer) -> None:
    """Add these verbs to the program."""
    command(app, "kill")(kill)
    command(app, "unkill")(unkill)


def kill(
    session: Session, *, reason: Reason = "by hand", dry_run: DryRun = False, yes: AtOnce = False
) -> Outcome:
    """Call every read back to the source, while it is primary; never asks, and needs no target.

    Writes the kill file of this machine first (CHANGEOVER_KILL_SWITCH, or the setting
    routing.kill_file), then the control tables, which reach everybody. Ends with 5 when the target
    can't be reached, and says what holds all the same. Stage and rollout stay until `unkill`.
    """
    del yes
    return _switch(session, reason, is_dry=dry_run)


def unkill(session: Session, *, dry_run: DryRun = False, yes: Yes = False) -> Outcome:
    """Let reads go where stage and rollout say again: control tables first, then the file.

    When the target can't be reached it ends with 5 and the kill file stays.
    """
    if not dry_run and not yes:
        session.confirm(lambda: _lines(session, is_kill=False))
    return _switch(session, None, is_dry=dry_run)


def _switch(session: Session, reason: str | None, *, is_dry: bool) -> Outcome:
    from changeover.journey import kill as journey

    if is_dry:
        lines = _lines(session, is_kill=reason is not None)
        return Outcome(result={"actions": lines}, blocks=lines)
    file = _file(session)
    done = (
        journey.unkill(lambda: session.move, file)
        if reason is None
        else journey.kill(lambda: session.move, file, reason)
    )
    is_kill = reason is not None
    return Outcome(
        result=done,
        blocks=[*_on_file(done, is_kill=is_kill), *_on_control(session, done, is_kill=is_kill)],
        exit_code=ExitCode(done.exit_code),
        next_steps=_next(done, is_kill=is_kill),
    )


def _lines(session: Session, *, is_kill: bool) -> list[Block]:
    from changeover.journey.kill import plan

    file = _file(session)
    lines = action_lines(plan(file, is_kill=is_kill))
    return lines if file else [*lines, "no kill file is named: the control tables alone"]


def _file(session: Session) -> "KillFile | None":
    """Return the kill file; the environment's needs no configuration that can be read."""
    import os

    from changeover.control.kill_file import kill_file

    return kill_file(os.environ, "") or kill_file(
        os.environ, session.configuration.settings.routing.kill_file
    )


def _on_file(done: "Switched", *, is_kill: bool) -> list[Block]:
    if done.file is None:
        text = (
            "no kill file is named here (CHANGEOVER_KILL_SWITCH, or the setting routing.kill_file)"
        )
    elif done.file_error is not None:
        text = f"FAILED: {done.file_error}"
    elif is_kill:
        verb = "written" if done.is_file_changed else "there already"
        text = (
            f"{done.file} is {verb}: clients that look at it read from the source on their next "
            "call, while the source is primary"
        )
    else:
        text = f"{done.file} is {'removed' if done.is_file_changed else 'not there'}"
    return [text]


def _on_control(session: Session, done: "Switched", *, is_kill: bool) -> list[Block]:
    if done.control_error is not None:
        return _unreached(session, done.control_error)
    if done.primary != "source":
        text = (
            f"the control tables are {'turned' if is_kill else 'undone'}; the {done.primary} is "
            "the primary, and reads follow it whatever the switch says"
        )
    elif is_kill:
        text = "the control tables say it too: every client obeys at its next poll"
    else:
        was = f" (it was: {done.was_killed})" if done.was_killed else ", where it was not set"
        text = f"the control tables let reads go again{was}"
    return [text]


def _unreached(session: Session, error: str) -> list[Block]:
    others = (
        "clients on other machines, and those without a kill file, do not know of it; each goes "
        f"back to the source by itself when its last marker is older than {_limit(session)}"
    )
    return [f"the control tables were NOT turned: {error}", others]


def _limit(session: Session) -> str:
    """Return the age of a marker above which clients step back; the file may be unreadable."""
    try:
        return f"{session.configuration.settings.mirror.marker_age_ms_max / 1000:g} s"
    except ConfigurationError:
        return "mirror.marker_age_ms_max"


def _next(done: "Switched", *, is_kill: bool) -> list[str]:
    again = f"changeover {'kill' if is_kill else 'unkill'}"
    if done.control_error is not None:
        return [f"{again}: again, once the target answers"]
    if done.file_error is not None:
        return [f"mend the file, then {again} again"]
    return ["changeover status"]
