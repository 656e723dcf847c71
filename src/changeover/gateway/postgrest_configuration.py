"""A PostgREST user's own configuration: the file, `PGRST_*`, and what the database says.

In-database comes before the environment, the environment before the file, the file before the
default. An empty text is unset. A number or a truth that can't be read is unset too, as there.

Reference: PostgREST 16, its page "Configuration" and `PostgREST.Config`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from changeover.engine.settings import ApiSettings, TransactionEnd
from changeover.gateway.postgrest_file import Value, read_file
from changeover.gateway.postgrest_key import (
    APPLICATION,
    APPLICATION_ENVIRONMENT,
    BY_NAME,
    PREFIX,
    environment_name,
)
from changeover.gateway.setup import CHANNEL, Limits, Listening, Setup
from changeover.model.errors import ConfigurationError
from changeover.model.name import TableName
from changeover.model.secret import Secret
from changeover.stores.key import KeyMode, KeySettings
from changeover.stores.pool import PoolSettings

HINT: Final = "see docs/howto/start-with-postgrests-configuration.md"
FORBIDDEN_SCHEMAS: Final = ("pg_catalog", "information_schema")
MODES: Final = range(0o600, 0o1000)
LOGGED_MIN: Final = {"crit": 1000, "error": 500, "warn": 400, "info": 0, "debug": 0}

Warn = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What was configured, by origin.

    Attributes:
        path: The file, or None where there is none.
        file: Its keys.
        environment: The names that begin with `PGRST_`.
        database: The in-database settings, by key.
    """

    path: Path | None = None
    file: Mapping[str, Value] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    database: Mapping[str, str] = field(default_factory=dict)

    def value(self, name: str) -> Value | None:
        """Return what a key was set to, or None."""
        if name in self.database:
            return self.database[name]
        variable = environment_name(name)
        return self.environment[variable] if variable in self.environment else self.file.get(name)

    def _first(self, name: str, read: Callable[[Value], T | None]) -> T | None:
        """Return a key's value, or that of its other name."""
        key = BY_NAME[name]
        # Of the idle time PostgREST asks the old name first.
        names = (key.old, key.name) if name == "db-pool-max-idletime" else (key.name, key.old)
        for one in names:
            value = self.value(one) if one else None
            found = None if value is None else read(value)
            if found is not None:
                return found
        return None

    def text(self, name: str) -> str:
        """Return a key's text; empty where it is unset."""
        return self._first(name, lambda value: _text(value) or None) or ""

    def integer(self, name: str, default: int) -> int:
        """Return a key's number."""
        found = self._first(name, _integer)
        return default if found is None else found

    def truth(self, name: str, *, default: bool) -> bool:
        """Return whether a key is true."""
        found = self._first(name, _truth)
        return default if found is None else found

    def names(self, name: str, default: str) -> tuple[str, ...]:
        """Return a key's list of names."""
        return tuple(part.strip() for part in (self.text(name) or default).split(","))

    def choice(self, name: str, choices: Mapping[str, T], default: str) -> T:
        """Return what a key's word stands for.

        Raises:
            ConfigurationError: If it is none of them.
        """
        word = self.text(name) or default
        if word not in choices:
            raise ConfigurationError(
                f"{name} is none of {', '.join(choices)}", hint=f"correct {name}; {HINT}"
            )
        return choices[word]


def gather(path: Path | None, environment: Mapping[str, str], read: Callable[[Path], str]) -> Given:
    """Return what a file and the environment say.

    Args:
        path: The file, or None for the environment alone.
        environment: The process's environment.
        read: Returns the text of a file.

    Raises:
        ConfigurationError: If the file can't be read.
    """
    ours = {name: value for name, value in environment.items() if name.startswith(PREFIX)}
    return Given(
        path=path,
        file={} if path is None else read_file(path, environment, read),
        environment=ours,
    )


def complain(given: Given, warn: Warn) -> None:
    """Warn once of each name that has no effect here."""
    variables = {environment_name(name): name for name in BY_NAME}
    named = {name: name for name in given.file if not name.startswith(APPLICATION)} | {
        variable: variables.get(variable, variable)
        for variable in given.environment
        if not variable.startswith(APPLICATION_ENVIRONMENT)
    }
    for shown, name in named.items():
        key = BY_NAME.get(name)
        if key is None:
            warn(f"{shown} is no setting of PostgREST 16 that is known here; it has no effect")
        elif not key.is_served:
            warn(f"{shown} is accepted, but has no effect here")


def pre_config(given: Given) -> TableName | None:
    """Return the function that sets the database's own settings, if there is one."""
    return _function(given.text("db-pre-config"))


def configure(given: Given, read: Callable[[str], str]) -> Setup:
    """Return how the gateway is run.

    Args:
        given: What was configured.
        read: Returns the text of a file that a value names with `@`.

    Raises:
        ConfigurationError: If a value can't be used.
    """
    dsn = given.text("db-uri") or "postgresql://"
    admin_port = given.integer("admin-server-port", -1)
    listening = _listening(given, "server", 3000)
    has_admin = admin_port >= 0 or given.text("admin-server-unix-socket")
    if admin_port >= 0 and admin_port == listening.port and admin_port:
        raise ConfigurationError("admin-server-port cannot be the same as server-port", hint=HINT)
    return Setup(
        origin="db-uri",
        api=_api(given),
        keys=_keys(given, read),
        pool=_pool(given, Secret(read(dsn[1:]).strip() if dsn.startswith("@") else dsn)),
        channel=(given.text("db-channel") or CHANNEL)
        if given.truth("db-channel-enabled", default=True)
        else "",
        listening=listening,
        admin=_listening(given, "admin-server", max(admin_port, 0)) if has_admin else None,
        origins=given.names("server-cors-allowed-origins", "")
        if given.text("server-cors-allowed-origins")
        else (),
        limits=Limits(),
        status_logged_min=given.choice("log-level", LOGGED_MIN, "error"),
    )


def _api(given: Given) -> ApiSettings:
    schemas = given.names("db-schemas", "public")
    for name in FORBIDDEN_SCHEMAS:
        if name in schemas:
            raise ConfigurationError(f"db-schemas does not allow schema: '{name}'", hint=HINT)
    rows_max = given.integer("db-max-rows", -1)
    extra = given.value("db-extra-search-path")
    path = "public" if extra is None else _text(extra)
    ends = {str(end): end for end in TransactionEnd}
    plain = ApiSettings()
    hoisted = given.text("db-hoisted-tx-settings")
    modes = {"follow-privileges": True, "ignore-privileges": True, "disabled": False}
    return ApiSettings(
        schemas=schemas,
        extra_search_path=tuple(part.strip() for part in path.split(",")) if path else (),
        rows_max=rows_max if rows_max >= 0 else None,
        transaction_end=given.choice("db-tx-end", ends, "commit"),
        pre_request=_function(given.text("db-pre-request")),
        root_function=_function(given.text("db-root-spec")),
        has_aggregates=given.truth("db-aggregates-enabled", default=False),
        has_plans=given.truth("db-plan-enabled", default=False),
        hoisted_settings=given.names("db-hoisted-tx-settings", "")
        if hoisted
        else plain.hoisted_settings,
        has_legacy_targets=given.truth("url-use-legacy-target-names", default=True),
        is_minimal=given.choice(
            "client-error-verbosity", {"verbose": False, "minimal": True}, "verbose"
        ),
        application_settings=_application(given),
        has_root=given.choice("openapi-mode", modes, "follow-privileges"),
    )


def _application(given: Given) -> tuple[tuple[str, str], ...]:
    found = {n: _text(value) for n, value in given.file.items() if n.startswith(APPLICATION)}
    for variable, value in given.environment.items():
        if variable.startswith(APPLICATION_ENVIRONMENT):
            found[APPLICATION + variable.removeprefix(APPLICATION_ENVIRONMENT)] = value
    return tuple(sorted(found.items()))


def _keys(given: Given, read: Callable[[str], str]) -> KeySettings:
    secret = given.text("jwt-secret")
    if secret.startswith("@"):
        secret = read(secret[1:]).removesuffix("\n")
    audience = given.text("jwt-aud")
    if ":" in audience and not urlsplit(audience).scheme:
        raise ConfigurationError("jwt-aud should be a string or a valid URI", hint=HINT)
    return KeySettings(
        mode=KeyMode.POSTGREST,
        jwt_secret=Secret(secret) if secret else None,
        is_jwt_secret_base64=given.truth("jwt-secret-is-base64", default=False),
        audience=audience or None,
        role_claim=given.text("jwt-role-claim-key") or "$.role",
        anonymous_role=given.text("db-anon-role") or None,
        tokens_max=given.integer("jwt-cache-max-entries", 1000),
    )


def _pool(given: Given, dsn: Secret) -> PoolSettings:
    return PoolSettings(
        dsn=dsn,
        connections_max=max(given.integer("db-pool", 10), 1),
        acquisition_timeout_s=given.integer("db-pool-acquisition-timeout", 10),
        lifetime_s_max=given.integer("db-pool-max-lifetime", 1800),
        idle_s_max=given.integer("db-pool-max-idletime", 30),
        # Who turns them off stands behind a pooler, where nothing of a session lasts.
        is_pooled=not given.truth("db-prepared-statements", default=True),
    )


def _listening(given: Given, prefix: str, port: int) -> Listening:
    host = given.text("server-host") or "!4"
    if prefix == "server":
        port = given.integer("server-port", port)
    else:
        host = given.text(f"{prefix}-host") or host
    return Listening(
        host=host,
        port=port,
        unix_socket=given.text(f"{prefix}-unix-socket"),
        unix_socket_mode=_mode(f"{prefix}-unix-socket-mode", given),
        is_port_shared=given.truth("server-reuseport", default=False),
    )


def _mode(name: str, given: Given) -> int:
    text = given.text(name) or "660"
    mode = int(text, 8) if re.fullmatch("[0-7]{1,6}", text) else 0
    if mode not in MODES:
        raise ConfigurationError(
            f"Invalid {name}: needs to be an octal between 600 and 777", hint=HINT
        )
    return mode


def _function(text: str) -> TableName | None:
    if not text:
        return None
    schema, dot, name = text.partition(".")
    return TableName(schema, name) if dot else TableName("", text)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _integer(value: Value) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = str(value).strip()
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else None


def _truth(value: Value) -> bool | None:
    if isinstance(value, bool):
        return value
    word = "".join(letter for letter in str(value) if letter.isalpha()).lower()
    if word in {"true", "false"}:
        return word == "true"
    number = _integer(value)
    return None if number is None else number > 0
