"""One page of truth: where the move stands, what is not green, and what to do next."""

from dataclasses import asdict, dataclass
from typing import Any, Final

from changeover.control import rollout
from changeover.control.client import Client, read_clients
from changeover.control.move import Connection, Move, installed_pairs, is_installed
from changeover.control.place import require_side
from changeover.control.swap import Kind, Swap, open_swap
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.journey.gate import Gate, gates
from changeover.journey.rollout import PERCENT_MAX
from changeover.model.errors import ChangeoverError
from changeover.model.side import Side, Stage
from changeover.transfer.fence import is_open
from changeover.transfer.mirror import read_control

_MINE: Final = "changeover.journey"
UNASKED: Final = "gates"
"""The gate that is red when no gate could be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where the move stands.

    Attributes:
        stage: The stage, `none` before capture is installed.
        primary: The side with the authority for writes.
        fences: Per side `open`, `closed` or `unknown`.
        log_rows: Rows in the primary's change log; None where it could not be read.
        copied_tables: How many tables are copied, of `tables`.
        swap: The swap under way, in words.
        reads: Whose reads go to the target, and whether they were called back; empty where nothing
            can be polled.
        clients: The routing clients that have been heard of.
        mirror: Age and lag of the last marker, in milliseconds, and the last error.
        gates: The gates of the next swap.
        problems: What is wrong, in sentences.
        next_steps: Commands that make sense now.
    """

    stage: str
    primary: str
    epoch: int
    tables: int
    copied_tables: int
    log_rows: int | None
    fences: dict[str, str]
    swap: str | None
    reads: dict[str, Any]
    clients: tuple[Client, ...]
    mirror: dict[str, Any]
    gates: tuple[Gate, ...]
    problems: tuple[str, ...]
    next_steps: tuple[str, ...]

    @property
    def is_green(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """Return the status as plain values."""
        return asdict(self)


def status(move: Move) -> Status:
    """Return where the move stands; what can't be read is unknown, never fine.

    Raises:
        CannotConnectError: If the target, which holds the control state, can't be reached.
    """
    with move.connect_owner(Side.TARGET, "status") as target:
        require_side(target, Side.TARGET)
        if not is_installed(target):
            return _nothing_yet()
        with translated(Side.TARGET, "reading the state of the move"):
            return _read(move, target)


def _nothing_yet() -> Status:
    return Status(
        stage="none",
        primary=str(Side.SOURCE),
        epoch=0,
        tables=0,
        copied_tables=0,
        log_rows=None,
        fences={},
        swap=None,
        reads={},
        clients=(),
        mirror={},
        gates=(),
        problems=(),
        next_steps=(
            "changeover check",
            "changeover schema apply",
            "changeover capture install",
        ),
    )


def _read(move: Move, target: Connection) -> Status:
    control = read_control(target)
    copied = target.execute(fixed(_MINE, "count_copied")).fetchone()
    tables = target.execute(fixed(_MINE, "count_tables")).fetchone()
    swap = open_swap(target)
    problems: list[str] = []
    fences = _fences(move, problems)
    if list(fences.values()).count("open") > 1:
        # Read one after the other, a swap in between may show both open: only twice is a fact.
        fences = _fences(move, problems)
    log_rows = None if control.is_finished else _log_rows(move, control.primary, problems)
    kind = Kind.CUTOVER if control.primary is Side.SOURCE else Kind.ROLLBACK
    found = _gates(move, kind) if not control.is_finished else ()
    problems += _fence_problems(fences, str(control.primary), is_swapping=swap is not None)
    copied_tables = 0 if copied is None else copied[0]
    reads = _reads(target, control.epoch)
    clients = read_clients(target, move.settings.routing.poll_ms)
    return Status(
        stage=control.stage,
        primary=str(control.primary),
        epoch=control.epoch,
        tables=0 if tables is None else tables[0],
        copied_tables=copied_tables,
        log_rows=log_rows,
        fences=fences,
        swap=None if swap is None else f"{swap.kind} of {swap.owner}, phase {swap.phase}",
        reads=reads,
        clients=clients,
        mirror=_mirror(target, str(control.authority.direction)),
        gates=found,
        problems=tuple(problems + [f"{g.name}: {g.fact}" for g in found if not g.is_green]),
        next_steps=(
            _last_steps(control.stage, fences)
            if control.is_finished
            else _next_steps(control.stage, found, swap, _reading(control.stage, reads, clients))
        ),
    )


def _gates(move: Move, kind: Kind) -> tuple[Gate, ...]:
    try:
        return gates(move, kind, installed_pairs(move))
    except ChangeoverError as error:
        hint = error.hint or "an error while checking is a failed check; look at the servers"
        return (Gate(name=UNASKED, is_green=False, fact=error.message, hint=hint),)


def _fences(move: Move, problems: list[str]) -> dict[str, str]:
    fences = {}
    for side in Side:
        try:
            fences[str(side)] = _fence(move, side)
        except ChangeoverError as error:
            fences[str(side)] = "unknown"
            problems.append(f"{side}: {error.message}")
    return fences


def _fence(move: Move, side: Side) -> str:
    with move.connect_owner(side, "status") as connection:
        row = connection.execute(fixed(_MINE, "has_fence")).fetchone()
        if row is None or not row[0]:
            return "removed"
        with translated(side, "reading the fence"):
            return "open" if is_open(connection) else "closed"


def _log_rows(move: Move, side: Side, problems: list[str]) -> int | None:
    try:
        with move.connect_owner(side, "status") as connection, translated(side, "counting keys"):
            row = connection.execute(fixed(_MINE, "count_left_changes")).fetchone()
    except ChangeoverError as error:
        problems.append(error.message)
        return None
    return None if row is None else row[0]


def _fence_problems(fences: dict[str, str], primary: str, *, is_swapping: bool) -> list[str]:
    problems = []
    if list(fences.values()).count("open") > 1:
        problems.append("both sides accept application writes")
    elif fences.get(str(Side(primary).other)) == "open" and not is_swapping:
        problems.append(f"the {Side(primary).other} is the secondary, but its fence is open")
    if fences.get(primary) == "closed" and not is_swapping:
        problems.append(f"the {primary} is the primary, but its fence is closed")
    return problems


def _reads(target: Connection, epoch: int) -> dict[str, Any]:
    if not rollout.is_installed(target):
        return {}
    now = rollout.read(target)
    ended = [step for step in rollout.read_steps(target, epoch, 2) if step.ended_at is not None]
    return {
        "percent": now.percent,
        "group": now.group,
        "listed": len(now.members),
        "shadow_percent": now.shadow_percent,
        "killed": now.killed,
        "lowered": ended[0].breach if ended else None,
    }


def _reading(stage: str, reads: dict[str, Any], clients: tuple[Client, ...]) -> tuple[str, ...]:
    """Return the steps that reads have ahead of them before a cutover, where any client routes."""
    if reads.get("killed") is not None and stage == Stage.LIVE:
        return ("changeover unkill",)
    if stage in {Stage.DUAL_WRITE, Stage.SHADOW} or (stage == Stage.OFF and clients):
        return ("changeover stage next",)
    if stage == Stage.LIVE and clients and reads["percent"] < PERCENT_MAX:
        return ("changeover rollout set PERCENT",)
    return ()


def _mirror(target: Connection, direction: str) -> dict[str, Any]:
    row = target.execute(fixed(_MINE, "read_heartbeat"), {"direction": direction}).fetchone()
    if row is None:
        return {"direction": direction, "marker_age_ms": None, "lag_ms": None, "error": None}
    return {
        "direction": direction,
        "marker_age_ms": row[1],
        "lag_ms": row[2],
        "error": row[3],
    }


def _last_steps(stage: str, fences: dict[str, str]) -> tuple[str, ...]:
    """Return what is left to do once the move has ended."""
    if stage != Stage.COMPLETE:
        return ("changeover capture remove",)
    if fences.get(str(Side.TARGET)) != "removed":
        return ("changeover finish",)
    is_released = fences.get(str(Side.SOURCE)) == "removed"
    return () if is_released else ("changeover finish --release-source",)


def _next_steps(
    stage: str, found: tuple[Gate, ...], swap: Swap | None, reading: tuple[str, ...]
) -> tuple[str, ...]:
    if swap is not None:
        is_left = swap.is_left if swap.phase.can_only_go_on else swap.is_late
        if is_left:
            return ("changeover mirror run: it ends the swap whose owner is gone",)
        return ("wait for the swap; changeover status",)
    red = [gate.hint for gate in found if not gate.is_green and gate.hint]
    if red:
        return tuple(dict.fromkeys(red))
    if stage == Stage.RAMP_DOWN:
        return ("changeover rollback", "changeover finish")
    return (*reading, "changeover cutover")
