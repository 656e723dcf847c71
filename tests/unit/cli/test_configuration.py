import pytest

from changeover.cli.configuration import (
    load,
    public_secrets,
    show_databases,
    show_environment,
    show_settings,
)
from changeover.model.errors import (
    ConfigurationError,
    MissingSettingError,
    SecretOnCommandLineError,
    UnknownSettingError,
)
from changeover.model.side import Side

PASSWORD = "hunter" + "2"


@pytest.fixture
def warnings():
    """The warnings that were given."""
    return []


@pytest.fixture
def configured(tmp_path, warnings):
    """A function that reads a configuration of the given text."""

    def read(text="", *, environment=None, source="", target=""):
        path = tmp_path / "changeover.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        flags = {Side.SOURCE: source, Side.TARGET: target}
        return load(path, environment or {}, flags, warnings.append)

    return read


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("[copy]\nworker = 2", UnknownSettingError, "workers"),
        ("[coppy]\nworkers = 2", UnknownSettingError, "copy"),
        ('[copy]\nworkers = "two"', ConfigurationError, "copy.workers"),
        ("[copy\nworkers = 2", ConfigurationError, "not TOML"),
    ],
)
def test_a_wrong_file_is_refused_with_what_helps(configured, text, kind, said):
    """A misspelt key names the nearest, a wrong type its place, bad TOML its line."""
    with pytest.raises(kind) as raised:
        configured(text)
    assert said in f"{raised.value} {raised.value.hint}"
    assert raised.value.exit_code == 2


def test_a_missing_file_is_refused(tmp_path):
    """A configuration that was named and is not there is an error."""
    with pytest.raises(ConfigurationError, match="No such file"):
        load(tmp_path / "none.toml", {}, {}, print)


def test_flag_comes_before_environment_before_file(configured):
    """The order of origins is the documented one."""
    text = '[source]\ndsn = "host=file"'
    environment = {"CHANGEOVER_SOURCE_DSN": "host=ours", "SUPABASE_DB_URL": "host=theirs"}
    by_flag = configured(text, environment=environment, source="host=flag")
    by_environment = configured(text, environment=environment)
    by_file = configured(text)
    origins = [one.database(Side.SOURCE).origin for one in (by_flag, by_environment, by_file)]
    assert origins == [
        "--source",
        "environment CHANGEOVER_SOURCE_DSN",
        "changeover.toml [source] dsn",
    ]


def test_nothing_names_the_database(configured):
    """A database that nothing names is an error that says how to name it."""
    with pytest.raises(MissingSettingError) as raised:
        configured().database(Side.TARGET)
    assert "CHANGEOVER_TARGET_DSN" in raised.value.hint


def test_a_password_in_a_flag_is_refused(configured):
    """A flag with a password is refused, whatever else names the database."""
    with pytest.raises(SecretOnCommandLineError):
        configured(source=f"postgresql://app:{PASSWORD}@db/app").database(Side.SOURCE)


def test_a_file_of_secrets_is_read_from_beside_the_configuration(configured, tmp_path, warnings):
    """A relative @file in the configuration is looked for where the configuration lies."""
    secret = tmp_path / "source.dsn"
    secret.write_text("host=db dbname=app\n", encoding="utf-8")
    secret.chmod(0o600)
    found = configured('[source]\ndsn = "@source.dsn"').database(Side.SOURCE)
    assert found.dsn.reveal() == "host=db dbname=app"
    assert warnings == []


def test_a_file_of_secrets_that_others_read_is_warned_of(configured, tmp_path, warnings):
    """A file of secrets that other users can read is used with a warning."""
    secret = tmp_path / "source.dsn"
    secret.write_text("host=db", encoding="utf-8")
    secret.chmod(0o644)
    configured(source=f"@{secret}").database(Side.SOURCE)
    assert [text for text in warnings if "chmod 600" in text]


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"  \n"])
def test_an_unreadable_file_of_secrets_is_refused(configured, tmp_path, content):
    """A file that is absent, not text, or empty is an error of the configuration."""
    secret = tmp_path / "secret"
    if content is not None:
        secret.write_bytes(content)
    with pytest.raises(ConfigurationError) as raised:
        configured(source=f"@{secret}").database(Side.SOURCE)
    assert raised.value.exit_code == 2


def test_a_password_in_a_readable_configuration_is_warned_of(tmp_path, warnings):
    """A configuration with a password that others can read is warned of."""
    path = tmp_path / "changeover.toml"
    path.write_text(f'[source]\ndsn = "host=db password={PASSWORD}"', encoding="utf-8")
    path.chmod(0o644)
    load(path, {}, {}, warnings.append)
    assert [text for text in warnings if "chmod 600" in text]


def test_the_databases_are_shown_masked(configured):
    """What is shown of a connection string has no password, and says its origin."""
    environment = {"DATABASE_URL": f"postgresql://app:{PASSWORD}@db:5432/app"}
    shown = show_databases(configured(environment=environment))
    assert PASSWORD not in str(shown)
    assert [one.origin for one in shown if one.name == "target.dsn"] == ["environment DATABASE_URL"]


def test_settings_say_their_origin(configured):
    """A setting that the file names says so, also where it is the default's value."""
    shown = {one.name: one.origin for one in show_settings(configured("[copy]\nworkers = 2"))}
    assert shown["copy.workers"].endswith("changeover.toml")
    assert shown["copy.range_rows"] == "default"


def test_known_names_of_the_environment_are_shown_masked():
    """Names that applications know are shown, their values hidden but for addresses."""
    environment = {
        "SUPABASE_URL": "https://x.supabase.co",
        "SUPABASE_SERVICE_ROLE_KEY": PASSWORD,
        "PGPASSWORD": PASSWORD,
        "PGHOST": "db",
        "UNKNOWN": PASSWORD,
    }
    shown = {one.name: one.value for one in show_environment(environment)}
    assert shown == {
        "PGHOST": "db",
        "PGPASSWORD": "***",
        "SUPABASE_SERVICE_ROLE_KEY": "***",
        "SUPABASE_URL": "https://x.supabase.co",
    }


def test_a_secret_under_a_public_prefix_is_found():
    """A secret whose name makes a build publish it is a finding; an anonymous key is none."""
    environment = {
        "NEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY": PASSWORD,
        "VITE_SUPABASE_ANON_KEY": "sb_" + "secret_misplaced",
        "NUXT_PUBLIC_SUPABASE_ANON_KEY": "sb_publishable_fine",
    }
    assert public_secrets(environment) == [
        "NEXT_PUBLIC_SUPABASE_SERVICE_ROLE_KEY",
        "VITE_SUPABASE_ANON_KEY",
    ]


def test_armed_faults_are_warned_of(configured, warnings):
    """A fault point that is armed is warned of by name, an unknown one is refused."""
    hooks = configured(environment={"CHANGEOVER_FAULTS": "booking.is_lost"}).hooks()
    assert hooks.faults == {"booking.is_lost"}
    assert "booking.is_lost" in warnings[0]
    with pytest.raises(ConfigurationError, match="CHANGEOVER_FAULTS"):
        configured(environment={"CHANGEOVER_FAULTS": "nothing.like_it"}).hooks()


@pytest.mark.parametrize(
    ("text", "environment", "target", "origin"),
    [
        ('[target]\ndsn = "host=t"', {}, "", "changeover.toml [target] dsn"),
        (
            '[target]\ndsn = "host=t"\n[gateway]\ndsn = "host=g"',
            {},
            "",
            "changeover.toml [gateway] dsn",
        ),
        (
            '[gateway]\ndsn = "host=g"',
            {"CHANGEOVER_GATEWAY_DSN": "host=e"},
            "",
            "environment CHANGEOVER_GATEWAY_DSN",
        ),
        ('[gateway]\ndsn = "host=g"', {"CHANGEOVER_GATEWAY_DSN": "host=e"}, "host=f", "--target"),
    ],
)
def test_the_gateways_database(configured, text, environment, target, origin):
    """A login of its own comes before the target's owner, a flag before both."""
    found = configured(text, environment=environment, target=target)
    assert found.gateway().origin == origin


def test_the_gateways_files_lie_beside_the_configuration(configured, tmp_path):
    """Relative paths in `[gateway]` are taken from the file's directory."""
    (tmp_path / "gateway.dsn").write_text("host=g", encoding="utf-8")
    (tmp_path / "gateway.dsn").chmod(0o600)
    text = '[gateway]\ndsn = "@gateway.dsn"\ntls_key = "key.pem"\nunix_socket = "/run/api.sock"'
    found = configured(text)
    assert found.gateway().dsn.reveal() == "host=g"
    assert found.settings.gateway.tls_key == str(tmp_path / "key.pem")
    assert found.settings.gateway.unix_socket == "/run/api.sock"
    assert "gateway.dsn" in [shown.name for shown in show_databases(found)]
