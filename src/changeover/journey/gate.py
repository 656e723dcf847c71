"""Gates: checks with evidence and age that a swap asks before it begins.

An error while checking is a failed gate, never a green one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from changeover.catalog.pair import Pair
from changeover.control import rollout, shadow
from changeover.control.move import Connection, Move
from changeover.control.swap import Kind, open_swap
from changeover.database import fixed
from changeover.database.errors import translate
from changeover.journey import client
from changeover.model.errors import ChangeoverError, GateRefusedError
from changeover.model.side import Side, Stage
from changeover.transfer import book, doubt, guard
from changeover.transfer.fence import refuse_prepared
from changeover.transfer.identity import read_identity
from changeover.transfer.mirror import Control, read_control

_MINE: Final = "changeover.journey"
BALANCE_TRIES_MAX: Final = 40
REHEARSAL_AGE_S_MAX: Final = 7200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One check and what it found.

    Attributes:
        name: A stable name.
        is_green: Whether it lets the step pass.
        fact: What was found, with values.
        hint: The next act where it is not green.
    """

    name: str
    is_green: bool
    fact: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What gates look at."""

    move: Move
    kind: Kind
    pairs: tuple[Pair, ...]
    control: Control
    source: Connection
    target: Connection
    wait_s: float

    def session(self, side: Side) -> Connection:
        """Return the session of a side's owner."""
        return self.source if side is Side.SOURCE else self.target


def gates(
    move: Move, kind: Kind, pairs: tuple[Pair, ...], *, wait_s: float = 0.0
) -> tuple[Gate, ...]:
    """Evaluate the gates of a swap.

    Args:
        move: The move.
        kind: Cutover asks more than rollback: the way back must stay open.
        pairs: The moved tables.
        wait_s: How long clients may take to follow, in seconds.

    Returns:
        Every gate, green or not.
    """
    names = [*_ALWAYS, *(_CUTOVER if kind is Kind.CUTOVER else {})]
    return ask(move, names, pairs, kind=kind, wait_s=wait_s)


def ask(
    move: Move,
    names: Iterable[str],
    pairs: tuple[Pair, ...],
    *,
    kind: Kind = Kind.CUTOVER,
    wait_s: float = 0.0,
) -> tuple[Gate, ...]:
    """Evaluate gates by name, in that order.

    Args:
        move: The move.
        names: Names of `QUESTIONS`.
        pairs: The moved tables.
        kind: Whence the authority would go, for the gates that look at one side.
        wait_s: How long clients may take to follow, in seconds.
    """
    with (
        move.connect_owner(Side.SOURCE, "gates") as source,
        move.connect_owner(Side.TARGET, "gates") as target,
    ):
        ground = Ground(
            move=move,
            kind=kind,
            pairs=pairs,
            control=read_control(target),
            source=source,
            target=target,
            wait_s=wait_s,
        )
        return tuple(_ask(name, QUESTIONS[name], ground) for name in names)


def require_green(results: tuple[Gate, ...], what: str) -> None:
    """Refuse a step while a gate is not green.

    Args:
        results: The gates.
        what: The step, as it stands behind "refuse the".

    Raises:
        GateRefusedError: It names every gate that is not.
    """
    red = [gate for gate in results if not gate.is_green]
    if red:
        facts = "; ".join(f"{gate.name}: {gate.fact}" for gate in red)
        raise GateRefusedError(
            f"{len(red)} of {len(results)} gates refuse the {what}: {facts}", hint=red[0].hint
        )


def _ask(name: str, gate: Callable[[Ground], tuple[bool, str, str]], ground: Ground) -> Gate:
    try:
        is_green, fact, hint = gate(ground)
    except ChangeoverError as error:
        return Gate(name=name, is_green=False, fact=error.message, hint=error.hint)
    except psycopg.Error as error:
        fact = translate(error, Side.TARGET, f"asking the gate {name}").message
        return Gate(
            name=name,
            is_green=False,
            fact=f"could not be checked: {fact}",
            hint="an error while checking is a failed check; look at the servers",
        )
    return Gate(name=name, is_green=is_green, fact=fact, hint="" if is_green else hint)


def _authority(ground: Ground) -> tuple[bool, str, str]:
    control = ground.control
    is_right = control.primary is ground.kind.old_primary and control.stage != Stage.COMPLETE
    fact = f"the primary is the {control.primary}, stage {control.stage}, epoch {control.epoch}"
    return is_right, fact, "run `changeover status`: it names the next step"


def _no_swap(ground: Ground) -> tuple[bool, str, str]:
    swap = open_swap(ground.target)
    if swap is None:
        return True, "no swap is under way", ""
    return False, f"a {swap.kind} of {swap.owner} is in phase {swap.phase}", "wait until it is over"


def _no_prepared(ground: Ground) -> tuple[bool, str, str]:
    refuse_prepared(ground.session(ground.kind.old_primary), ground.kind.old_primary)
    return True, "no prepared transaction waits", ""


def _heartbeat(ground: Ground) -> tuple[bool, str, str]:
    direction = ground.control.authority.direction
    limit_ms = ground.move.settings.mirror.marker_age_ms_max
    row = ground.target.execute(
        fixed(_MINE, "read_heartbeat"), {"direction": str(direction)}
    ).fetchone()
    hint = "start `changeover mirror run` and wait for its first marker"
    if row is None:
        return False, f"no marker of a {direction} mirror has ever come back", hint
    epoch, age_ms, lag_ms, error = row
    if epoch != ground.control.epoch:
        return False, f"the last marker is of epoch {epoch}, now is {ground.control.epoch}", hint
    if error:
        return False, f"the mirror failed last: {error}", "mend what it names"
    fact = f"the last marker came back {age_ms:.0f} ms ago after {lag_ms:.0f} ms"
    return age_ms + lag_ms <= limit_ms, f"{fact} (limit {limit_ms} ms)", hint


def _books(ground: Ground) -> tuple[bool, str, str]:
    direction = ground.control.authority.direction
    primary = ground.session(direction.primary)
    secondary = ground.session(direction.secondary)
    standing = book.balance(primary, secondary, direction)
    for _ in range(BALANCE_TRIES_MAX):
        if standing.is_balanced:
            break
        standing = book.balance(primary, secondary, direction)
    fact = (
        f"{standing.batches} batches booked, {len(standing.open_batches)} open, "
        f"{len(standing.unequal_batches)} unequal"
    )
    return standing.is_balanced, fact, "run `changeover verify`, then let the mirror run a round"


def _catching_up(ground: Ground) -> tuple[bool, str, str]:
    direction = ground.control.authority.direction
    row = (
        ground.session(direction.secondary)
        .execute(fixed(_MINE, "read_catching_up"), {"direction": str(direction)})
        .fetchone()
    )
    is_done = row is not None and not row[0]
    fact = "caught up" if is_done else "catching up with the first backlog"
    return is_done, fact, "wait for the mirror"


def _guards(ground: Ground) -> tuple[bool, str, str]:
    names = {pair.table_id: str(pair.name) for pair in ground.pairs}
    for side in Side:
        states = guard.anomalies(guard.inspect(ground.session(side)))
        guard.refuse(states, side, names)
        if states:
            named = ", ".join(names.get(state.table_id, "?") for state in states)
            return False, f"{side}: files or triggers changed on {named}", "let the mirror look"
    return True, f"triggers and definitions of {len(names)} tables are as they were", ""


def _no_doubt(ground: Ground) -> tuple[bool, str, str]:
    doubts = doubt.open_doubts(ground.target)
    names = {pair.table_id: str(pair.name) for pair in ground.pairs}
    if not doubts:
        return True, "no table is in doubt", ""
    named = "; ".join(f"{names.get(number, '?')}: {reason}" for number, reason in doubts)
    return False, named, "run `changeover verify` on these tables"


def _only_mirror(ground: Ground) -> tuple[bool, str, str]:
    strangers = 0
    for side in Side:
        session = ground.session(side)
        role = read_identity(session).role
        if role is not None:
            row = session.execute(fixed(_MINE, "count_strangers"), {"role": role}).fetchone()
            strangers += 0 if row is None else row[0]
    fact = f"{strangers} foreign session(s) run under the mirror's role"
    return not strangers, fact, "end them: they would pass the fence"


def _copied(ground: Ground) -> tuple[bool, str, str]:
    row = ground.target.execute(fixed(_MINE, "count_copied")).fetchone()
    copied = 0 if row is None else row[0]
    fact = f"{copied} of {len(ground.pairs)} tables are copied"
    return copied == len(ground.pairs), fact, "run `changeover copy run`"


def _verified(ground: Ground) -> tuple[bool, str, str]:
    limit_s = ground.move.settings.verify.age_s_max
    rows = ground.target.execute(
        fixed(_MINE, "read_verified"), {"epoch": ground.control.epoch}
    ).fetchall()
    found: dict[int, Any] = {row[0]: row for row in rows}
    hint = "run `changeover verify`, and `changeover repair` if it finds differences"
    for pair in ground.pairs:
        row = found.get(pair.table_id)
        if row is None:
            return False, f"{pair.name} was not verified in epoch {ground.control.epoch}", hint
        _, wrong, unsettled, age_s = row
        if wrong or unsettled:
            fact = f"{wrong} difference(s) and {unsettled} unsettled row(s)"
            return False, f"{pair.name} had {fact} at its last verification", hint
        if age_s > limit_s:
            return False, f"{pair.name} was verified {age_s:.0f} s ago (limit {limit_s} s)", hint
    return True, f"{len(ground.pairs)} tables verified equal", ""


def _rehearsed(ground: Ground) -> tuple[bool, str, str]:
    row = ground.target.execute(
        fixed(_MINE, "read_evidence"),
        {"gate": "rehearsal", "epoch": ground.control.epoch},
    ).fetchone()
    hint = "run `changeover mirror run`: it rehearses the way back at every start and hour"
    if row is None:
        return False, "no marker has made the way target → source and back", hint
    outcome, detail, age_s = row
    is_green = outcome == "pass" and age_s <= REHEARSAL_AGE_S_MAX
    return is_green, f"{outcome}: {detail} ({age_s:.0f} s ago)", hint


def _clients(ground: Ground) -> tuple[bool, str, str]:
    return client.follow(ground.target, ground.move.settings, ground.wait_s)


def _compared(ground: Ground) -> tuple[bool, str, str]:
    found = shadow.read_report(ground.target)
    fact = f"{found.compared} shadow read(s) compared since the stage began"
    hint = "let the application read, or raise `changeover shadow sample`"
    return found.compared > 0, fact, hint


def _mismatches(ground: Ground) -> tuple[bool, str, str]:
    found = shadow.read_report(ground.target)
    fact = f"{found.different} settled mismatch(es) of {found.compared} compared read(s)"
    return not found.different, fact, _AFTER_MENDING


def _schema_errors(ground: Ground) -> tuple[bool, str, str]:
    errors = shadow.read_report(ground.target).errors
    return (
        not errors,
        f"{errors} read(s) that one side alone answered with an error",
        _AFTER_MENDING,
    )


def _not_killed(ground: Ground) -> tuple[bool, str, str]:
    killed = rollout.read(ground.target).killed
    if killed is None:
        return True, "the kill switch is off", ""
    return False, f"reads were called back to the source: {killed}", "run `changeover unkill`"


_AFTER_MENDING: Final = (
    "run `changeover shadow report`; once it is mended, `changeover shadow clear` counts anew"
)

Question = Callable[[Ground], tuple[bool, str, str]]

_ALWAYS: Final[dict[str, Question]] = {
    "authority": _authority,
    "no_swap": _no_swap,
    "no_prepared_transactions": _no_prepared,
    "marker": _heartbeat,
    "books": _books,
    "caught_up": _catching_up,
    "guards": _guards,
    "no_doubt": _no_doubt,
    "only_the_mirror": _only_mirror,
    "clients": _clients,
}
_CUTOVER: Final[dict[str, Question]] = {
    "copied": _copied,
    "verified": _verified,
    "way_back_rehearsed": _rehearsed,
}

QUESTIONS: Final[dict[str, Question]] = {
    **_ALWAYS,
    **_CUTOVER,
    "compared": _compared,
    "mismatches": _mismatches,
    "schema_errors": _schema_errors,
    "not_killed": _not_killed,
}
"""Every gate by its name; steps name those that they ask."""
