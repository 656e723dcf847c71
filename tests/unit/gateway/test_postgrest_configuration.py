"""PostgREST's configuration, from text to a set-up."""

from pathlib import Path

import pytest

from changeover.engine.settings import ApiSettings, TransactionEnd
from changeover.gateway.postgrest_configuration import Given, complain, configure, gather
from changeover.gateway.postgrest_key import KEYS
from changeover.gateway.setup import Listening, with_flags
from changeover.model.errors import ConfigurationError
from changeover.model.name import TableName
from changeover.stores.key import KeyMode

SECRET = "planted-secret-" + "of-at-least-32-bytes"


def setup(file=None, environment=None, database=None, files=None):
    """Return what these settings come to."""
    given = Given(file=file or {}, environment=environment or {}, database=database or {})
    return configure(given, (files or {}).__getitem__)


def test_nothing_is_configured():
    """The defaults are PostgREST's."""
    found = setup()
    assert found.api == ApiSettings()
    assert found.keys.mode is KeyMode.POSTGREST
    assert found.keys.anonymous_role is None
    assert found.keys.jwt_secret is None
    assert found.keys.role_claim == "$.role"
    assert found.pool.dsn.reveal() == "postgresql://"
    assert (found.pool.connections_max, found.pool.acquisition_timeout_s) == (10, 10)
    assert (found.pool.lifetime_s_max, found.pool.idle_s_max) == (1800, 30)
    assert not found.pool.is_pooled
    assert found.channel == "pgrst"
    assert found.listening == Listening(host="!4", port=3000)
    assert found.admin is None
    assert not found.has_health
    assert found.origins == ()
    assert found.status_logged_min == 500
    assert found.limits.body_bytes_max == 64 << 20


def test_the_database_comes_before_the_environment_before_the_file():
    """Each origin wins over those after it; an empty text unsets."""
    file = {"db-schemas": "a", "db-anon-role": "f", "db-max-rows": 1, "jwt-aud": "x"}
    environment = {"PGRST_DB_SCHEMAS": "b", "PGRST_DB_MAX_ROWS": "2", "PGRST_JWT_AUD": ""}
    found = setup(file, environment, {"db-schemas": "c, d"})
    assert found.api.schemas == ("c", "d")
    assert found.api.rows_max == 2
    assert found.keys.anonymous_role == "f"
    assert found.keys.audience is None


def test_the_api_is_configured():
    """Every key of the language has its place."""
    found = setup(
        {
            "db-extra-search-path": "extensions, public",
            "db-pre-request": "api.check",
            "db-root-spec": "root",
            "db-tx-end": "rollback-allow-override",
            "db-aggregates-enabled": True,
            "db-plan-enabled": "True",
            "db-hoisted-tx-settings": "a, b",
            "url-use-legacy-target-names": False,
            "client-error-verbosity": "minimal",
            "openapi-mode": "disabled",
            "app.settings.a": "1",
        },
        {"PGRST_APP_SETTINGS_B": "2"},
    )
    assert found.api == ApiSettings(
        extra_search_path=("extensions", "public"),
        pre_request=TableName("api", "check"),
        root_function=TableName("", "root"),
        transaction_end=TransactionEnd.ROLLBACK_ALLOW_OVERRIDE,
        has_aggregates=True,
        has_plans=True,
        hoisted_settings=("a", "b"),
        has_legacy_targets=False,
        is_minimal=True,
        has_root=False,
        application_settings=(("app.settings.B", "2"), ("app.settings.a", "1")),
    )


def test_an_empty_extra_path_is_empty():
    """It is the one text that may be empty."""
    assert setup({"db-extra-search-path": ""}).api.extra_search_path == ()


@pytest.mark.parametrize(
    ("file", "read"),
    [
        ({"db-schema": "a"}, lambda s: s.api.schemas == ("a",)),
        ({"max-rows": 5}, lambda s: s.api.rows_max == 5),
        ({"pre-request": "p"}, lambda s: s.api.pre_request == TableName("", "p")),
        ({"root-spec": "r"}, lambda s: s.api.root_function == TableName("", "r")),
        ({"role-claim-key": ".a"}, lambda s: s.keys.role_claim == ".a"),
        ({"secret-is-base64": True}, lambda s: s.keys.is_jwt_secret_base64),
        ({"db-pool-timeout": 7, "db-pool-max-idletime": 8}, lambda s: s.pool.idle_s_max == 7),
        ({"db-schema": "a", "db-schemas": "b"}, lambda s: s.api.schemas == ("b",)),
    ],
)
def test_old_names_are_read(file, read):
    """A key's old name is read where the new one is unset."""
    assert read(setup(file))


@pytest.mark.parametrize(
    ("value", "is_true"),
    [
        ("true", True),
        ("True", True),
        ('"TRUE"', True),
        ("1", True),
        ("7", True),
        (True, True),
        ("false", False),
        ("0", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_truths(value, is_true):
    """True and false in any case, or a number above 0; what is neither is unset."""
    assert setup({"db-plan-enabled": value}).api.has_plans is is_true


def test_secrets_are_read_from_files():
    """`@file` is read; a secret loses one line end, a connection string all blanks."""
    files = {"/run/uri": " postgres://host/db \n", "/run/jwt": f"{SECRET}\n"}
    found = setup({"db-uri": "@/run/uri", "jwt-secret": "@/run/jwt"}, files=files)
    assert found.pool.dsn.reveal() == "postgres://host/db"
    assert found.keys.jwt_secret.reveal() == SECRET
    assert SECRET not in repr(found)


def test_the_server_is_configured():
    """Addresses, sockets, their rights and the admin's place."""
    found = setup(
        {
            "server-host": "127.0.0.1",
            "server-port": 0,
            "server-unix-socket": "/run/api.sock",
            "server-unix-socket-mode": "600",
            "admin-server-port": 3001,
            "server-cors-allowed-origins": "https://a.example, https://b.example",
            "log-level": "warn",
        }
    )
    assert found.listening == Listening(
        host="127.0.0.1", port=0, unix_socket="/run/api.sock", unix_socket_mode=0o600
    )
    assert found.admin == Listening(host="127.0.0.1", port=3001)
    assert found.origins == ("https://a.example", "https://b.example")
    assert found.status_logged_min == 400


def test_no_prepared_statements_mean_a_pooler():
    """Behind a pooler in transaction mode nothing of a session is relied on."""
    assert setup({"db-prepared-statements": False}).pool.is_pooled


def test_no_channel_is_listened_to():
    """`db-channel-enabled` turns reloads by notification off."""
    assert setup({"db-channel-enabled": False, "db-channel": "x"}).channel == ""


@pytest.mark.parametrize(
    "file",
    [
        {"db-schemas": "public, pg_catalog"},
        {"db-schemas": "information_schema"},
        {"db-tx-end": "planted"},
        {"log-level": "planted"},
        {"openapi-mode": "planted"},
        {"client-error-verbosity": "planted"},
        {"server-unix-socket-mode": "999"},
        {"server-unix-socket-mode": "577"},
        {"admin-server-port": 3000},
        {"jwt-aud": "1:planted"},
    ],
)
def test_what_postgrest_refuses_is_refused(file):
    """A value that it ends with ends ours too, with exit code 2 and without showing it."""
    with pytest.raises(ConfigurationError) as raised:
        setup(file)
    assert raised.value.exit_code == 2
    assert "planted" not in raised.value.message


def test_names_without_effect_are_warned_about():
    """Unknown names and such that are not served are told, known ones are not."""
    given = gather(
        Path("x.conf"),
        {"PGRST_OPENAPI_SECURITY_ACTIVE": "1", "PGRST_TYPO": "1", "PGRST_APP_SETTINGS_A": "1"},
        lambda _path: 'db-pool = 1\nlog-query = true\ndb-pol = 2\napp.settings.b = "1"',
    )
    said = []
    complain(given, said.append)
    assert [text.split()[0] for text in said] == [
        "log-query",
        "db-pol",
        "PGRST_OPENAPI_SECURITY_ACTIVE",
        "PGRST_TYPO",
    ]


def test_every_key_has_a_name_of_its_own():
    """No two keys share a name, old or new."""
    names = [name for key in KEYS for name in (key.name, key.old) if name]
    assert len(names) == len(set(names))


def test_flags_come_before_the_configuration():
    """A port on the command line takes the place of a configured socket."""
    configured = setup({"server-unix-socket": "/run/api.sock"})
    found = with_flags(configured, {"port": 8000, "workers": 2})
    assert found.listening == Listening(host="!4", port=8000)
    assert found.workers == 2
    assert with_flags(configured, {}) == configured
