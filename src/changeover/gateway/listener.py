"""Sockets that workers share: bound once, before any worker is there."""

import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from changeover.gateway.setup import Listening
from changeover.model.errors import CannotListenError

BACKLOG: Final = 2048
_ANY: Final = {
    "*": ("::", "0.0.0.0"),  # noqa: S104 - that is what the operator asks for
    "*4": ("0.0.0.0", "::"),  # noqa: S104 - as above
    "*6": ("::", "0.0.0.0"),  # noqa: S104 - as above
    "!4": ("0.0.0.0",),  # noqa: S104 - as above
    "!6": ("::",),
}
"""What PostgREST's server names families by."""


def listen(at: Listening) -> socket.socket:
    """Return a listening socket.

    Args:
        at: Where.

    Raises:
        CannotListenError: If somebody else has it, or it can't be had.
    """
    if at.unix_socket:
        return _listen_unix(Path(at.unix_socket), at.unix_socket_mode)
    failure: OSError | None = None
    for host in _ANY.get(at.host, (at.host,)):
        try:
            return _listen_tcp(host, at)
        except OSError as error:
            failure = failure or error
    reason = failure.strerror if failure else "no such address"
    raise CannotListenError(
        f"{at.host} port {at.port} can't be listened on: {reason}",
        hint="choose another port, or stop who has it",
    )


def _listen_tcp(host: str, at: Listening) -> socket.socket:
    family, kind, protocol, _name, address = socket.getaddrinfo(
        host, at.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if at.is_port_shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(at.host == "!6"))
        made.bind(address)
        made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def _listen_unix(path: Path, mode: int) -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_dead(path)
        made.bind(str(path))
        path.chmod(mode)
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise CannotListenError(
            f"{path} can't be listened on: {error.strerror or error}",
            hint="choose another path, or stop who has it",
        ) from None
    return made


def _remove_dead(path: Path) -> None:
    """Remove a socket that nobody listens on any more, and nothing else."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.stat().st_mode):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()


def release(made: socket.socket, at: Listening) -> None:
    """Close a socket, and remove its path."""
    made.close()
    if at.unix_socket:
        Path(at.unix_socket).unlink(missing_ok=True)


def address(made: socket.socket, *, has_tls: bool) -> str:
    """Return where a socket is reached, as people write it."""
    if made.family == socket.AF_UNIX:
        return f"unix:{made.getsockname()}"
    host, port = made.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if has_tls else 'http'}://{shown}:{port}"
