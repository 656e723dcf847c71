"""The scene: two throw-away servers, the salon on the source, and where files of a run lie."""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from changeover import Side
from changeover.embedded import Database, Server, binaries, prepare_supabase, prepare_target
from changeover.embedded.supabase import SETTINGS
from salon import sample, schema
from salon.demo import answered
from salon.demo.mixture import SLOTS, TABLES, TWINS
from salon.demo.provider import Provider, Secrets, provide

DURABLE: Final[Mapping[str, str | int | bool]] = {
    "fsync": True,
    "synchronous_commit": "on",
    "full_page_writes": True,
    "shared_buffers": "64MB",
    "max_prepared_transactions": 10,
    **answered.SETTINGS,
}
"""Both servers keep what they acknowledged; the promises are about such servers only."""

BY_HAND: Final = re.compile(
    rb"(?:--[^\n]*\n)*CREATE (?:"
    rb"TABLE public\.messages(?:_\d{4}_\d{2})?\b"
    rb"|INDEX \w+ ON public\.messages\b"
    rb"|FUNCTION public\.(?:create_messages_partition|get_messages_stats"
    rb"|maintain_messages_partitions)\b)"
)
"""What of the target is prepared by hand: `messages`, which is partitioned there only."""

DELAY_MS: Final = 20.0
"""How far away the source's API is."""

MIRROR_ROLE: Final = "changeover_mirror"
BY_ADMINISTRATOR: Final = (
    "CREATE ROLE changeover_mirror LOGIN NOINHERIT BYPASSRLS",
    "GRANT pg_monitor TO app_owner",
    "CREATE ROLE anon NOLOGIN",
    "CREATE ROLE authenticated NOLOGIN",
    "CREATE ROLE service_role NOLOGIN BYPASSRLS",
    "CREATE ROLE authenticator LOGIN NOINHERIT",
    "GRANT anon, authenticated, service_role TO authenticator",
)
"""What `changeover check` asks the target's administrator for: two tables have row security; and
the roles that the application's keys stand for.
"""

LOGIN: Final = "authenticator"
"""The role that the application logs in as on the target, as the API does on the source."""

OURS: Final = (
    "report.json",
    "report.html",
    "changeover.toml",
    "source.dsn",
    "target.dsn",
    "mirror.dsn",
    "application.dsn",
    "provider.dsn",
    "secrets.json",
    "ledger",
    "log",
    "state",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the files of a run lie."""

    directory: Path

    @classmethod
    def prepare(cls, directory: Path) -> "Place":
        """Make the directory and remove what an earlier run left in it, and nothing else."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in OURS:
            path = directory / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for name in ("ledger", "log"):
            (directory / name).mkdir()
        return cls(directory=directory.resolve())

    @property
    def configuration(self) -> Path:
        """The configuration file of the move."""
        return self.directory / "changeover.toml"

    @property
    def ledgers(self) -> tuple[Path, ...]:
        """The ledgers that writers have kept."""
        return tuple(sorted((self.directory / "ledger").glob("writer-*.jsonl")))

    @property
    def sightings(self) -> Path:
        """What the witness wrote down."""
        return self.directory / "ledger" / "witness.jsonl"

    def ledger(self, writer: int) -> Path:
        """Return a writer's ledger."""
        return self.directory / "ledger" / f"writer-{writer}.jsonl"

    @property
    def requests(self) -> tuple[Path, ...]:
        """The files in which application processes wrote down their calls."""
        return tuple(sorted((self.directory / "ledger").glob("application-*.jsonl")))

    def request_file(self, name: str) -> Path:
        """Return the file of an application process."""
        return self.directory / "ledger" / f"application-{name}.jsonl"

    def log(self, name: str) -> Path:
        """Return the file that the output of a process goes to."""
        return self.directory / "log" / name

    def dsn_file(self, side: Side) -> Path:
        """Return the file with the connection string of a side; nobody else may read it."""
        return self.directory / f"{side}.dsn"

    @property
    def mirror_dsn_file(self) -> Path:
        """The file with the connection string of the mirror's role on the target."""
        return self.directory / "mirror.dsn"

    @property
    def application_dsn_file(self) -> Path:
        """The file with the connection string of the application's login on the target."""
        return self.directory / "application.dsn"

    @property
    def provider_dsn_file(self) -> Path:
        """The file with the connection string of the API's login on the source."""
        return self.directory / "provider.dsn"

    @property
    def secret_file(self) -> Path:
        """The file with the API's secrets."""
        return self.directory / "secrets.json"

    def hide_secrets(self) -> None:
        """Remove what let us into servers that are gone."""
        ours = (self.application_dsn_file, self.provider_dsn_file, self.secret_file)
        for path in (*map(self.dsn_file, Side), self.mirror_dsn_file, *ours):
            path.unlink(missing_ok=True)
        shutil.rmtree(self.directory / "state", ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Both databases, ready for the move.

    Attributes:
        rows: How many rows the sample put into the source.
        provider: The API of the source, as far away as a provider's.
        secrets: What its callers' keys are made of.
    """

    place: Place
    databases: dict[Side, Database]
    rows: int
    provider: Provider
    secrets: Secrets

    def connect(self, side: Side) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a session of the tables' owner, as the application has it."""
        return self.databases[side].connect()


@contextmanager
def build(
    place: Place, *, scale: float, writers: int, say: Callable[[str], None]
) -> Iterator[Scene]:
    """Start both servers and set the scene; they are gone afterwards.

    Args:
        place: Where files lie.
        scale: Factor on the sample's growing tables.
        writers: How many writers there will be.
        say: Told what is being done.
    """
    say("start PostgreSQL 16 as Supabase runs it, and a bare PostgreSQL 18, both with fsync")
    with (
        Server.start(binaries(16), settings={**SETTINGS, **DURABLE}) as old,
        Server.start(binaries(18), settings=DURABLE) as new,
        ExitStack() as processes,
    ):
        project = prepare_supabase(old)
        source = project.database
        target = prepare_target(new, createrole=True, replication_role_grant=True)
        databases = {Side.SOURCE: source, Side.TARGET: target}
        say("create the salon on the source and fill it")
        rows = _fill_source(source, scale, writers)
        say("create the partitioned table messages on the target by hand")
        _prepare_target(target)
        try:
            for side, database in databases.items():
                _write_secret(place.dsn_file(side), database.dsn)
            _write_secret(place.mirror_dsn_file, target.dsn_of(MIRROR_ROLE))
            _write_secret(place.application_dsn_file, target.dsn_of(LOGIN))
            _write_secret(place.provider_dsn_file, project.authenticator_dsn)
            secrets = Secrets.make()
            _write_secret(place.secret_file, secrets.to_json())
            say(f"serve the source's API, {DELAY_MS:g} ms away")
            provider = provide(place, secrets, processes, delay_ms=DELAY_MS)
            _write_configuration(place, provider.url)
            yield Scene(
                place=place, databases=databases, rows=rows, provider=provider, secrets=secrets
            )
        finally:
            place.hide_secrets()


def _fill_source(source: Database, scale: float, writers: int) -> int:
    with source.connect() as connection:
        schema.create_source(connection)
        with connection.transaction():
            for statement in TABLES:
                connection.execute(statement)
            for statement in answered.FUNCTIONS:
                connection.execute(statement)
            for statement in TWINS:
                connection.execute(statement, {"writers": writers, "slots": SLOTS})
        counts = sample.load(connection, scale=scale)
        connection.execute("ANALYZE")
    return sum(counts.values()) + 2 * writers * SLOTS


def _prepare_target(target: Database) -> None:
    """Make `messages` with its partitions: those of the schema, of history, and for today."""
    with target.connect_as_superuser() as administrator:
        for grant in BY_ADMINISTRATOR:
            administrator.execute(grant)
    with target.connect() as connection:
        with connection.transaction():
            for statement in schema.target_statements():
                if BY_HAND.match(statement):
                    connection.execute(statement)
        schema.create_history_partitions(connection, sample.MESSAGES_FROM)
        connection.execute("SELECT public.maintain_messages_partitions()")


def _write_secret(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)


def _write_configuration(place: Place, source_url: str) -> None:
    programs = json.dumps(str(binaries(18)))
    place.configuration.write_text(
        "# Written by the demonstration; the servers that it names live as long as it runs.\n"
        'state_directory = "state"\n'
        f"client_binaries = {programs}\n\n"
        '[source]\ndsn = "@source.dsn"\n\n'
        '[target]\ndsn = "@target.dsn"\nmirror_dsn = "@mirror.dsn"\n\n'
        "[move.answers]\n"
        '"CK-VISIBLE-OPEN-POLICY public.whatsapp_auth" = "accepted: as on the source"\n'
        '"CK-VISIBLE-OPEN-POLICY public.whatsapp_keys" = "accepted: as on the source"\n\n'
        "[mirror]\nheartbeat_ms = 250\n\n"
        "[copy]\nrange_rows = 10000\n\n"
        "[verify]\nrange_rows = 10000\n\n"
        '[gateway]\ndsn = "@application.dsn"\nport = 0\nworkers = 2\nhas_access_log = false\n'
        f'pre_request = "{answered.NAME}"\n\n'
        f'[routing]\nroles = ["{LOGIN}"]\nsource_url = "{source_url}/rest/v1"\n',
        encoding="utf-8",
    )
