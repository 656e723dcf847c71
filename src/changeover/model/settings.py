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
from changeover.model.secret import Secret
from changeover.model.side import Side

SOURCE_NAMES: Final = ("CHANGEOVER_SOURCE_DSN", "SUPABASE_DB_URL")
TARGET_NAMES: Final = ("CHANGEOVER_TARGET_DSN", "TARGET_DATABASE_URL", "DATABASE_URL")
MIRROR_NAMES: Final = {
    Side.SOURCE: "CHANGEOVER_SOURCE_MIRROR_DSN",
    Side.TARGET: "CHANGEOVER_TARGET_MIRROR_DSN",
}


class _Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the configuration file."""


class SideSettings(_Section, frozen=True, kw_only=True):
    """How one database is reached.

    Attributes:
        dsn: `@file`, `service=name`, or a libpq URL or keyword string; the owner of the tables.
        mirror_dsn: The same for a role that nobody but the mirror uses; made by `capture install`
            where it is not given and the owner may create roles.
    """

    dsn: str = ""
    mirror_dsn: str = ""


class MoveSettings(_Section, frozen=True, kw_only=True):
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
    answers: dict[str, str] = {}


class CopySettings(_Section, frozen=True, kw_only=True):
    """The first bulk load.

    Attributes:
        workers: Processes that copy at the same time.
        range_rows: Rows of one range, which is one transaction on the target.
        source_latency_ms_max: Above this probe time the copy waits.
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


class MirrorSettings(_Section, frozen=True, kw_only=True):
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


class VerifySettings(_Section, frozen=True, kw_only=True):
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


class SwapSettings(_Section, frozen=True, kw_only=True):
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


class Settings(_Section, frozen=True, kw_only=True):
    """The whole configuration of a move."""

    source: SideSettings = SideSettings()
    target: SideSettings = SideSettings()
    move: MoveSettings = MoveSettings()
    copy: CopySettings = CopySettings()
    mirror: MirrorSettings = MirrorSettings()
    verify: VerifySettings = VerifySettings()
    swap: SwapSettings = SwapSettings()
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


def _expand(value: str, read_file: Callable[[str], str]) -> Secret:
    return Secret(read_file(value[1:]).strip() if value.startswith("@") else value)
