"""Calling reads back to the source: by a file first, which needs nothing, then for everybody.

While the source is the primary this works with the target, the console and the flag store away.
Once the target is the primary, reads follow it whatever the switch says.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from changeover.control import rollout
from changeover.control.event import me, record
from changeover.control.kill_file import KillFile
from changeover.control.move import Move
from changeover.journey.cutover import Action
from changeover.journey.target import open_target
from changeover.model.errors import ChangeoverError, KillFileError
from changeover.model.side import Side
from changeover.transfer.mirror import read_control

STATEMENT_MS_MAX: Final = 5000
REASON_CHARACTERS_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """What a turn of the kill switch came to.

    Attributes:
        file: The file of this machine; None where nothing names one.
        is_file_there: Whether it is there now.
        is_file_changed: Whether this turn made or removed it.
        file_error: Why the file could not be turned; None if it could.
        primary: The side with the authority for writes; None if it could not be asked.
        was_killed: The reason that stood in the control tables before.
        control_error: Why the control tables were not turned; None if they were.
        exit_code: How a command ends with it: that of its error, 0 without one.
    """

    file: str | None = None
    is_file_there: bool = False
    is_file_changed: bool = False
    file_error: str | None = None
    primary: str | None = None
    was_killed: str | None = None
    control_error: str | None = None
    exit_code: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether everything was turned that should be."""
        return self.file_error is None and self.control_error is None


def kill(find_move: Callable[[], Move], file: KillFile | None, reason: str) -> Switched:
    """Call reads back to the source; what can't be reached is told while anything else holds.

    Args:
        find_move: Returns the move; called after the file was written.
        file: The kill file of this machine, if one is named.
        reason: Why, for people: shown by `status`, kept in the events.

    Raises:
        ChangeoverError: If neither the file nor the control tables could be turned.
    """
    reason = reason[:REASON_CHARACTERS_MAX]
    done = _with_file(Switched(), file, lambda one: one.write(f"{reason}\n{me()}\n"))
    try:
        primary, before = _turn(find_move(), reason)
    except ChangeoverError as error:
        if not done.is_file_there:
            raise
        return replace(done, control_error=error.message, exit_code=error.exit_code)
    return replace(done, primary=primary, was_killed=before)


def unkill(find_move: Callable[[], Move], file: KillFile | None) -> Switched:
    """Let reads go where stage and rollout say, the control tables first, then the file.

    Args:
        find_move: Returns the move.
        file: The kill file of this machine, if one is named.

    Raises:
        ChangeoverError: If the control tables could not be turned; nothing was undone.
    """
    try:
        primary, before = _turn(find_move(), None)
    except ChangeoverError as error:
        held = f", and the kill file {file.path} stays" if file and file.is_there else ""
        raise type(error)(f"{error.message}; nothing was undone{held}", hint=error.hint) from error
    return _with_file(Switched(primary=primary, was_killed=before), file, KillFile.remove)


def _with_file(done: Switched, file: KillFile | None, turn: Callable[[KillFile], bool]) -> Switched:
    if file is None:
        return done
    done = replace(done, file=str(file.path))
    try:
        return replace(done, is_file_changed=turn(file), is_file_there=file.is_there)
    except KillFileError as error:
        return replace(
            done,
            is_file_there=file.is_there,
            file_error=error.message,
            exit_code=error.exit_code,
        )


def plan(file: KillFile | None, *, is_kill: bool) -> tuple[Action, ...]:
    """Return what a turn of the switch does, in order; nothing is reached for it."""
    verb = "write" if is_kill else "remove"
    on_file = () if file is None else (Action(where="this machine", what=f"{verb} {file.path}"),)
    value = "the reason" if is_kill else "NULL"
    on_target = (
        Action(where=str(Side.TARGET), what=f"set changeover.rollout.killed to {value}"),
        Action(where=str(Side.TARGET), what=f"record the event {'kill' if is_kill else 'unkill'}"),
    )
    return (*on_file, *on_target) if is_kill else (*on_target, *on_file)


def _turn(move: Move, reason: str | None) -> tuple[str, str | None]:
    """Turn the switch of the control tables; return the primary and the reason before."""
    limits = {"statement_timeout_ms": STATEMENT_MS_MAX, "lock_timeout_ms": STATEMENT_MS_MAX}
    with open_target(move, "kill", "turning the kill switch", **limits) as target:
        with target.transaction():
            before = rollout.set_killed(target, reason)
            what = "unkill" if reason is None else "kill"
            record(target, what, {"reason": reason or before or ""})
        return str(read_control(target).primary), before
