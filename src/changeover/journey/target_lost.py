"""The target is gone for good: the source opens without it, and says what it does not hold.

Nobody can ask the target, so nothing is drained and nothing is decided there. What the target
acknowledged after its last marker that reached the source was only on it. Should it ever come back,
its mirror finds no schema `changeover` on the source and is refused; but its fence is open.
"""

from dataclasses import dataclass
from typing import Final

from changeover.catalog import read
from changeover.catalog.values import Table
from changeover.control.login import forget_login
from changeover.control.move import ROOM, Connection, Move, require_installed
from changeover.control.place import require_side
from changeover.database import fixed, is_silent
from changeover.database.errors import translated
from changeover.model.errors import GateRefusedError
from changeover.model.name import TableName
from changeover.model.observation import phase
from changeover.model.routing_settings import STAGE_NAME
from changeover.model.side import Direction, Side, Stage
from changeover.transfer import capture, fence, rest, sequence
from changeover.transfer.identity import drop_role

_MINE: Final = "changeover.journey"
ATTEMPTS_AHEAD: Final = 1_000_000
"""No swap that the lost target remembers comes near this: its owners and watchdog are refused."""

AFTERWARDS: Final = (
    (
        f"restart every application and gateway that routes, with {STAGE_NAME}={Stage.OFF} in its "
        "environment: it knows the target as the primary still, and nobody else can tell it"
    ),
    "stop the mirror's service",
    "keep the target cut off should it come back; `verify` names what only it holds",
)
"""What is left to people: the control tables that clients ask are lost with the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """What opening the source without the target came to.

    Attributes:
        was_primary: Whether the source had the authority all the time, so that nothing is lost.
        held_until: What the target acknowledged before this moment of its own clock is on the
            source, as ISO text; None where nothing of the target's ever came back.
        epoch: The source's epoch from now on.
        tables: Tables of the source that are free of triggers of ours.
        unvalidated: Foreign keys that orphans leave NOT VALID.
    """

    was_primary: bool
    held_until: str | None
    epoch: int
    tables: int
    unvalidated: tuple[str, ...]


def abandon_target(move: Move) -> Abandoned:
    """Open the source although the target can't be asked, and end the move there; repeatable.

    The target must have been cut off from every writer before: its fence is open.

    Raises:
        GateRefusedError: If the target answers; nothing was changed.
        NotInstalledError: If the source is in no move.
        WrongServerError: If the source is the target of a move.
    """
    with phase(move.observer, "target-lost"):
        require_gone(move)
        with move.connect_owner(Side.SOURCE, "target-lost") as source:
            require_side(source, Side.SOURCE)
            require_installed(source, Side.SOURCE)
            was_primary = fence.is_open(source)
            held_until = _held_until(source)
            epoch = _epoch(source) if was_primary else _open(move, source)
            tables = _guarded(move, source)
        unvalidated = rest.validate(move, Side.SOURCE)
        capture.remove(move, Side.SOURCE, tables)
        drop_role(move, Side.SOURCE)
        for side in Side:
            forget_login(move.state_directory, side)
    return Abandoned(
        was_primary=was_primary,
        held_until=held_until,
        epoch=epoch,
        tables=len(tables),
        unvalidated=unvalidated,
    )


def require_gone(move: Move) -> None:
    """Make sure that the target does not answer.

    Raises:
        GateRefusedError: If it does.
    """
    if not is_silent(move.owners[Side.TARGET]):
        raise GateRefusedError(
            "the target's server answers: it is not lost, and what was written there would be",
            hint="run `changeover rollback`; or cut the target off from everybody, us included",
        )


def _open(move: Move, source: Connection) -> int:
    """Wake the source, set its sequences past its own rows, raise its epoch, open its fence."""
    with source.transaction():
        with translated(Side.SOURCE, "waiting for a round of the mirror"):
            source.execute(
                fixed("changeover.transfer", "lock_mirror"), {"direction": str(Direction.REVERSE)}
            )
        row = source.execute(fixed(ROOM, "read_side")).fetchone()
        assert row is not None, "the side's row was written with the schema"
        attempt = row[3] + ATTEMPTS_AHEAD
        fence.promise(source, Side.SOURCE, attempt)
        _pass_rows(move, source)
        rest.wake(source, Side.SOURCE)
        epoch = int(row[2]) + 1
        source.execute(fixed(ROOM, "adopt_epoch"), {"epoch": epoch})
    move.hooks.reached("target_lost.before_open")
    fence.set_fence(source, Side.SOURCE, attempt, is_open=True)
    return epoch


def _pass_rows(move: Move, source: Connection) -> None:
    """Set sequences past their columns: the target's can't be asked, and rows came with values."""
    schemas = move.settings.move.schemas
    sequence.refuse_unreadable(source, Side.SOURCE, schemas)
    advances = []
    for name, one in sequence.read_sequences(source, schemas).items():
        furthest = sequence.furthest_value(source, one)
        value = sequence.next_value(one, None, move.settings.swap.sequence_gap, furthest)
        if value is not None:
            advances.append(sequence.Advance(name=name, value=value))
    sequence.apply(source, Side.SOURCE, tuple(advances))


def _held_until(source: Connection) -> str | None:
    row = source.execute(fixed(_MINE, "read_last_return")).fetchone()
    return None if row is None else row[0]


def _epoch(source: Connection) -> int:
    row = source.execute(fixed(ROOM, "read_side")).fetchone()
    assert row is not None, "the side's row was written with the schema"
    return int(row[2])


def _guarded(move: Move, source: Connection) -> list[Table]:
    """Return the tables that capture guards, by the source's own list."""
    rows = source.execute(fixed(ROOM, "read_moved_tables")).fetchall()
    names = {TableName(schema, name) for _, schema, name, _ in rows}
    found = read(source, sorted({name.schema for name in names} or move.settings.move.schemas))
    return [found.tables[name] for name in sorted(names & set(found.tables))]


def plan(move: Move) -> tuple[str, ...]:
    """Return what `abandon_target` would do, for a dry run.

    Raises:
        GateRefusedError: If the target answers.
    """
    require_gone(move)
    with move.connect_owner(Side.SOURCE, "target-lost") as source:
        require_side(source, Side.SOURCE)
        require_installed(source, Side.SOURCE)
        held, was_primary = _held_until(source), fence.is_open(source)
    return (
        "you: cut the target off from everybody first; its fence is open, should it come back",
        describe(was_primary=was_primary, held_until=held),
        "source: put foreign keys and triggers back, set sequences past its own rows, epoch + 1",
        "source: open the fence; it accepts writes again",
        "source: validate the foreign keys",
        "source: DROP every trigger of ours, the schema changeover, and the mirror's role",
        f"you: {AFTERWARDS[0]}",
    )


def describe(*, was_primary: bool, held_until: str | None) -> str:
    """Return in plain words which writes only the target held."""
    if was_primary:
        return "lost: nothing; the source had the authority all the time"
    if held_until is None:
        return (
            "lost: every write that the target acknowledged since the cutover; nothing of the "
            "target's has come back"
        )
    return (
        f"lost: what the target acknowledged after {held_until} (its own clock); how many writes "
        "that is can't be known without it"
    )
