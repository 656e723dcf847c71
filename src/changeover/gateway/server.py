"""Running a gateway: look at the database, listen, start the workers."""

import os
import ssl
from collections.abc import Callable
from typing import Final

from changeover.gateway.listener import address, listen, release
from changeover.gateway.metrics import forget, shared
from changeover.gateway.setup import Setup
from changeover.gateway.supervisor import Supervisor
from changeover.gateway.worker import Sockets, Worker
from changeover.model.errors import ConfigurationError
from changeover.stores.key import Keys

Say = Callable[[str], None]

WORKERS_MAX: Final = 256


def serve(setup: Setup, read: Callable[[], Setup], say: Say) -> int:
    """Serve until told to stop.

    Args:
        setup: How it is run; its database has been seen, if it could be.
        read: Reads the configuration again.
        say: Told where it listens.

    Returns:
        The exit code of the process.

    Raises:
        CannotListenError: If an address can't be listened on.
        ConfigurationError: If the certificate can't be used.
    """
    _require(setup)
    api = listen(setup.listening)
    admin = listen(setup.admin) if setup.admin is not None else None
    try:
        # The API last: whoever waits for that line has read the other one too.
        if admin is not None:
            say(f"health on {address(admin, has_tls=False)}")
        say(f"listening on {address(api, has_tls=bool(setup.tls_certificate))}")
        worker = Worker(setup, read, Sockets(api=api, admin=admin))
        if setup.workers == 1:
            return worker.run()
        with shared():
            return Supervisor(worker.run, setup.workers, buried=forget).run()
    finally:
        release(api, setup.listening)
        if admin is not None and setup.admin is not None:
            release(admin, setup.admin)


def _require(setup: Setup) -> None:
    """Find out before anybody is listened to what would break every worker.

    Raises:
        ConfigurationError: If something would.
    """
    if not 1 <= setup.workers <= WORKERS_MAX:
        raise ConfigurationError(
            f"{setup.workers} workers are not between 1 and {WORKERS_MAX}",
            hint=f"this machine has {os.cpu_count()} processors",
        )
    Keys(setup.keys)
    if not setup.tls_certificate:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            setup.tls_certificate, setup.tls_key or None
        )
    except OSError as error:
        raise ConfigurationError(
            f"the TLS certificate or its key can't be used: {error.strerror or error}",
            hint="both are PEM files; the certificate comes first in its chain",
        ) from None
