"""`gateway`: the API behind a socket."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from changeover.cli.command import command
from changeover.cli.configuration import FILE_NAME, load, read_secret, read_text
from changeover.cli.outcome import ExitCode, Outcome
from changeover.cli.session import Session
from changeover.model.errors import ConfigurationError
from changeover.model.side import Side

if TYPE_CHECKING:
    from changeover.gateway.setup import Setup

PostgrestConfig = Annotated[
    Path | None,
    typer.Option(
        "--postgrest-config",
        metavar="FILE",
        help="PostgREST's own configuration file, PGRST_* over it, instead of changeover.toml; "
        "where there is no changeover.toml, PGRST_* alone is enough.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", help="Processes.", show_default=False),
]
UnixSocket = Annotated[
    str | None,
    typer.Option(
        "--unix-socket",
        metavar="PATH",
        help="A socket that takes the port's place.",
        show_default=False,
    ),
]
TlsCertificate = Annotated[
    str | None,
    typer.Option(
        "--tls-certificate",
        metavar="FILE",
        help="A certificate with its chain, in PEM.",
        show_default=False,
    ),
]
TlsKey = Annotated[
    str | None,
    typer.Option("--tls-key", metavar="FILE", help="Its private key.", show_default=False),
]
Host = Annotated[
    str | None,
    typer.Option("--host", metavar="ADDRESS", help="Where to listen.", show_default=False),
]
Port = Annotated[
    int | None,
    typer.Option("--port", metavar="N", help="The port; 0 for any.", show_default=False),
]
Upstream = Annotated[
    str | None,
    typer.Option(
        "--upstream",
        metavar="URL",
        help="The Supabase project that auth, storage, functions and realtime are asked of.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Add this verb to the program."""
    command(app, "gateway")(gateway)


def gateway(
    session: Session,
    *,
    postgrest_config: PostgrestConfig = None,
    workers: Workers = None,
    unix_socket: UnixSocket = None,
    tls_certificate: TlsCertificate = None,
    tls_key: TlsKey = None,
    host: Host = None,
    port: Port = None,
    upstream: Upstream = None,
) -> Outcome:
    """Serve the PostgREST API of one database at /rest/v1 and at the root, until stopped.

    It is run by the table `gateway` of changeover.toml, with keys from the environment, or by
    PostgREST's own configuration. Requests are logged to stderr as JSON, without values. With a
    `source_url` in the table `routing` it stands before Supabase and the database, and each request
    goes where the stage says.

    SIGTERM lets requests in flight finish, SIGUSR1 reads the schema again, SIGUSR2 the
    configuration.
    """
    serve = _server()
    flags = {
        "workers": workers,
        "unix_socket": unix_socket,
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
        "host": host,
        "port": port,
        "upstream": upstream,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    if _is_postgrest(session, postgrest_config):
        read = _read_postgrest(session, postgrest_config, given)
    else:
        read = _read_ours(session, given)
    code = serve(read(), read, lambda text: _say(session, text))
    return Outcome(result={"ended": "stopped"}, exit_code=ExitCode(code))


def _server() -> "Callable[[Setup, Callable[[], Setup], Callable[[str], None]], int]":
    try:
        from changeover.gateway.server import serve
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the gateway needs {error.name}, which is not installed",
            hint="pip install 'changeover[gateway]'",
        ) from None
    return serve


def _is_postgrest(session: Session, path: Path | None) -> bool:
    """Return whether PostgREST's configuration is meant."""
    is_set = any(name.startswith("PGRST_") for name in os.environ)
    has_ours = session.options.config is not None or Path(FILE_NAME).exists()
    if path is None and is_set and has_ours:
        session.printer.warn("PGRST_* is not read beside changeover.toml; give --postgrest-config")
    return path is not None or (is_set and not has_ours)


def _read_postgrest(
    session: Session, path: Path | None, flags: Mapping[str, Any]
) -> "Callable[[], Setup]":
    from changeover.gateway.reading import postgrest_reader

    def read(name: str) -> str:
        return read_text(Path(name).expanduser(), "PostgREST's configuration")

    return postgrest_reader(path, os.environ, read, session.printer.warn, flags)


def _read_ours(session: Session, flags: Mapping[str, Any]) -> "Callable[[], Setup]":
    from changeover.gateway.reading import Tables, toml_reader

    targets = {Side.SOURCE: session.options.source, Side.TARGET: session.options.target}

    def tables() -> Tables:
        found = load(session.options.config, os.environ, targets, session.printer.warn)
        settings = found.settings
        return Tables(gateway=settings.gateway, routing=settings.routing, database=found.gateway())

    def read(name: str) -> str:
        return read_secret(name, session.printer.warn)

    return toml_reader(tables, os.environ, read, session.printer.warn, flags)


def _say(session: Session, text: str) -> None:
    """Tell on stderr where somebody is listened to."""
    if session.options.is_json:
        sys.stderr.write(json.dumps({"event": "serving", "text": text}) + "\n")
        sys.stderr.flush()
    else:
        session.printer.note(text)
