"""Whether there is room: connections, locks, disk; and who stands in the way by running long."""

from collections.abc import Iterator
from typing import Final

from changeover.journey.checks.finding import Finding, Severity
from changeover.journey.checks.scene import Check, PairCheck, Scene
from changeover.model.side import Side

MIRROR_CONNECTIONS: Final = 3
"""A round, its probe of the log, and the vacuum of the log."""

OPERATOR_CONNECTIONS: Final = 4
"""A swap, its lock holder, `status`, and one to spare."""

COPY_CONNECTIONS: Final = 2
"""Beside the workers: the planner with its snapshot, and the throttle's probe."""

TRANSACTION_AGE_S_MAX: Final = 60.0
LOCK_SHARE_MAX: Final = 0.5
"""Above this share of the lock table, locking every moved relation at once is a risk."""


def connections_needed(scene: Scene) -> int:
    """Return how many connections copy, verify, mirror and an operator take on one side."""
    settings = scene.move.settings
    return (
        settings.copy.workers
        + settings.verify.workers
        + COPY_CONNECTIONS
        + MIRROR_CONNECTIONS
        + OPERATOR_CONNECTIONS
    )


def check_connections(scene: Scene, side: Side) -> Iterator[Finding]:
    """Hold what we need against what the server, the database and our role have left."""
    row = scene.one(side, "read_connections")
    needed = connections_needed(scene)
    server_free = row["most"] - row["reserved"] - row["used"]
    budgets = {"the server": (row["most"] - row["reserved"], row["used"], server_free)}
    for what, limit, used in (
        ("the database", row["database_limit"], row["database_used"]),
        ("our role", row["role_limit"], row["role_used"]),
    ):
        if limit >= 0:
            budgets[what] = (limit, used, limit - used)
    for what, (limit, used, free) in budgets.items():
        if free < 2 * needed:
            yield Finding(
                code="CK-CAPACITY-CONNECTIONS",
                side=side,
                subject=str(side) if what == "the server" else f"{side} {what}",
                severity=Severity.REFUSE if free < needed else Severity.WARN,
                fact=f"{what} allows {limit} connections and {used} are taken: {free} are free,"
                f" and copy, verify and mirror need up to {needed}",
                fix="lower workers in [copy] and [verify], make pools smaller, or raise the limit",
            )


def check_transactions(scene: Scene, side: Side) -> Iterator[Finding]:
    """Yield transactions that have been open for long: installing capture waits for them."""
    for row in scene.rows(side, "read_long_transactions", {"age_s": TRANSACTION_AGE_S_MAX}):
        yield Finding(
            code="CK-CAPACITY-LONG-TRANSACTION",
            side=side,
            subject=f"{side} pid {row['pid']}",
            severity=Severity.WARN,
            fact=f"process {row['pid']} ({row['role']}, {row['state']}) has had a transaction open"
            f" for {row['age_s']:.0f} s: installing capture and each swap wait for it",
            fix="end it before capture is installed",
        )


def check_prepared(scene: Scene, side: Side) -> Iterator[Finding]:
    """Refuse prepared transactions: they outlive every session and pass the fence."""
    for row in scene.rows(side, "read_prepared"):
        yield Finding(
            code="CK-CAPACITY-PREPARED",
            side=side,
            subject=f"{side} prepared transaction of {row['owner']}",
            severity=Severity.REFUSE,
            fact=f"{row['number']} prepared transaction(s) of {row['owner']} wait for their end,"
            f" the oldest for {row['age_s']:.0f} s",
            fix="COMMIT PREPARED or ROLLBACK PREPARED; pg_prepared_xacts names them",
        )


def check_locks(scene: Scene, side: Side) -> Iterator[Finding]:
    """Hold the number of relations that one transaction locks against the lock table's size.

    Source: https://www.postgresql.org/docs/current/runtime-config-locks.html
    """
    row = scene.one(side, "read_lock_table")
    relations = sum(1 + len(t.partitions) for t in scene.tables(side))
    indexes = sum(len(t.indexes) * (1 + len(t.partitions)) for t in scene.tables(side))
    needed, room = relations + indexes, row["room"]
    if needed > room * LOCK_SHARE_MAX:
        yield Finding(
            code="CK-CAPACITY-LOCKS",
            side=side,
            subject=str(side),
            severity=Severity.REFUSE if needed > room else Severity.WARN,
            fact=f"a round locks {relations} tables and partitions and up to {indexes} indexes of"
            f" theirs; the lock table holds {room} (max_locks_per_transaction is"
            f" {row['each']})",
            fix="raise max_locks_per_transaction and restart that server",
        )


def check_sizes(scene: Scene) -> Iterator[Finding]:
    """Say how large both databases are; free disk can't be read through SQL."""
    sizes = {side: scene.one(side, "read_size")["bytes"] for side in Side}
    moved = sum(table.size_bytes for table in scene.moved)
    yield Finding(
        code="CK-CAPACITY-SIZE",
        side=None,
        subject="both sides",
        severity=Severity.NOTE,
        fact=f"the moved tables take {megabytes(moved)} without indexes, the source's database"
        f" {megabytes(sizes[Side.SOURCE])}, the target's {megabytes(sizes[Side.TARGET])}",
    )
    yield Finding(
        code="CK-CAPACITY-DISK",
        side=Side.TARGET,
        subject="target",
        severity=Severity.NOTE,
        fact="how much disk is free is unknown: no server tells it through SQL",
        fix=f"make sure on the host that {megabytes(2 * sizes[Side.SOURCE])} are free (twice the"
        " source, for indexes and WAL)",
    )


def megabytes(size_bytes: int) -> str:
    """Return a size for a message."""
    return f"{size_bytes / 1024 / 1024:,.0f} MB"


CHECKS: Final = (
    Check(
        proves={"CK-CAPACITY-CONNECTIONS": "there are connections enough for every worker, twice"},
        run=check_connections,
    ),
    Check(
        proves={
            "CK-CAPACITY-LONG-TRANSACTION": "no transaction that we can see is older than a minute"
        },
        run=check_transactions,
    ),
    Check(proves={"CK-CAPACITY-PREPARED": "no prepared transaction waits"}, run=check_prepared),
    Check(
        proves={"CK-CAPACITY-LOCKS": "the lock table has room for every moved relation"},
        run=check_locks,
    ),
    PairCheck(
        proves={
            "CK-CAPACITY-SIZE": "both databases' sizes were read",
            "CK-CAPACITY-DISK": "free disk was read",
        },
        run=check_sizes,
    ),
)
