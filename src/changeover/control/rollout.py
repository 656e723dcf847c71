"""Whose reads go to the target: the rollout as the owner of the target reads and writes it.

Applications never write these tables; they call the functions that `install` grants them.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from psycopg import errors as pg
from psycopg import sql

from changeover.control.place import ROOM, Connection
from changeover.database import fixed
from changeover.model.errors import ConfigurationError, NotInstalledError
from changeover.model.settings import Settings

SCRIPTS: Final = (
    "create_routing",
    "create_poll",
    "create_exchange_tokens",
    "create_lower_rollout",
    "create_report_shadow",
)
FUNCTIONS: Final = (
    "changeover.poll(jsonb)",
    "changeover.exchange_tokens(uuid, uuid[])",
    "changeover.lower_rollout(text, text)",
    "changeover.report_shadow(uuid, jsonb, jsonb)",
)
"""What a routing client calls; all that its role is granted."""

MEMBERS_MAX: Final = 10_000
"""Every client holds the whole list in memory."""
HASH_CHARACTERS: Final = 16


def install(target: Connection, settings: Settings) -> None:
    """Make what clients poll and report, and grant it to the roles of `[routing] roles` alone.

    A role that is no longer named there loses it; a client of it keeps what it knows.

    Args:
        target: A session of the target's owner, in a transaction; the control tables exist.
        settings: The configuration.

    Raises:
        ConfigurationError: If a role does not exist.
    """
    for script in SCRIPTS:
        target.execute(fixed(ROOM, script))
    write_limits(target, settings)
    for role in settings.routing.roles:
        _grant(target, role)
    for (role,) in target.execute(
        fixed(ROOM, "read_routing_roles"), {"roles": list(settings.routing.roles)}
    ).fetchall():
        target.execute(
            sql.SQL("REVOKE EXECUTE ON FUNCTION {} FROM {}").format(
                sql.SQL(", ".join(FUNCTIONS)), sql.Identifier(role)
            )
        )


def _grant(target: Connection, role: str) -> None:
    who = sql.Identifier(role)
    functions = sql.SQL(", ".join(FUNCTIONS))
    try:
        target.execute(sql.SQL("GRANT USAGE ON SCHEMA changeover TO {}").format(who))
        target.execute(sql.SQL("GRANT EXECUTE ON FUNCTION {} TO {}").format(functions, who))
    except pg.UndefinedObject:
        raise ConfigurationError(
            f"target: the role {role} of [routing] roles does not exist",
            hint="create it, or correct the name in changeover.toml",
        ) from None


def write_limits(target: Connection, settings: Settings) -> None:
    """Put the limits that clients obey where they poll them."""
    target.execute(
        fixed(ROOM, "write_limits"),
        {
            "marker_age_ms_max": settings.mirror.marker_age_ms_max,
            "swap_wait_s_max": settings.swap.swap_wait_s_max,
            "client_expiry_s": settings.routing.client_expiry_s,
            "guard_window_s": settings.routing.guard_window_s,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Whose reads go to the target, and how many are compared.

    Attributes:
        percent: Of the targeting keys that are not listed.
        group: Salts the buckets.
        members: The listed targeting keys, in byte order; never shown, only their hashes.
        shadow_percent: Of a hundred reads, how many run on the other side too.
        killed: Why reads were called back to the source; None if they were not.
        shadow_run: The run of shadow reads that is counted now.
        stage_began_at: When the stage began, by the target's clock.
        marker_age_ms_max: Above this age nobody reads the secondary.
        client_expiry_s: After so long a silent client is dropped.
        seen: The digest of all that clients must obey.
    """

    percent: int
    group: str
    members: tuple[str, ...]
    shadow_percent: float
    killed: str | None
    shadow_run: int
    stage_began_at: dt.datetime
    marker_age_ms_max: float
    client_expiry_s: float
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A percentage that was held."""

    percent: int
    group: str
    began_at: dt.datetime
    ended_at: dt.datetime | None
    breach: str | None


def hash_of(key: str) -> str:
    """Return what a targeting key goes by in reports and events."""
    return hashlib.sha256(key.encode()).hexdigest()[:HASH_CHARACTERS]


def is_installed(target: Connection) -> bool:
    """Return whether what clients poll and report is there; older moves lack it."""
    row = target.execute(fixed(ROOM, "has_routing")).fetchone()
    return row is not None and bool(row[0])


def require_installed(target: Connection) -> None:
    """Make sure that clients can be told and heard.

    Raises:
        NotInstalledError: If not.
    """
    if not is_installed(target):
        raise NotInstalledError(
            "target: the tables of the routing are not there",
            hint="run `changeover capture install`; it may be run again at any time",
        )


def read(target: Connection) -> Reads:
    """Return the rollout.

    Raises:
        NotInstalledError: If the tables are not there.
    """
    require_installed(target)
    row = target.execute(fixed(ROOM, "read_rollout")).fetchone()
    assert row is not None, "the row was written with the table"
    fields = dict(zip(Reads.__dataclass_fields__, row, strict=True))
    return Reads(**{**fields, "members": tuple(fields["members"])})


def read_steps(target: Connection, epoch: int, limit: int) -> tuple[Step, ...]:
    """Return the last steps of the rollout in an epoch, the newest first."""
    rows = target.execute(fixed(ROOM, "read_steps"), {"epoch": epoch, "limit": limit}).fetchall()
    return tuple(Step(**dict(zip(Step.__dataclass_fields__, row, strict=True))) for row in rows)


def begin_stage(target: Connection) -> int:
    """Let a stage begin: 0 %, an empty list, shadow reads counted anew.

    Args:
        target: A session of the target's owner, in the transaction that changes the stage.

    Returns:
        How many keys were taken off the list.
    """
    if not is_installed(target):
        return 0
    row = target.execute(fixed(ROOM, "begin_stage")).fetchone()
    assert row is not None, "count returns one row"
    set_percent(target, 0, read(target).group)
    return int(row[0])


def set_percent(target: Connection, percent: int, group: str) -> None:
    """Write another percentage, and end the step before."""
    target.execute(fixed(ROOM, "move_rollout"), {"percent": percent, "group": group})


def add_members(target: Connection, keys: Sequence[str]) -> tuple[str, ...]:
    """List targeting keys.

    Returns:
        Those that were not listed before.

    Raises:
        ConfigurationError: If the list would grow too long for every client to hold.
    """
    rows = target.execute(fixed(ROOM, "add_members"), {"keys": list(keys)}).fetchall()
    listed = len(read(target).members)
    if listed > MEMBERS_MAX:
        raise ConfigurationError(
            f"{listed} listed keys are more than {MEMBERS_MAX}, and every client holds them all",
            hint="list fewer, and let the percentage do the rest",
        )
    return tuple(key for (key,) in rows)


def remove_members(target: Connection, keys: Sequence[str]) -> tuple[str, ...]:
    """Take targeting keys off the list and return those that were on it."""
    rows = target.execute(fixed(ROOM, "remove_members"), {"keys": list(keys)}).fetchall()
    return tuple(key for (key,) in rows)


def set_killed(target: Connection, reason: str | None) -> str | None:
    """Call reads back to the source, or let them go; return the reason that stood before."""
    row = target.execute(fixed(ROOM, "write_kill"), {"reason": reason}).fetchone()
    assert row is not None, "the row was written with the table"
    before: str | None = row[0]
    return before


def set_shadow_percent(target: Connection, percent: float) -> None:
    """Write how many of a hundred reads run on the other side too."""
    target.execute(fixed(ROOM, "write_shadow_percent"), {"percent": percent})
