"""The settings of a move, as values: what `changeover.toml`, the environment and flags come to.

Order: flag over environment over file over default. A key that we don't know is an error that names
the nearest one that we do. DSNs are `Secret` from the moment they are read.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from changeover.model.errors import (
    ConfigurationError,
    MissingSettingError,
    SecretOnCommandLineError,
    UnknownSettingError,
)
from changeover.model.routing_settings import RoutingSettings
from changeover.model.secret import Secret
from changeover.model.section import Section
from changeover.model.side import Side

SOURCE_NAMES: Final = ("CHANGEOVER_SOURCE_DSN", "SUPABASE_DB_URL")
TARGET_NAMES: Final = ("CHANGEOVER_TARGET_DSN", "TARGET_DATABASE_URL", "DATABASE_URL")
GATEWAY_NAME: Final = "CHANGEOVER_GATEWAY_DSN"
MIRROR_NAMES: Final = {
    Side.SOURCE: "CHANGEOVER_SOURCE_MIRROR_DSN",
    Side.TARGET: "CHANGEOVER_TARGET_MIRROR_DSN",
}


class SideSettings(Section, frozen=True, kw_only=True):
    """How one database is reached.

    Attributes:
        dsn: `@file`, `service=name`, or a libpq URL or keyword string; the owner of the tables.
        mirror_dsn: The same for a role that nobody but the mirror uses; made by `capture install`
            where it is not given and the owner may create roles.
    """

    dsn: str = ""
    mirror_dsn: str = ""


class MoveSettings(Section, frozen=True, kw_only=True):
    """What moves.

    Attributes:
        schemas: Schemas whose tables move.
        exclude: Tables that stay, as `schema.table`.
        whole: Tables without a key that are carried whole at every change, as `schema.table`.
        row_capture: Tables whose capture triggers fire per row instead of per statement.
        answers: What becomes of objects that the schema step asks about, by the key that it
            prints: `drop` or, for a foreign key into a table that stays, `carry`.
    """

    schemas: tuple[str, ...] = ("public",)
    exclude: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    row_capture: tuple[str, ...] = ()
    answers: dict[str, str] = msgspec.field(default_factory=dict)


class CopySettings(Section, frozen=True, kw_only=True):
    """The first bulk load.

    Attributes:
        workers: Processes that copy at the same time.
        range_rows: Rows of one range, which is one transaction on the target.
        source_latency_ms_max: While a small commit on the source takes longer, the copy waits.
        source_connections_percent_max: Above this share of used connections the copy waits.
        lag_keys_max: Above this many keys in the change log the copy waits; 0 turns it off.
        throttle_interval_ms: How often the probes are read.
        attempts_max: Tries of one range.
    """

    workers: int = 2
    range_rows: int = 50_000
    source_latency_ms_max: float = 250.0
    source_connections_percent_max: float = 90.0
    lag_keys_max: int = 0
    throttle_interval_ms: int = 500
    attempts_max: int = 5


class MirrorSettings(Section, frozen=True, kw_only=True):
    """The worker that carries changed keys.

    Attributes:
        tick_ms: Pause between two looks at an empty log.
        heartbeat_ms: How often a marker is sent.
        marker_age_ms_max: An older marker on the secondary is not green.
        round_timeout_s: Longest statement of a round; shorter than a swap's deadline.
        lock_timeout_ms: Longest wait for a lock in a round.
        backlog_rows: Above this many log rows the first backlog is cut and the state is
            `catching up`.
        books_keep_s: Balanced books older than this are removed.
    """

    tick_ms: int = 20
    heartbeat_ms: int = 1000
    marker_age_ms_max: int = 10_000
    round_timeout_s: int = 20
    lock_timeout_ms: int = 5000
    backlog_rows: int = 200_000
    books_keep_s: int = 60


class VerifySettings(Section, frozen=True, kw_only=True):
    """The comparison of both sides.

    Attributes:
        workers: Ranges compared at the same time.
        range_rows: Rows of one range.
        bisect_rows: Ranges of at most this many rows are compared row by row.
        settle_s_max: Longest wait for the mirror to pass a suspected row.
        age_s_max: An older verification is stale at the gate.
    """

    workers: int = 2
    range_rows: int = 50_000
    bisect_rows: int = 200
    settle_s_max: float = 30.0
    age_s_max: int = 86_400


class SwapSettings(Section, frozen=True, kw_only=True):
    """Cutover and rollback.

    Attributes:
        deadline_s: After this a swap that has not been decided is driven back.
        writer_wait_s: Longest wait for writers in flight at the fence.
        drain_s: Longest wait for an empty log under the fence.
        lock_timeout_ms: Longest wait for the locks of the decision.
        sequence_gap: How far sequences are set past both sides.
        swap_wait_s_max: Longest time that a writer of ours waits for a swap.
    """

    deadline_s: float = 30.0
    writer_wait_s: float = 5.0
    drain_s: float = 10.0
    lock_timeout_ms: int = 2000
    sequence_gap: int = 1000
    swap_wait_s_max: float = 10.0


class GatewaySettings(Section, frozen=True, kw_only=True):
    """The API behind a socket; keys come from the environment.

    Attributes:
        dsn: The role that the API logs in as, in the ways of the databases; the target's owner
            where it is not given. It must have been granted the roles that callers have.
        schemas: Exposed schemas; the first is the default.
        extra_search_path: Schemas appended to the search path.
        anonymous_role: The role behind the publishable (anon) key.
        service_role: The role behind the secret (service) key.
        is_single_role: For a login that can't be given other roles: the service key stands for the
            login itself, every other caller is refused.
        max_rows: The most rows of a read and of each embed, as on the platform; 0 for no limit.
        max_rows_of: The same for single tables, by `schema.table`.
        pre_request: A function `schema.name` that is called at the beginning of each request, as
            PostgREST's `db-pre-request`; empty for none.
        pool_size: Connections of one worker.
        is_pooled: Whether the connection string leads to a pooler in transaction mode.
        host: Where it listens.
        port: The port; 0 for any that is free.
        unix_socket: A socket that takes the port's place.
        admin_port: A port where `/live` and `/ready` are answered too, and `/metrics` where the
            gateway routes; 0 for none.
        workers: Processes.
        tls_certificate: A file with a certificate and its chain; empty for plain HTTP.
        tls_key: A file with its private key.
        upstream: The URL of the Supabase project that auth, storage, functions and realtime are
            asked of; empty for none.
        origins: Origins that browsers may call from; empty for all.
        body_bytes_max: The longest body of a request.
        request_s_max: The longest time of a request; 0 for no limit.
        requests_max: How many requests one worker answers at once.
        stop_s_max: How long requests in flight may take once the gateway is told to stop.
        has_access_log: Whether each request is a line on stderr, without values.
    """

    dsn: str = ""
    schemas: tuple[str, ...] = ("public",)
    extra_search_path: tuple[str, ...] = ("public", "extensions")
    anonymous_role: str = "anon"
    service_role: str = "service_role"
    is_single_role: bool = False
    max_rows: int = 1000
    max_rows_of: dict[str, int] = msgspec.field(default_factory=dict)
    pre_request: str = ""
    pool_size: int = 10
    is_pooled: bool = False
    host: str = "127.0.0.1"
    port: int = 3000
    unix_socket: str = ""
    admin_port: int = 0
    workers: int = 1
    tls_certificate: str = ""
    tls_key: str = ""
    upstream: str = ""
    origins: tuple[str, ...] = ()
    body_bytes_max: int = 67_108_864
    request_s_max: float = 300.0
    requests_max: int = 1000
    stop_s_max: int = 60
    has_access_log: bool = True


class Settings(Section, frozen=True, kw_only=True):
    """The whole configuration of a move."""

    source: SideSettings = SideSettings()
    target: SideSettings = SideSettings()
    move: MoveSettings = MoveSettings()
    copy: CopySettings = CopySettings()
    mirror: MirrorSettings = MirrorSettings()
    verify: VerifySettings = VerifySettings()
    swap: SwapSettings = SwapSettings()
    routing: RoutingSettings = RoutingSettings()
    gateway: GatewaySettings = GatewaySettings()
    state_directory: str = ".changeover"
    client_binaries: str = ""

    def side(self, side: Side) -> SideSettings:
        """Return the settings of one database."""
        return self.source if side is Side.SOURCE else self.target


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """One DSN and where it came from.

    Attributes:
        dsn: The connection string.
        origin: What it was read from, fit to be shown.
    """

    dsn: Secret
    origin: str


# Passwords hold "/", "#", "?" and "[", at which a URL parser would stop before it sees them.
_SECRET_IN_URL: Final = re.compile(r"://[^@]*:[^@]*@|(password|secret)=", re.IGNORECASE)
_SECRET_IN_TEXT: Final = re.compile(r"(password|secret)\s*=", re.IGNORECASE)
_UNKNOWN: Final = re.compile(r"unknown field `([^`]+)`(?: - at `\$\.?([^`]*)`)?")


def _known_keys(section: str) -> tuple[str, ...]:
    names = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    if not section:
        return tuple(names)
    inner = names.get(section)
    return tuple(f.name for f in msgspec.structs.fields(inner)) if isinstance(inner, type) else ()


def decode(tables: Mapping[str, Any]) -> Settings:
    """Return the settings that a parsed `changeover.toml` holds.

    Args:
        tables: The parsed file.

    Raises:
        UnknownSettingError: If a key is not one of ours; the hint names the nearest.
        ConfigurationError: If a value has the wrong type.
    """
    try:
        return msgspec.convert(dict(tables), Settings)
    except msgspec.ValidationError as error:
        found = _UNKNOWN.search(str(error))
        if not found:
            raise ConfigurationError(
                f"changeover.toml: {error}", hint="correct the value in changeover.toml"
            ) from error
        key, section = found.group(1), found.group(2) or ""
        near = difflib.get_close_matches(key, _known_keys(section), n=1)
        where = f"[{section}]" if section else "the top level"
        raise UnknownSettingError(
            f"changeover.toml: '{key}' in {where} is not a setting",
            hint=f"did you mean '{near[0]}'?" if near else "see docs/reference/settings.md",
        ) from error


def has_password(dsn: str) -> bool:
    """Return whether a connection string carries a password in clear text."""
    return bool((_SECRET_IN_URL if "://" in dsn else _SECRET_IN_TEXT).search(dsn))


def refuse_password(dsn: str, flag: str) -> None:
    """Refuse a connection string with a password on the command line.

    Raises:
        SecretOnCommandLineError: If it carries one.
    """
    if has_password(dsn):
        raise SecretOnCommandLineError(
            f"{flag} carries a password, which every process on this machine could read",
            hint=f"put it into a file of mode 0600 and pass {flag} @file, or use PGPASSFILE",
        )


def resolve(
    side: Side,
    settings: Settings,
    environment: Mapping[str, str],
    read_file: Callable[[str], str],
    *,
    flag: str = "",
) -> Resolved:
    """Return how a database is reached: flag, then environment, then file.

    Args:
        side: The database.
        settings: The configuration file's settings.
        environment: The process's environment.
        read_file: Returns the text of a file.
        flag: The value of `--source` or `--target`.

    Raises:
        MissingSettingError: If nothing names the database.
        SecretOnCommandLineError: If the flag carries a password.
    """
    names = SOURCE_NAMES if side is Side.SOURCE else TARGET_NAMES
    if flag:
        refuse_password(flag, f"--{side}")
        return Resolved(dsn=_expand(flag, read_file), origin=f"--{side}")
    for name in names:
        if environment.get(name):
            return Resolved(dsn=_expand(environment[name], read_file), origin=f"environment {name}")
    if settings.side(side).dsn:
        return Resolved(
            dsn=_expand(settings.side(side).dsn, read_file), origin=f"changeover.toml [{side}] dsn"
        )
    raise MissingSettingError(
        f"the {side} database is not named",
        hint=f"set {names[0]}, or dsn in [{side}] of changeover.toml",
    )


def resolve_mirror(
    side: Side,
    settings: Settings,
    environment: Mapping[str, str],
    read_file: Callable[[str], str],
) -> Resolved | None:
    """Return how the mirror's own role reaches a database, if the operator named one."""
    name = MIRROR_NAMES[side]
    if environment.get(name):
        return Resolved(dsn=_expand(environment[name], read_file), origin=f"environment {name}")
    if settings.side(side).mirror_dsn:
        return Resolved(
            dsn=_expand(settings.side(side).mirror_dsn, read_file),
            origin=f"changeover.toml [{side}] mirror_dsn",
        )
    return None


def resolve_gateway(
    settings: Settings,
    environment: Mapping[str, str],
    read_file: Callable[[str], str],
    *,
    flag: str = "",
) -> Resolved:
    """Return how the API reaches its database: its own login, else the target's owner.

    Args:
        settings: The configuration file's settings.
        environment: The process's environment.
        read_file: Returns the text of a file.
        flag: The value of `--target`, which comes before all.

    Raises:
        MissingSettingError: If nothing names the database.
        SecretOnCommandLineError: If the flag carries a password.
    """
    if not flag and environment.get(GATEWAY_NAME):
        dsn = _expand(environment[GATEWAY_NAME], read_file)
        return Resolved(dsn=dsn, origin=f"environment {GATEWAY_NAME}")
    if not flag and settings.gateway.dsn:
        dsn = _expand(settings.gateway.dsn, read_file)
        return Resolved(dsn=dsn, origin="changeover.toml [gateway] dsn")
    return resolve(Side.TARGET, settings, environment, read_file, flag=flag)


def _expand(value: str, read_file: Callable[[str], str]) -> Secret:
    return Secret(read_file(value[1:]).strip() if value.startswith("@") else value)
