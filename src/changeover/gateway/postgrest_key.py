"""The keys of PostgREST's configuration: their names, old names, defaults and what becomes of them.

The reference page is made from this table; `postgrest_configuration` reads by it.
"""

from dataclasses import dataclass
from typing import Final

PREFIX: Final = "PGRST_"
IN_DATABASE_PREFIX: Final = "pgrst."
APPLICATION: Final = "app.settings."
APPLICATION_ENVIRONMENT: Final = "PGRST_APP_SETTINGS_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key.

    Attributes:
        name: As it stands in the file.
        default: In words.
        text: What it means.
        old: Its old name, which is still read.
        is_in_database: Whether the database may set it for the role that the gateway logs in as.
        is_served: Whether it has an effect here; else it is accepted and warned about.
    """

    name: str
    default: str
    text: str
    old: str = ""
    is_in_database: bool = False
    is_served: bool = True

    @property
    def environment(self) -> str:
        """Its name in the environment."""
        return environment_name(self.name)

    @property
    def in_database(self) -> str:
        """Its name as a setting of the role."""
        return IN_DATABASE_PREFIX + self.name.replace("-", "_")


def environment_name(name: str) -> str:
    """Return the name that a key has in the environment."""
    return PREFIX + name.upper().replace("-", "_")


def _in_database(name: str, default: str, text: str, *, old: str = "", served: bool = True) -> Key:
    return Key(
        name=name, default=default, text=text, old=old, is_in_database=True, is_served=served
    )


def _unserved(name: str, default: str, text: str) -> Key:
    return Key(name=name, default=default, text=text, is_served=False)


KEYS: Final = (
    Key(
        name="db-uri",
        default="`postgresql://`",
        text="The role and database that the gateway logs in to: a libpq URL, keywords or `@file`; "
        "what it leaves out is taken from `PG*`.",
    ),
    _in_database(
        "db-schemas", "`public`", "Exposed schemas; the first is the default.", old="db-schema"
    ),
    _in_database("db-extra-search-path", "`public`", "Schemas appended to the search path."),
    _in_database("db-anon-role", "unset", "The role of requests without a token."),
    _in_database(
        "db-pre-request",
        "unset",
        "A function that is called before each request's own statement.",
        old="pre-request",
    ),
    _in_database("db-root-spec", "unset", "A function that answers `/`.", old="root-spec"),
    _in_database(
        "db-max-rows", "unset", "The most rows of a read and of each embed.", old="max-rows"
    ),
    _in_database(
        "db-tx-end",
        "`commit`",
        "`commit`, `commit-allow-override`, `rollback`, `rollback-allow-override`.",
    ),
    _in_database("db-aggregates-enabled", "`false`", "Whether aggregate functions are allowed."),
    _in_database("db-plan-enabled", "`false`", "Whether execution plans may be asked for."),
    _in_database(
        "db-hoisted-tx-settings",
        "`statement_timeout`, `plan_filter.statement_cost_limit`, `default_transaction_isolation`",
        "Settings of a function that hold for its whole transaction.",
    ),
    _in_database(
        "db-prepared-statements",
        "`true`",
        "Whether statements are prepared; off behind a pooler in transaction mode.",
    ),
    Key(name="db-pool", default="`10`", text="Connections of one worker."),
    Key(name="db-pool-acquisition-timeout", default="`10`", text="Seconds to wait for one."),
    Key(name="db-pool-max-lifetime", default="`1800`", text="Seconds that one is used at most."),
    Key(
        name="db-pool-max-idletime",
        default="`30`",
        text="Seconds that an unused one is kept.",
        old="db-pool-timeout",
    ),
    _unserved(
        "db-pool-automatic-recovery", "`true`", "Lost connections are always opened again here."
    ),
    Key(name="db-channel", default="`pgrst`", text="The channel of reload notifications."),
    Key(name="db-channel-enabled", default="`true`", text="Whether it is listened to."),
    Key(name="db-config", default="`true`", text="Whether the database's own settings are read."),
    _in_database(
        "db-pre-config", "unset", "A function that sets them, called before they are read."
    ),
    Key(
        name="db-timezone-enabled",
        default="`true`",
        text="Whether `Prefer: timezone=` is obeyed.",
        is_in_database=True,
        is_served=False,
    ),
    _in_database(
        "jwt-secret",
        "unset",
        "What tokens are verified with: at least 32 bytes, a JWK, a JWK set, or `@file`.",
    ),
    _in_database(
        "jwt-secret-is-base64",
        "`false`",
        "Whether it is written in base64.",
        old="secret-is-base64",
    ),
    _in_database("jwt-aud", "unset", "The audience that tokens must name."),
    _in_database(
        "jwt-role-claim-key", "`$.role`", "Where the role stands in a token.", old="role-claim-key"
    ),
    Key(
        name="jwt-cache-max-entries",
        default="`1000`",
        text="Tokens that are remembered as verified; 0 for none.",
        is_in_database=True,
    ),
    _in_database(
        "client-error-verbosity", "`verbose`", "`minimal` leaves code and message of errors."
    ),
    _in_database(
        "url-use-legacy-target-names",
        "`true`",
        "Whether an embed with an alias may be filtered by its table's name.",
    ),
    _in_database("openapi-mode", "`follow-privileges`", "`disabled` turns `/` off."),
    _in_database(
        "openapi-security-active", "`false`", "Security in the description.", served=False
    ),
    _in_database("openapi-server-proxy-uri", "unset", "The URL in the description.", served=False),
    Key(
        name="server-host",
        default="`!4`",
        text="Where it listens: an address, a name, or `*`, `*4`, `*6`, `!4`, `!6`.",
    ),
    Key(name="server-port", default="`3000`", text="The port; 0 for any."),
    Key(name="server-unix-socket", default="unset", text="A socket that takes the port's place."),
    Key(name="server-unix-socket-mode", default="`660`", text="Its rights."),
    Key(
        name="server-reuseport",
        default="`false`",
        text="Whether other processes may share the port.",
    ),
    _in_database("server-cors-allowed-origins", "all", "Origins that browsers may call from."),
    _in_database("server-trace-header", "unset", "A header that is sent back.", served=False),
    _in_database("server-timing-enabled", "`false`", "The header `Server-Timing`.", served=False),
    Key(
        name="admin-server-host", default="`server-host`", text="Where `/live` and `/ready` listen."
    ),
    Key(name="admin-server-port", default="unset", text="Their port; unset for none."),
    Key(name="admin-server-unix-socket", default="unset", text="A socket that takes its place."),
    Key(name="admin-server-unix-socket-mode", default="`660`", text="Its rights."),
    Key(
        name="log-level",
        default="`error`",
        text="Requests that are logged: `crit` none, `error` from 500, `warn` from 400, else all.",
    ),
    _unserved("log-query", "`false`", "Statements in the log; ours never shows them."),
)

BY_NAME: Final = {name: key for key in KEYS for name in (key.name, key.old) if name}
