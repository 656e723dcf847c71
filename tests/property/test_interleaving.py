"""Any interleaving of writes, copy, rounds, swaps and crashes ends equal, on real servers.

The model is a dict of what the primary holds, changed by acknowledged commits only. What happens
inside a round or a swap happens in a hook at one of its points: what the machine does there comes
exactly between two steps of it, so one thread is enough for "at the same time".
"""

import copy as copying
import itertools
import sys
from collections.abc import Callable
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from psycopg import errors as pg

from changeover.control.swap import Kind, open_swap
from changeover.database.errors import is_fence_refusal
from changeover.journey.swap import Driver, resume
from changeover.model.errors import (
    MirrorHeldError,
    StaleAttemptError,
    StaleEpochError,
    SwapAbortedError,
    SwapInProgressError,
    TimedOutError,
    WrongStageError,
)
from changeover.model.side import Direction, Side
from changeover.transfer import book, copy_session, doubt, fence
from changeover.transfer.checkpoint import (
    begin_tables,
    finish_table,
    read_ground,
    read_open_ranges,
    read_states,
)
from changeover.transfer.copy_worker import RangeWork, copy_range
from changeover.transfer.mirror import Mirror, read_control
from changeover.transfer.range import describe

WRITER_LOCK_MS = 60
TRANSACTIONS_MAX = 2
ROUND_POINTS = (
    "round.locked",
    "round.before_snapshot",
    "round.taken",
    "round.staged",
    "round.merged",
    "round.before_secondary_commit",
    "round.between_commits",
    "round.committed",
)
SWAP_POINTS = (
    "swap.before_request",
    "swap.requested",
    "fence.set",
    "fence.waiting",
    "swap.before_writers_over",
    "swap.fenced",
    "swap.before_log_empty",
    "swap.drained",
    "swap.before_sequences_set",
    "swap.prepared",
    "swap.before_decision",
    "swap.inside_decision",
    "swap.decided",
    "swap.before_fence_opened",
    "swap.done_fence_opened",
    "swap.opened",
    "swap.before_other_at_rest",
    "swap.done_other_at_rest",
    "swap.finished",
)
ABORT_POINTS = ("swap.before_fence_reopened", "swap.done_fence_reopened", "swap.aborted")
REFUSED_BY_DATA = (
    pg.UniqueViolation,
    pg.ForeignKeyViolation,
    pg.LockNotAvailable,
    pg.SerializationFailure,
    pg.DeadlockDetected,
)
HELD_UP = (MirrorHeldError, StaleEpochError, SwapInProgressError, psycopg.OperationalError)
DRIVEN_BACK = (
    *HELD_UP,
    SwapAbortedError,
    StaleAttemptError,
    TimedOutError,
    WrongStageError,  # another operator was faster
)

BEGINNING = {
    "a": {1: (1, "a", 1), 2: (2, "", 1), 3: (3, None, 1), 4: (None, "d", 1)},
    "b": {1: (1,), 2: (1,), 3: (2,), 4: (None,)},
    "c": {(1, "a,b"): ("p",), (1, ""): ("q",), (2, "NULL"): (None,), (2, '"'): ("r",)},
    "w": {1: ("one", 1), 2: ("two", 2)},
}
CONTENT = """
SELECT
  (SELECT json_agg(json_build_array(id, u, v, stamps) ORDER BY id) FROM public.a),
  (SELECT json_agg(json_build_array(id, a_id) ORDER BY id) FROM public.b),
  (SELECT json_agg(json_build_array(x, y, v) ORDER BY x, y COLLATE "C") FROM public.c),
  (SELECT json_agg(json_build_array(n, t, copies) ORDER BY n, t COLLATE "C")
   FROM (SELECT n, t, count(*) AS copies FROM public.w GROUP BY n, t) AS g),
  (SELECT json_object_agg(direction, is_catching_up) FROM changeover.mirror),
  (SELECT count(*) FROM changeover.change WHERE table_id <> 0)
"""

State = dict[str, dict[Any, Any]]
Effects = list[tuple[Any, ...]]


class KilledError(BaseException):
    """Raised by a hook where the process dies: nothing may catch it but what closes sessions."""


class FailedError(Exception):
    """Raised by a hook where something fails and the process lives on to handle it."""


def applied(state: State, effects: Effects) -> State:
    """Return a state after effects: `(table,)` empties, `(table, key, value or None)` sets."""
    following = {name: dict(rows) for name, rows in state.items()}
    for table, *what in effects:
        if not what:
            following[table].clear()
        elif what[1] is None:
            following[table].pop(what[0], None)
        else:
            following[table][what[0]] = what[1]
    return following


def flat(state: State) -> tuple[Any, ...]:
    """Return a state as `CONTENT` returns it."""
    return (
        [[key, *row] for key, row in sorted(state["a"].items())],
        [[key, a_id[0]] for key, a_id in sorted(state["b"].items())],
        [[*key, v[0]] for key, v in sorted(state["c"].items())],
        [[key, *row] for key, row in sorted(state["w"].items())],
    )


@dataclass(frozen=True, slots=True)
class Write:
    """What a write runs, and what it does to the rows that it sees."""

    statements: tuple[tuple[str, tuple[Any, ...]], ...]
    effects: Callable[[list[Any]], Effects]


def _one(text: str, values: tuple[Any, ...], effects: Effects) -> Write:
    return Write(((text, values),), lambda _rows: effects)


def put_a(_seen, row, u, v):
    """Insert a row, or change the one that has its key."""
    text = (
        "INSERT INTO public.a (id, u, v) VALUES (%s, %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET u = excluded.u, v = excluded.v"
    )
    return _one(text, (row, u, v), [("a", row, (u, v, 1))])


def new_a(_seen, v):
    """Insert a row whose key comes from the sequence."""
    return Write(
        (("INSERT INTO public.a (v) VALUES (%s) RETURNING id", (v,)),),
        lambda rows: [("a", rows[0][0], (None, v, 1))],
    )


def move_a(seen, row, to):
    """Change a key."""
    effects = [] if row not in seen["a"] else [("a", row, None), ("a", to, seen["a"].get(row))]
    return _one("UPDATE public.a SET id = %s WHERE id = %s", (to, row), effects)


def exchange_a(seen, row, other):
    """Let two rows exchange their unique values."""
    if row == other or not {row, other} <= seen["a"].keys():
        return _one("UPDATE public.a SET v = v WHERE false", (), [])
    (mine, *rest), (theirs, *others) = seen["a"][row], seen["a"][other]
    text = "UPDATE public.a SET u = %s WHERE id = %s"
    return Write(
        ((text, (None, row)), (text, (mine, other)), (text, (theirs, row))),
        lambda _rows: [("a", row, (theirs, *rest)), ("a", other, (mine, *others))],
    )


def delete_a(seen, row):
    """Delete a row and, by the foreign key, those that refer to it by now."""
    text = "DELETE FROM public.a WHERE id = %s"
    if row not in seen["a"]:
        return _one(text, (row,), [])
    gone = [("b", key, None) for key, (a_id,) in seen["latest b"].items() if a_id == row]
    return _one(text, (row,), [("a", row, None), *gone])


def truncate_a(_seen):
    """Empty two tables."""
    return _one("TRUNCATE public.a CASCADE", (), [("a",), ("b",)])


def put_b(_seen, row, a_id):
    """Insert or change a row that refers to another."""
    text = (
        "INSERT INTO public.b VALUES (%s, %s) ON CONFLICT (id) DO UPDATE SET a_id = excluded.a_id"
    )
    return _one(text, (row, a_id), [("b", row, (a_id,))])


def delete_b(seen, row):
    """Delete a row."""
    effects = [("b", row, None)] if row in seen["b"] else []
    return _one("DELETE FROM public.b WHERE id = %s", (row,), effects)


def put_c(_seen, key, v):
    """Insert or change a row with a composite key."""
    text = "INSERT INTO public.c VALUES (%s, %s, %s) ON CONFLICT (x, y) DO UPDATE SET v=excluded.v"
    return _one(text, (*key, v), [("c", key, (v,))])


def move_c(seen, key, to):
    """Change a composite key."""
    effects = [] if key not in seen["c"] else [("c", key, None), ("c", to, seen["c"].get(key))]
    text = "UPDATE public.c SET (x, y) = (%s, %s) WHERE x = %s AND y = %s"
    return _one(text, (*to, *key), effects)


def delete_c(seen, x):
    """Delete several rows by a part of their key."""
    gone = [("c", key, None) for key in seen["c"] if key[0] == x]
    return _one("DELETE FROM public.c WHERE x = %s", (x,), gone)


def truncate_c(_seen):
    """Empty a table."""
    return _one("TRUNCATE public.c", (), [("c",)])


def add_w(_seen, number, t, copies):
    """Insert rows without a key, some of them twice."""
    text = "INSERT INTO public.w SELECT %s, %s FROM generate_series(1, %s)"
    return _one(text, (number, t, copies), [("w", number, (t, copies))])


def change_w(seen, row, t):
    """Change rows without a key."""
    effects = [("w", row, (t, seen["w"][row][1]))] if row in seen["w"] else []
    return _one("UPDATE public.w SET t = %s WHERE n = %s", (t, row), effects)


def delete_w(seen, row):
    """Delete rows without a key."""
    effects = [("w", row, None)] if row in seen["w"] else []
    return _one("DELETE FROM public.w WHERE n = %s", (row,), effects)


def nothing(_seen):
    """Run a statement of zero rows; the fence refuses it too."""
    return _one("UPDATE public.a SET v = v WHERE false", (), [])


WRITES = {
    one.__name__: one
    for one in (
        put_a, new_a, move_a, exchange_a, delete_a, truncate_a, put_b, delete_b,
        put_c, move_c, delete_c, truncate_c, add_w, change_w, delete_w, nothing,
    )
}  # fmt: skip
KEYS = st.integers(1, 6)
UNIQUES = st.none() | st.integers(1, 4)
TEXTS = st.sampled_from(["", "NULL", "\\", '"', "{}", "a,b", "é '", None])
PLACES = st.tuples(st.integers(1, 2), st.sampled_from(["", "NULL", "\\", '"', "{}", "a,b", "é '"]))
OPERATIONS = st.one_of(
    st.tuples(st.just("put_a"), KEYS, UNIQUES, TEXTS),
    st.tuples(st.just("put_a"), KEYS, UNIQUES, TEXTS),
    st.tuples(st.just("new_a"), TEXTS),
    st.tuples(st.just("new_a"), TEXTS),
    st.tuples(st.just("move_a"), KEYS, KEYS),
    st.tuples(st.just("exchange_a"), KEYS, KEYS),
    st.tuples(st.just("delete_a"), KEYS),
    st.tuples(st.just("put_b"), KEYS, st.none() | KEYS),
    st.tuples(st.just("delete_b"), KEYS),
    st.tuples(st.just("put_c"), PLACES, TEXTS),
    st.tuples(st.just("move_c"), PLACES, PLACES),
    st.tuples(st.just("delete_c"), st.integers(1, 2)),
    st.tuples(st.just("add_w"), TEXTS, st.integers(1, 2)),
    st.tuples(st.just("change_w"), KEYS, TEXTS),
    st.tuples(st.just("delete_w"), KEYS),
    st.sampled_from([("truncate_a",), ("truncate_c",), ("nothing",)]),
)
ISOLATIONS = st.sampled_from(["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
PLACE = st.integers(0, TRANSACTIONS_MAX - 1)
EMPTYING = st.sampled_from([("truncate_a",), ("truncate_c",)])
ACTS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from(list(Side)), OPERATIONS),
    st.tuples(st.just("write"), st.sampled_from(list(Side)), EMPTYING),
    st.tuples(st.just("commit"), PLACE),
    st.tuples(st.just("write_held"), PLACE, OPERATIONS),
    st.just(("crash",)),
    st.just(("fail",)),
    st.just(("kill",)),
    st.just(("round",)),
    st.just(("watchdog",)),
    st.just(("rival",)),
)


def armed_at(points: tuple[str, ...], *, min_size: int = 1):
    """Return a strategy of what happens inside: at most two acts, each at a point."""
    return st.lists(st.tuples(st.sampled_from(points), ACTS), min_size=min_size, max_size=2)


@dataclass(slots=True, kw_only=True, eq=False)
class Transaction:
    """An open transaction of the application.

    Attributes:
        snapshot: What it sees for good; None where each statement sees what is committed by then.
        has_written: It holds a writer's lock, so that a swap waits for it.
        has_truncated: It emptied a table, which nobody else reads meanwhile.
    """

    side: Side
    connection: Any
    snapshot: State | None
    effects: Effects = field(default_factory=list)
    has_written: bool = False
    has_truncated: bool = False

    def sees(self, committed: State) -> State:
        """Return the rows that its next statement sees, and what a foreign key's action sees."""
        latest = applied(committed, self.effects)
        seen = latest if self.snapshot is None else applied(self.snapshot, self.effects)
        return {**seen, "latest b": latest["b"]}


class Interleaving(RuleBasedStateMachine):
    """One move, its writers, its mirrors and its operators, in any order."""

    def __init__(self, prepared) -> None:
        """Wait for `begin`."""
        super().__init__()
        self.prepared = prepared
        self.after = ExitStack()
        self.state: State = copying.deepcopy(BEGINNING)
        self.states = [flat(self.state)]
        self.seen_index = 0
        self.transactions: list[Transaction] = []
        self.stale: list[Mirror] = []
        self.numbers = itertools.count(3)
        self.armed: list[tuple[str, tuple[Any, ...]]] = []
        self.is_inside = False
        self.which = 0
        self.is_ready = False

    # What a clone is made of.

    @initialize(way=st.sampled_from(["replica", "drop"]), is_copied=st.booleans())
    def begin(self, way, is_copied):
        """Clone a prepared pair; copy all of it at once, or leave that to the rules."""
        prepared = self.prepared[way]
        self.databases = self.after.enter_context(prepared.cloned())
        self.pairs = prepared.pairs
        self.move = prepared.move(self.databases, self.reached)
        self.after.callback(copy_session.forget_all)
        self.observers = {side: self.connected(side, lock_ms=40) for side in Side}
        self.writers = {side: self.connected(side, lock_ms=WRITER_LOCK_MS) for side in Side}
        self.target = self.observers[Side.TARGET]
        begin_tables(self.target, self.pairs)
        self.epoch = 1
        self.primary = Side.SOURCE
        self.is_copied = False
        self.authority = read_control(self.target).authority
        self.mirrors: dict[int, Mirror] = {}
        self.is_ready = True
        if is_copied:
            self.copy_rest()

    def connected(self, side: Side, *, lock_ms: int) -> Any:
        """Return a session of a side's owner that waits for no lock for long."""
        connection = self.after.enter_context(self.databases[side].connect())
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(lock_ms),))
        return connection

    def mirror(self, which: int) -> Mirror:
        """Return one of the two mirrors of the present epoch."""
        if which not in self.mirrors:
            self.mirrors[which] = Mirror(self.move, self.authority, self.pairs)
            self.after.callback(self.mirrors[which].close)
        return self.mirrors[which]

    # What is looked at, between the rules and at the points inside them.

    def content(self, side: Side) -> tuple[Any, ...]:
        """Return what a side holds, which of its mirrors are catching up, and its log's length."""
        found = self.observers[side].execute(CONTENT).fetchone()
        return tuple(rows or [] for rows in found[:4]), found[4], found[5]

    @invariant()
    def look(self):
        """Hold what must hold at every moment; a table that is being emptied can't be read."""
        if self.is_ready:
            with nullcontext() if self.is_readable() else suppress(pg.LockNotAvailable):
                self.require_promises()

    def require_promises(self) -> None:
        """Require one authority, an epoch that never goes down, and both sides' committed rows."""
        is_open = {side: fence.is_open(self.observers[side]) for side in Side}
        assert not all(is_open.values()), "both sides accept writes"
        control = read_control(self.target)
        assert control.epoch >= self.epoch, "the epoch went down"
        self.epoch = control.epoch
        assert not is_open[control.primary.other], "the secondary accepts writes"
        ours, _, _ = self.content(control.primary)
        assert ours == self.states[-1], "the primary does not hold what was acknowledged"
        theirs, catching_up, _ = self.content(control.primary.other)
        if not catching_up[str(Direction.of_primary(control.primary))]:
            self.require_committed(theirs)

    def require_committed(self, found: tuple[Any, ...]) -> None:
        """Require one of the primary's committed states, none older than seen before."""
        for index in range(self.seen_index, len(self.states)):
            if self.states[index] == found:
                self.seen_index = index
                return
        before = found in self.states
        pytest.fail(f"the secondary holds {found}: {'an older state' if before else 'no state'}")

    def reached(self, point: str) -> None:
        """Be called at every point of a round and of a swap."""
        if point in {"round.between_commits", "round.committed"} or not point.startswith("round."):
            with suppress(pg.LockNotAvailable):
                self.require_promises()
        if self.is_inside:
            return
        for place, (where, act) in enumerate(self.armed):
            if where == point:
                self.armed.pop(place)
                self.is_inside = True
                try:
                    getattr(self, f"act_{act[0]}")(*act[1:])
                finally:
                    self.is_inside = False
                return

    # What happens inside.

    def act_write(self, side, operation):
        """Write on either side: both may refuse."""
        self.attempt(side, operation)

    def act_commit(self, place):
        """Commit a transaction that is open."""
        if place < len(self.transactions):
            self.commit(place)

    def act_write_held(self, place, operation):
        """Write in a transaction that is open."""
        if place < len(self.transactions):
            self.write_in(place, operation)

    def act_crash(self):
        """Die."""
        raise KilledError

    def act_fail(self):
        """Fail, and live on."""
        raise FailedError

    def act_kill(self):
        """Let the servers end the mirrors' sessions."""
        self.kill_sessions()

    def act_round(self):
        """Let another mirror run a round; the one whose round it is has its hands full."""
        with suppress(*HELD_UP):
            self.mirror(1 - self.which).round()

    def act_watchdog(self):
        """Let somebody else end the swap while its owner sleeps."""
        with (
            suppress(*DRIVEN_BACK),
            self.move.connect_owner(Side.TARGET, "watchdog", lock_timeout_ms=200) as target,
        ):
            swap = open_swap(target)
            if swap is not None:
                resume(self.move, swap, target)

    def act_rival(self):
        """Let somebody else end the swap and make another one while its owner sleeps."""
        self.act_watchdog()
        with suppress(*DRIVEN_BACK):
            self.drive()

    # Writes.

    def acknowledge(self, side: Side, effects: Effects) -> None:
        """Book an acknowledged commit."""
        assert read_control(self.target).primary is side, "a write that is not the primary's"
        following = applied(self.state, effects)
        for transaction in self.transactions:
            if transaction.snapshot is not None:
                emptied = [effect for effect in effects if len(effect) == 1]
                transaction.snapshot = applied(transaction.snapshot, emptied)
        if following != self.state:
            self.state = following
            self.states.append(flat(following))

    def planned(self, seen: State, operation: tuple[Any, ...]) -> Write:
        """Return what an operation runs; rows without a key get numbers of their own."""
        name, *values = operation
        if name == "add_w":
            values = [next(self.numbers), *values]
        return WRITES[name](seen, *values)

    def run(self, connection: Any, write: Write) -> Effects:
        """Run a write's statements and return its effects."""
        for text, values in write.statements:
            cursor = connection.execute(text, values)
        return write.effects(cursor.fetchall() if cursor.description else [])

    def attempt(self, side: Side, operation: tuple[Any, ...]) -> str:
        """Try a write; return whether it was accepted, refused by the fence or by the data."""
        write = self.planned({**self.state, "latest b": self.state["b"]}, operation)
        connection = self.writers[side]
        try:
            if len(write.statements) == 1:
                effects = self.run(connection, write)
            else:
                with connection.transaction():
                    effects = self.run(connection, write)
        except psycopg.Error as error:
            return self.judged(error, operation)
        self.acknowledge(side, effects)
        return "accepted"

    def judged(self, error: psycopg.Error, operation: tuple[Any, ...]) -> str:
        """Return what refused a write."""
        if is_fence_refusal(error):
            return "refused"
        if not isinstance(error, REFUSED_BY_DATA):
            raise error
        is_new = operation[0] == "new_a" and isinstance(error, pg.UniqueViolation)
        assert not is_new, "the sequence gave a value that was used before"
        return "failed"

    @precondition(lambda self: self.is_ready)
    @rule(operations=st.lists(OPERATIONS, min_size=1, max_size=4))
    def write(self, operations):
        """Write on the primary; it refuses only while a swap is under way."""
        for operation in operations:
            outcome = self.attempt(self.primary, operation)
            assert outcome != "refused" or self.swap() is not None

    @rule(operation=OPERATIONS)
    def write_on_secondary(self, operation):
        """Write on the secondary, which refuses."""
        assert self.attempt(self.primary.other, operation) == "refused"

    @precondition(lambda self: len(self.transactions) < TRANSACTIONS_MAX)
    @rule(isolation=ISOLATIONS, operations=st.lists(OPERATIONS, min_size=1, max_size=2))
    def write_and_stay_open(self, isolation, operations):
        """Write in a transaction that stays open over other rules."""
        self.open_transaction(isolation)
        opened = self.transactions[-1]
        for operation in operations:
            if opened in self.transactions:
                self.write_in(self.transactions.index(opened), operation)

    @precondition(lambda self: len(self.transactions) < TRANSACTIONS_MAX)
    @rule(isolation=ISOLATIONS)
    def open_transaction(self, isolation):
        """Begin a transaction on the primary that stays open over other rules."""
        connection = self.databases[self.primary].connect()
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (str(WRITER_LOCK_MS),))
        connection.execute(f"BEGIN ISOLATION LEVEL {isolation}")
        connection.execute("SELECT 1")
        self.transactions.append(
            Transaction(
                side=self.primary,
                connection=connection,
                snapshot=None if isolation == "READ COMMITTED" else applied(self.state, []),
            )
        )

    @precondition(lambda self: self.transactions)
    @rule(place=PLACE, operation=OPERATIONS, is_undone=st.sampled_from([False, False, True]))
    def write_in_transaction(self, place, operation, is_undone):
        """Write in an open transaction, or in a subtransaction that is rolled back."""
        self.write_in(place % len(self.transactions), operation, is_undone=is_undone)

    def write_in(self, place, operation, *, is_undone=False):
        """Write in an open transaction; what the server refuses ends it."""
        transaction = self.transactions[place]
        write = self.planned(transaction.sees(self.state), operation)
        connection = transaction.connection
        try:
            if is_undone:
                with connection.transaction(force_rollback=True):
                    self.run(connection, write)
                return
            transaction.effects += self.run(connection, write)
        except psycopg.Error as error:
            outcome = self.judged(error, operation)
            is_primary = transaction.side is read_control(self.target).primary
            assert outcome != "refused" or self.swap() is not None or not is_primary
            self.end(place, "ROLLBACK")
        else:
            transaction.has_written = True
            transaction.has_truncated |= any(len(effect) == 1 for effect in transaction.effects)

    def end(self, place: int, how: str) -> None:
        """End a transaction and its session."""
        transaction = self.transactions.pop(place)
        with transaction.connection as connection:
            connection.execute(how)

    def commit(self, place: int) -> None:
        """Commit a transaction; once that returned, it counts."""
        transaction = self.transactions[place]
        try:
            self.end(place, "COMMIT")
        except pg.SerializationFailure:
            return
        if transaction.has_written:
            self.acknowledge(transaction.side, transaction.effects)

    @precondition(lambda self: self.transactions)
    @rule(place=PLACE)
    def commit_transaction(self, place):
        """Commit an open transaction."""
        self.commit(place % len(self.transactions))

    @precondition(lambda self: self.transactions)
    @rule(place=PLACE)
    def roll_back_transaction(self, place):
        """Roll an open transaction back."""
        self.end(place % len(self.transactions), "ROLLBACK")

    # Copy.

    def is_readable(self) -> bool:
        """Return whether no open transaction keeps readers from a table."""
        return not any(transaction.has_truncated for transaction in self.transactions)

    @precondition(lambda self: not self.is_copied and self.is_readable())
    @rule(place=st.integers(0, 20), is_finished=st.booleans())
    def copy_one_range(self, place, is_finished):
        """Copy one of the ranges that are open; look whether its table is copied then."""
        ranges = read_open_ranges(self.target)
        if ranges:
            self.copy_range(*ranges[place % len(ranges)])
        if is_finished:
            self.finish_tables()

    def copy_range(self, table_id: int, range_id: int) -> None:
        """Copy a range as a worker does."""
        ground = read_ground(self.target)
        (pair,) = (pair for pair in self.pairs if pair.table_id == table_id)
        outcome = copy_range(
            RangeWork(
                source=self.move.mirror_endpoint(Side.SOURCE),
                target=self.move.mirror_endpoint(Side.TARGET),
                table=describe(pair),
                range_id=range_id,
                epoch=ground.epoch,
                is_replica=ground.is_replica,
                attempts_max=1,
            )
        )
        assert outcome.error is None, outcome.error
        assert not outcome.is_skipped

    def finish_tables(self) -> None:
        """Say of the tables whose ranges are done that they are copied."""
        states = read_states(self.target)
        for pair in self.pairs:
            state = states[pair.table_id]
            if state.state != "copied" and state.ranges == state.ranges_done:
                finish_table(self.target, pair)
        self.is_copied = all(one.state == "copied" for one in read_states(self.target).values())

    @precondition(lambda self: not self.is_copied and self.is_readable())
    @rule()
    def copy_rest(self):
        """Copy what is left."""
        for table_id, range_id in read_open_ranges(self.target):
            self.copy_range(table_id, range_id)
        self.finish_tables()

    # Mirrors.

    def kill_sessions(self) -> None:
        """End the mirrors' sessions on both servers."""
        for database in self.databases.values():
            with database.connect_as_superuser() as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database()"
                    " AND application_name IN ('changeover mirror', 'changeover flush')"
                )

    @rule(which=st.sampled_from([0, 1]), is_killed=st.sampled_from([False, False, True]))
    def carry(self, which, is_killed):
        """Run a round of a mirror; only what is open, or lost sessions, may hold it up."""
        if is_killed:
            self.kill_sessions()
        try:
            result = self.mirror(which).round()
        except HELD_UP:
            assert not self.is_undisturbed() or self.was_killed(which)
        else:
            if self.is_copied and result.log_rows and not result.is_cut:
                self.require_caught_up()

    @rule(operation=OPERATIONS, point=st.sampled_from(ROUND_POINTS))
    def carry_and_crash(self, operation, point):
        """Write, then run a round whose mirror dies at a point."""
        self.carry_disturbed(0, operation, [(point, ("crash",))])

    @rule(which=st.sampled_from([0, 1]), operation=OPERATIONS, inside=armed_at(ROUND_POINTS))
    def carry_disturbed(self, which, operation, inside):
        """Write, then run a round in which something happens."""
        self.attempt(self.primary, operation)
        self.armed, self.which = list(inside), which
        try:
            with suppress(FailedError, *HELD_UP):
                self.mirror(which).round()
        except KilledError:
            self.mirror(which).close()
        self.armed = []
        self.take_stock()

    def was_killed(self, which: int) -> bool:
        """Return whether a mirror lost its sessions; the next round has new ones."""
        self.mirror(which).round()
        return True

    def is_undisturbed(self) -> bool:
        """Return whether nothing that is open can hold a round or a swap up."""
        return self.swap() is None and self.is_readable()

    def require_caught_up(self) -> None:
        """Require that the secondary is what a reader may see."""
        primary = read_control(self.target).primary
        _, catching_up, _ = self.content(primary.other)
        assert not catching_up[str(Direction.of_primary(primary))]

    @precondition(lambda self: self.stale and self.is_readable())
    @rule(which=st.integers(0, 5))
    def carry_stale(self, which):
        """Run a round of a mirror of an older epoch: refused, and nothing has changed."""
        mirror = self.stale[which % len(self.stale)]
        before = [self.content(side) for side in Side]
        try:
            with pytest.raises(StaleEpochError):
                mirror.round()
        except psycopg.OperationalError:
            with pytest.raises(StaleEpochError):
                mirror.round()
        assert [self.content(side) for side in Side] == before

    # Swaps.

    def swap(self):
        """Return the swap that is not over."""
        return open_swap(self.target)

    def drive(self) -> None:
        """Run a swap from where the authority is."""
        primary = read_control(self.target).primary
        kind = Kind.CUTOVER if primary is Side.SOURCE else Kind.ROLLBACK
        with self.move.connect_owner(Side.TARGET, "swap", lock_timeout_ms=500) as target:
            Driver(self.move, kind, target).run(self.pairs)

    def take_stock(self) -> None:
        """Look who the primary is now; mirrors of an older epoch are stale."""
        control = read_control(self.target)
        self.primary = control.primary
        if self.authority != control.authority:
            self.authority = control.authority
            self.stale += self.mirrors.values()
            self.mirrors = {}

    @precondition(lambda self: self.is_copied and self.swap() is None)
    @rule()
    def change_over(self):
        """Swap; open writers, and nothing else, make it give up, and then cleanly."""
        was, epoch = self.primary, self.epoch
        has_writers = any(one.has_written for one in self.transactions)
        try:
            self.drive()
        except DRIVEN_BACK:
            assert has_writers
            assert self.swap() is None
            assert (read_control(self.target).primary, self.epoch) == (was, epoch)
            assert fence.is_open(self.observers[was])
        else:
            assert not has_writers
            assert read_control(self.target).primary is was.other
        self.take_stock()

    @precondition(
        lambda self: (
            self.is_copied and self.swap() is None and len(self.transactions) < TRANSACTIONS_MAX
        )
    )
    @rule(isolation=ISOLATIONS, operation=OPERATIONS)
    def change_over_under_an_older_snapshot(self, isolation, operation):
        """Write in a transaction whose snapshot is older than the fence: refused all the same."""
        self.open_transaction(isolation)
        self.change_over()
        self.write_in(len(self.transactions) - 1, operation)

    @precondition(lambda self: self.is_copied and self.swap() is None)
    @rule(
        operation=OPERATIONS,
        point=st.sampled_from(SWAP_POINTS),
        act=st.sampled_from(["crash", "fail", "watchdog", "rival"]),
    )
    def change_over_and_stop(self, operation, point, act):
        """Write, then begin a swap whose owner dies, fails or oversleeps at a point."""
        self.attempt(self.primary, operation)
        self.change_over_disturbed([(point, (act,))])

    @precondition(lambda self: self.is_copied and self.swap() is None)
    @rule(inside=armed_at(SWAP_POINTS + ROUND_POINTS + ABORT_POINTS))
    def change_over_disturbed(self, inside):
        """Swap while something happens inside it."""
        self.armed = list(inside)
        with suppress(KilledError, FailedError, *DRIVEN_BACK):
            self.drive()
        self.armed = []
        self.take_stock()

    @precondition(lambda self: self.swap() is not None)
    @rule(
        inside=armed_at(SWAP_POINTS[SWAP_POINTS.index("swap.decided") :] + ABORT_POINTS, min_size=0)
    )
    def resume_swap(self, inside):
        """End a swap that was left behind; whoever ends it may die as well."""
        self.armed = list(inside)
        with suppress(KilledError, FailedError, *DRIVEN_BACK):
            self.resume()
        assert inside or self.swap() is None
        self.armed = []
        self.take_stock()

    def resume(self) -> None:
        """End a swap that was left behind."""
        with self.move.connect_owner(Side.TARGET, "watchdog", lock_timeout_ms=500) as target:
            resume(self.move, open_swap(target), target)

    @precondition(lambda self: self.swap() is not None)
    @rule()
    def change_over_beside_another(self):
        """Begin a swap while another one is not over: refused."""
        with pytest.raises((SwapInProgressError, StaleEpochError, *HELD_UP)):
            self.drive()

    # The end.

    def teardown(self):
        """Finish everything and compare both sides; a failure is not looked at twice."""
        try:
            if self.is_ready and sys.exc_info()[0] is None:
                self.come_to_an_end()
                self.judge()
        finally:
            for transaction in self.transactions:
                transaction.connection.close()
            self.after.close()

    def come_to_an_end(self) -> None:
        """Finish what is open and drain the log."""
        while self.transactions:
            self.commit(0)
        if self.swap() is not None:
            self.resume()
        self.take_stock()
        if not self.is_copied:
            self.copy_rest()
        self.mirrors.clear()
        self.mirror(0).drain(10)

    def judge(self) -> None:
        """Hold what must hold in the end."""
        self.look()
        ours, theirs = (self.content(side) for side in (self.primary, self.primary.other))
        assert ours[0] == theirs[0] == flat(self.state)
        assert (ours[2], theirs[2]) == (0, 0), "keys are left in a log"
        assert fence.is_open(self.observers[self.primary])
        primary, secondary = (self.observers[s] for s in (self.primary, self.primary.other))
        standing = book.balance(primary, secondary, Direction.of_primary(self.primary))
        assert standing.is_balanced, standing
        assert doubt.open_doubts(self.target) == ()
        acting = primary.execute(
            "SELECT (SELECT tgenabled::text FROM pg_trigger WHERE tgname = 'stamp'),"
            " (SELECT count(*) FROM pg_constraint WHERE conname = 'b_a_id_fkey')"
        ).fetchone()
        assert acting == ("A", 1), "the primary's own trigger or foreign key does not act"


def test_any_interleaving_ends_equal(prepared, impatient):
    """Both sides end equal, at no moment do both accept writes, no stale write passes an epoch."""
    run_state_machine_as_test(
        lambda: Interleaving(prepared),
        settings=settings(
            settings.get_profile("changeover"), max_examples=6, stateful_step_count=20
        ),
    )


@pytest.mark.nightly
@pytest.mark.timeout(7200)
def test_many_interleavings_end_equal(prepared, impatient):
    """The same, more and longer."""
    run_state_machine_as_test(
        lambda: Interleaving(prepared), settings=settings.get_profile("nightly")
    )
