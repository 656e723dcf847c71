"""A PgBouncer in transaction mode before a server, where Debian's package is installed."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from free_port import free_port
from gateway_process import wait_for
from psycopg.conninfo import conninfo_to_dict, make_conninfo

PLACES = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
NOBODY = "nobody"


def find_pooler() -> str:
    """Return PgBouncer's path; skip the test where there is none."""
    found = shutil.which("pgbouncer", path=PLACES)
    if found is None:
        pytest.skip("PgBouncer is not installed (Debian: apt-get install pgbouncer)")
    return found


def _accepts(port: int) -> bool:
    with closing(socket.socket()) as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def pooler(dsn: str, directory: Path, *, connections_max: int = 3) -> Iterator[str]:
    """Run PgBouncer before a database and return the connection string that leads through it.

    Args:
        dsn: The database and its role.
        directory: Its own, which any account may enter.
        connections_max: Server connections, fewer than clients: so transactions share them.
    """
    program, known, port = find_pooler(), conninfo_to_dict(dsn), free_port()
    (directory / "users").write_text(
        f'"{known["user"]}" "{known.get("password", "")}"\n', encoding="utf-8"
    )
    (directory / "pgbouncer.ini").write_text(
        "[databases]\n"
        f"{known['dbname']} = host={known['host']} port={known['port']} dbname={known['dbname']}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "pool_mode = transaction\nauth_type = trust\n"
        f"auth_file = {directory}/users\n"
        f"default_pool_size = {connections_max}\n"
        "ignore_startup_parameters = extra_float_digits\n",
        encoding="utf-8",
    )
    account = {"user": NOBODY} if os.getuid() == 0 else {}
    for path in (directory, directory / "users", directory / "pgbouncer.ini"):
        path.chmod(0o755)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, str(directory / "pgbouncer.ini")], stdout=log, stderr=log, **account
        )
    try:
        wait_for(lambda: process.poll() is not None or _accepts(port), what="PgBouncer")
        assert process.poll() is None, (directory / "log").read_text(errors="replace")
        yield make_conninfo(dsn, host="127.0.0.1", port=port)
    finally:
        process.terminate()
        process.wait(30)
