"""Reading changeover.toml, files of secrets and the environment: everything that names a move."""

import stat
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from changeover.cli.mask import mask_dsn, mask_key
from changeover.model.errors import ConfigurationError, MissingSettingError
from changeover.model.fault import ENVIRONMENT_NAME, Fault, Hooks
from changeover.model.routing_settings import ROUTING_NAMES, RoutingSettings
from changeover.model.settings import (
    GATEWAY_NAME,
    MIRROR_NAMES,
    SOURCE_NAMES,
    TARGET_NAMES,
    GatewaySettings,
    Resolved,
    Settings,
    SideSettings,
    decode,
    has_password,
    resolve,
    resolve_gateway,
    resolve_mirror,
)
from changeover.model.side import Side

FILE_NAME: Final = "changeover.toml"
TEXT_BYTES_MAX: Final = 1 << 20
PLACE: Final = ("host", "hostaddr", "port", "dbname", "service")

PLAIN_NAMES: Final = (
    "SUPABASE_URL",
    "SUPABASE_SERVICE_ROLE_KEY",
    "SUPABASE_ANON_KEY",
    "SUPABASE_PUBLISHABLE_KEY",
    "SUPABASE_PUBLISHABLE_KEYS",
    "SUPABASE_SECRET_KEY",
    "SUPABASE_SECRET_KEYS",
    "SUPABASE_JWT_SECRET",
    "SUPABASE_JWKS",
    "DIRECT_URL",
    "POSTGRES_URL",
    "POSTGRES_PRISMA_URL",
    "POSTGRES_URL_NON_POOLING",
)
"""Names that applications on Supabase know; the gateway takes its keys from them."""

PUBLIC_PREFIXES: Final = ("NEXT_PUBLIC_", "VITE_", "NUXT_PUBLIC_")
SECRET_NAMES: Final = tuple(
    name for name in PLAIN_NAMES if "SERVICE_ROLE" in name or "SECRET" in name
)
LIBPQ_NAMES: Final = (
    "PGHOST",
    "PGPORT",
    "PGDATABASE",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSERVICE",
    "PGSSLMODE",
    "PGSSLROOTCERT",
)
"""Names that libpq itself reads, for both sides, for what a connection string leaves out."""

Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What names a move: the file, the environment and the flags.

    Attributes:
        path: The configuration file, or None where there is none.
        settings: What it holds, with paths in it taken from where it lies.
        given: The settings that the file names, as `section.key`.
        environment: The process's environment.
        flags: The values of `--source` and `--target`, by side; empty where not given.
        warn: Told of what nobody should miss.
    """

    path: Path | None
    settings: Settings
    given: frozenset[str]
    environment: Mapping[str, str]
    flags: Mapping[Side, str]
    warn: Warn

    def database(self, side: Side) -> Resolved:
        """Return how the owner of the tables reaches a database.

        Raises:
            MissingSettingError: If nothing names it.
            ConfigurationError: If its file or the string in it can't be read.
        """
        found = resolve(
            side, self.settings, self.environment, self.read_secret, flag=self.flags.get(side, "")
        )
        return self._checked(found, side)

    def mirror(self, side: Side) -> Resolved | None:
        """Return how the mirror's own role reaches it, if the operator named one."""
        found = resolve_mirror(side, self.settings, self.environment, self.read_secret)
        return self._checked(found, side) if found else None

    def gateway(self) -> Resolved:
        """Return how the API reaches its database.

        Raises:
            MissingSettingError: If nothing names it.
            ConfigurationError: If its file or the string in it can't be read.
        """
        flag = self.flags.get(Side.TARGET, "")
        found = resolve_gateway(self.settings, self.environment, self.read_secret, flag=flag)
        return self._checked(found, "gateway's database")

    def hooks(self) -> Hooks:
        """Return the fault points that the environment arms, with a loud warning.

        Raises:
            ConfigurationError: If a name is not a fault point.
        """
        try:
            hooks = Hooks.from_environment(self.environment)
        except ValueError as error:
            raise ConfigurationError(
                f"{ENVIRONMENT_NAME} names a fault point that does not exist",
                hint=f"known are {', '.join(Fault)}; unset it unless you test Changeover itself",
            ) from error
        if hooks.faults:
            self.warn(
                f"FAULTS ARMED by {ENVIRONMENT_NAME}: {', '.join(sorted(hooks.faults))}. This run "
                "breaks promises on purpose; never do that to data that you want to keep"
            )
        return hooks

    def read_secret(self, name: str) -> str:
        """Return the text of a file that a connection string is kept in; warn if others read it.

        Raises:
            ConfigurationError: If it can't be read.
        """
        return read_secret(name, self.warn)

    def _checked(self, found: Resolved, name: str) -> Resolved:
        if not found.dsn.reveal().strip():
            raise MissingSettingError(
                f"the connection string of the {name} is empty ({found.origin})",
                hint="write postgresql://user@host:5432/name, or service=name",
            )
        _parts(found)
        return found


def read_secret(name: str, warn: Warn) -> str:
    """Return the text of a file that holds a secret; warn if others read it.

    Args:
        name: Its path.
        warn: Told that others may read it.

    Raises:
        ConfigurationError: If it can't be read.
    """
    path = Path(name).expanduser()
    text = read_text(path, f"@{name}")
    if path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        warn(f"{path} can be read by other users; run: chmod 600 {path}")
    return text


def location(used: Resolved) -> tuple[str, ...]:
    """Return what tells two databases apart before anybody connects."""
    return tuple(_parts(used).get(part, "") for part in PLACE)


def _parts(used: Resolved) -> dict[str, str]:
    from changeover.database.endpoint import read_dsn

    return read_dsn(used.dsn, f"the connection string from {used.origin}")


def load(
    path: Path | None, environment: Mapping[str, str], flags: Mapping[Side, str], warn: Warn
) -> Configuration:
    """Read the configuration.

    Args:
        path: The value of `--config`; without it `./changeover.toml` is read where it exists.
        environment: The process's environment.
        flags: The values of `--source` and `--target`.
        warn: Told of what nobody should miss.

    Raises:
        ConfigurationError: If the file can't be read or holds what we don't know.
    """
    used = path or (Path(FILE_NAME) if Path(FILE_NAME).exists() else None)
    tables = {} if used is None else _tables(used)
    settings = decode(tables)
    if used is not None:
        _warn_of_readers(used, settings, warn)
        settings = _place(settings, used.parent)
    return Configuration(
        path=used,
        settings=settings,
        given=frozenset(_flatten(tables)),
        environment=environment,
        flags=flags,
        warn=warn,
    )


def _tables(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path, "--config"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{path} is not TOML: {error}", hint="correct that line; texts stand in quotes"
        ) from None


def read_text(path: Path, origin: str) -> str:
    """Return the text of a file.

    Args:
        path: The file.
        origin: What named it.

    Raises:
        ConfigurationError: If it can't be read, or is too large.
    """
    try:
        with path.open(encoding="utf-8") as file:
            text = file.read(TEXT_BYTES_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ConfigurationError(
            f"{path} can't be read: {reason} (from {origin})",
            hint="check the path and its rights; `changeover init` writes a configuration",
        ) from None
    if len(text) > TEXT_BYTES_MAX:
        raise ConfigurationError(
            f"{path} is larger than {TEXT_BYTES_MAX} bytes (from {origin})",
            hint="name the file that holds the connection string, nothing else",
        )
    return text


def _place(settings: Settings, directory: Path) -> Settings:
    """Return the settings with relative paths taken from where their file lies."""
    return msgspec.structs.replace(
        settings,
        source=_place_side(settings.source, directory),
        target=_place_side(settings.target, directory),
        routing=_place_routing(settings.routing, directory),
        gateway=_place_gateway(settings.gateway, directory),
        state_directory=str(directory / settings.state_directory),
    )


def _place_side(side: SideSettings, directory: Path) -> SideSettings:
    return msgspec.structs.replace(
        side, dsn=_place_dsn(side.dsn, directory), mirror_dsn=_place_dsn(side.mirror_dsn, directory)
    )


def _place_gateway(gateway: GatewaySettings, directory: Path) -> GatewaySettings:
    paths = ("unix_socket", "tls_certificate", "tls_key")
    placed = {name: str(directory / at) for name in paths if (at := getattr(gateway, name))}
    return msgspec.structs.replace(gateway, dsn=_place_dsn(gateway.dsn, directory), **placed)


def _place_routing(routing: RoutingSettings, directory: Path) -> RoutingSettings:
    paths = ("kill_file", "state_file")
    placed = {name: str(directory / at) for name in paths if (at := getattr(routing, name))}
    return msgspec.structs.replace(routing, **placed)


def _place_dsn(dsn: str, directory: Path) -> str:
    return f"@{directory / Path(dsn[1:]).expanduser()}" if dsn.startswith("@") else dsn


def _warn_of_readers(path: Path, settings: Settings, warn: Warn) -> None:
    dsns = [dsn for side in Side for dsn in msgspec.structs.astuple(settings.side(side))]
    dsns.append(settings.gateway.dsn)
    is_readable = path.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    if is_readable and any(has_password(dsn) for dsn in dsns):
        warn(f"{path} holds a password and can be read by other users; run: chmod 600 {path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A setting as `config show` prints it.

    Attributes:
        name: `section.key`, or the name in the environment.
        value: What may be shown of it.
        origin: Where it came from.
    """

    name: str
    value: Any
    origin: str


def show_databases(configuration: Configuration) -> list[Shown]:
    """Return how each database is reached, masked; a database that nothing names says so."""
    found = []
    for side in Side:
        try:
            used = configuration.database(side)
        except MissingSettingError as error:
            found.append(Shown(name=f"{side}.dsn", value=None, origin=error.message))
        else:
            shown = mask_dsn(_parts(used))
            found.append(Shown(name=f"{side}.dsn", value=shown, origin=used.origin))
        mirror = configuration.mirror(side)
        if mirror:
            shown = mask_dsn(_parts(mirror))
            found.append(Shown(name=f"{side}.mirror_dsn", value=shown, origin=mirror.origin))
    if configuration.settings.gateway.dsn or configuration.environment.get(GATEWAY_NAME):
        own = configuration.gateway()
        found.append(Shown(name="gateway.dsn", value=mask_dsn(_parts(own)), origin=own.origin))
    return found


def show_settings(configuration: Configuration) -> list[Shown]:
    """Return every other setting and whether the file or the default gave it."""
    values = _flatten(msgspec.to_builtins(configuration.settings))
    return [
        Shown(
            name=name,
            value=value,
            origin=str(configuration.path) if name in configuration.given else "default",
        )
        for name, value in values.items()
        if not name.endswith("dsn")
    ]


def _flatten(tables: Mapping[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tables.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{key}": inner for key, inner in value.items()}
        else:
            flat[name] = value
    return flat


def show_environment(environment: Mapping[str, str]) -> list[Shown]:
    """Return the known names that the environment sets, masked, whether or not they are used."""
    ours = {
        *SOURCE_NAMES,
        *TARGET_NAMES,
        *MIRROR_NAMES.values(),
        GATEWAY_NAME,
        *PLAIN_NAMES,
        *LIBPQ_NAMES,
        ENVIRONMENT_NAME,
        *ROUTING_NAMES,
    }
    public = {prefix + name for prefix in PUBLIC_PREFIXES for name in PLAIN_NAMES}
    return [
        Shown(name=name, value=_mask_value(name, environment[name]), origin="environment")
        for name in sorted((ours | public) & environment.keys())
        if environment[name]
    ]


def _mask_value(name: str, value: str) -> str:
    is_open = name in {"PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSSLMODE", ENVIRONMENT_NAME}
    if is_open or name in ROUTING_NAMES or name.endswith("SUPABASE_URL"):
        return value if "@" not in value else "***"
    return f"@{value[1:]}" if value.startswith("@") else mask_key(value)


def public_secrets(environment: Mapping[str, str]) -> list[str]:
    """Return the names of secrets under a prefix that makes a build put them into browsers."""
    return [
        prefix + name
        for prefix in PUBLIC_PREFIXES
        for name in PLAIN_NAMES
        if environment.get(prefix + name)
        and (name in SECRET_NAMES or environment[prefix + name].startswith("sb_secret_"))
    ]
