"""The processes of applications that route: what each last told, and whether it obeys."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from changeover.control.place import ROOM, Connection
from changeover.control.rollout import is_installed
from changeover.database import fixed

SILENT_POLLS: Final = 5
"""A client that missed so many of its polls is silent."""


class Condition(StrEnum):
    """Whether a client follows."""

    FOLLOWS = "follows"
    STALE = "stale"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One process of an application, as it last told.

    Attributes:
        client_id: Made anew by every process.
        name: What the application calls it, for people.
        version: Of our library in it.
        role: The role that it logs in as.
        stage: The stage that it obeys.
        side: Where it sends reads: `source`, `target` or `mixed`.
        queued: What waits in it, by name.
        breaker: The state of its breaker.
        kill: Its own kill switch, if it is on.
        polled_s_ago: Seconds since its last poll, by the target's clock.
        condition: Whether it follows, obeys an older state, or has missed several polls.
    """

    client_id: str
    name: str
    version: str
    role: str
    stage: str
    side: str
    queued: Mapping[str, Any]
    breaker: str | None
    kill: str | None
    polled_s_ago: float
    condition: Condition

    @property
    def label(self) -> str:
        """What it goes by in a sentence."""
        name = self.name or "a client without a name"
        return f"{name} ({self.client_id[:8]})"


def read_clients(target: Connection, poll_ms: int) -> tuple[Client, ...]:
    """Return the clients that have been heard of within their expiry.

    Args:
        target: A session of the target's owner.
        poll_ms: How often a client polls, in milliseconds.
    """
    if not is_installed(target):
        return ()
    silent_s = SILENT_POLLS * poll_ms / 1000
    rows = target.execute(fixed(ROOM, "read_clients")).fetchall()
    return tuple(_client(row, silent_s) for row in rows)


def _client(row: tuple[Any, ...], silent_s: float) -> Client:
    *told, polled_s_ago, is_stale = row
    names = [name for name in Client.__dataclass_fields__ if name != "condition"]
    fields = dict(zip(names, [*told, polled_s_ago], strict=True))
    if polled_s_ago > silent_s:
        condition = Condition.SILENT
    else:
        condition = Condition.STALE if is_stale else Condition.FOLLOWS
    return Client(**{**fields, "queued": fields["queued"] or {}}, condition=condition)


def drop_clients(target: Connection) -> tuple[tuple[str, str], ...]:
    """Remove clients that were not heard of for their expiry; return their ids and names."""
    if not is_installed(target):
        return ()
    return tuple(target.execute(fixed(ROOM, "drop_clients")).fetchall())
