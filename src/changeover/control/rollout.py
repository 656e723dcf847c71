"""Whose reads go to the target: the rollout as the owner of the target reads and writes it.

Applications never write these tables; they call the functions that `install` grants them.
"""

from typing import Final

from psycopg import errors as pg
from psycopg import sql

from changeover.control.place import ROOM, Connection
from changeover.database import fixed
from changeover.model.errors import ConfigurationError
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


def install(target: Connection, settings: Settings) -> None:
    """Make what clients poll and report, and grant it to the roles of `[routing] roles`.

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
