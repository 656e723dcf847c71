"""A port for a program that can't be told to choose one by itself."""

import secrets
import socket
from contextlib import closing, suppress

PORTS = range(10_000, 20_000)
"""Below those that systems give to connections, so that none takes it before the program does."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    while True:
        port = secrets.choice(PORTS)
        with closing(socket.socket()) as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            return port
