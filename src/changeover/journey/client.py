"""The gate of the clients: nobody takes a step that a running application has not followed."""

import time
from collections.abc import Iterable

from changeover.control.client import (
    Client,
    Condition,
    drop_clients,
    read_clients,
)
from changeover.control.event import record
from changeover.control.move import Connection
from changeover.model.settings import Settings

NAMED_MAX = 5
PAUSE_S = 0.05


def follow(target: Connection, settings: Settings, wait_s: float) -> tuple[bool, str, str]:
    """Ask whether every client obeys the present state.

    Args:
        target: A session of the target's owner, in autocommit.
        settings: The configuration.
        wait_s: How long clients may take for their next poll, in seconds; 0 to look once.

    Returns:
        Whether all do, what was found, and the next act: as gates answer.
    """
    end = time.monotonic() + wait_s
    clients = read_clients(target, settings.routing.poll_ms)
    while late(clients) and time.monotonic() < end:
        time.sleep(PAUSE_S)
        clients = read_clients(target, settings.routing.poll_ms)
    behind = late(clients)
    if not behind:
        return True, f"{len(clients)} client(s) heard of, all follow", ""
    fact = f"{len(behind)} of {len(clients)} client(s) do not follow: {named(behind)}"
    hint = (
        "look at that process, restart or end it; one that has not been heard of for "
        f"{settings.routing.client_expiry_s:.0f} s is dropped"
    )
    return False, fact, hint


def late(clients: Iterable[Client]) -> tuple[Client, ...]:
    """Return the clients that do not follow."""
    return tuple(one for one in clients if one.condition is not Condition.FOLLOWS)


def named(clients: tuple[Client, ...]) -> str:
    """Return clients in a sentence, the first of them by name."""
    told = [_sentence(one) for one in clients[:NAMED_MAX]]
    more = len(clients) - NAMED_MAX
    return ", ".join([*told, *([f"and {more} more"] if more > 0 else [])])


def _sentence(client: Client) -> str:
    if client.condition is Condition.SILENT:
        return f"{client.label} is silent for {client.polled_s_ago:.0f} s"
    return f"{client.label} obeys an older state, stage {client.stage or 'unknown'}"


def drop_expired(target: Connection) -> int:
    """Drop the clients that have not been heard of for their expiry, and book it.

    Returns:
        How many.
    """
    dropped = drop_clients(target)
    for client_id, name in dropped:
        record(target, "client dropped", {"client": client_id, "name": name})
    return len(dropped)
