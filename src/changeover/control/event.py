"""Who did what when: an append-only list in the target's control schema."""

import getpass
import json
import os
import socket
from collections.abc import Mapping

from changeover.control.move import ROOM, Connection
from changeover.database import fixed


def me() -> str:
    """Return who runs this process, for people to read."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}:{os.getpid()}"


def record(target: Connection, what: str, detail: Mapping[str, object] | None = None) -> None:
    """Add an event.

    Args:
        target: A session of the target's owner.
        what: A short name.
        detail: Facts without cell values.
    """
    target.execute(
        fixed(ROOM, "write_event"),
        {"who": me(), "what": what, "detail": json.dumps(dict(detail or {}))},
    )
