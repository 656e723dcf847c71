"""Where a request goes, by its path alone."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOUNT: Final = "/rest/v1"
SERVICES: Final = ("/auth/v1", "/storage/v1", "/functions/v1", "/realtime/v1", "/graphql/v1")
"""The other services of a Supabase project; their clients join these to the same URL."""
LIVE: Final = "/-/live"
READY: Final = "/-/ready"


class Kind(StrEnum):
    """Who answers."""

    API = "api"
    SERVICE = "service"
    LIVE = "live"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a request goes.

    Attributes:
        kind: Who answers.
        path: For the API the path below the mount, beginning with a slash; else the path as sent.
    """

    kind: Kind
    path: str


def place(path: str, *, has_health: bool) -> Place:
    """Return where a request goes.

    A path of two parts that is none of PostgREST's own (`/auth/v1`) is an error there anyway, so
    nothing is hidden by serving the root and the mount at once.

    Args:
        path: The path as sent, still percent-encoded.
        has_health: Whether `/-/live` and `/-/ready` are answered here.
    """
    if path.startswith(MOUNT) and (below := _below(path, MOUNT)):
        return Place(Kind.API, below)
    if has_health and path in {LIVE, READY}:
        return Place(Kind.LIVE if path == LIVE else Kind.READY, path)
    if any(path.startswith(service) and _below(path, service) for service in SERVICES):
        return Place(Kind.SERVICE, path)
    return Place(Kind.API, path if path.startswith("/") else f"/{path}")


def _below(path: str, mount: str) -> str:
    """Return the path below a mount, or nothing if it only begins with the same letters."""
    below = path[len(mount) :]
    return below if below.startswith("/") else ("" if below else "/")
