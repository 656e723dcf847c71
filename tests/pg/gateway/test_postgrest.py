"""A PostgREST user's own configuration, run."""

import signal

import httpx
import pytest
from gateway_process import JWT_SECRET, POSTGREST, wait_for


def write(path, login, *lines):
    """Write a configuration file."""
    first = f'db-uri = "{login}"'
    path.write_text("\n".join([first, 'server-host = "127.0.0.1"', *lines]), encoding="utf-8")
    return ["--postgrest-config", str(path)]


@pytest.fixture
def run(make_gateway, login, tmp_path):
    """A function that runs a gateway by a file of these lines; only the given names are set."""

    def start(*lines, settings=None):
        flags = write(tmp_path / "postgrest.conf", login, *lines)
        settings = dict.fromkeys((*POSTGREST, "PGRST_DB_URI")) | (settings or {})
        return make_gateway(login, flags=flags, settings=settings)

    return start


def test_a_file_is_enough(run):
    """Schemas, roles, the secret and the cap of rows come from the file."""
    api = run(
        'db-schemas = "public"',
        'db-anon-role = "anon"',
        "db-max-rows = 1",
        f'jwt-secret = "{JWT_SECRET}"',
        "server-port = 0",
    )
    with api.client() as client, api.client(has_key=False) as stranger:
        assert client.get("/rpc/who").json() == "service_role"
        assert stranger.get("/rpc/who").json() == "anon"
        assert client.get("/item?select=id").json() == [{"id": 1}]


def test_the_environment_comes_before_the_file(run):
    """`PGRST_*` wins."""
    api = run(
        "db-max-rows = 1",
        "server-port = 0",
        settings={"PGRST_DB_MAX_ROWS": "2", "PGRST_DB_ANON_ROLE": "anon"},
    )
    with api.client(has_key=False) as client:
        assert len(client.get("/item").json()) == 2


def test_there_is_no_cap_of_rows_unless_one_is_set(api, database):
    """The platform's 1000 rows are `[gateway]`'s, not PostgREST's."""
    with database.connect() as connection:
        connection.execute("INSERT INTO item SELECT n, 'x' FROM generate_series(10, 2009) AS n")
    with api.client() as client:
        assert len(client.get("/item?select=id").json()) == 2002


def test_the_platforms_cap_is_the_default_of_the_table(make_gateway, login, database):
    """`[gateway]` caps at 1000, and single tables as they are told."""
    with database.connect() as connection:
        for table, column in (("item", "name"), ('"Заказ"', "note")):
            connection.execute(
                f"INSERT INTO {table} (id, {column}) SELECT n, 'x' FROM generate_series(10, 2009) n"
            )
    api = make_gateway(login, table='max_rows_of = {"public.Заказ" = 5}')
    with api.client() as client:
        assert len(client.get("/item?select=id").json()) == 1000
        assert len(client.get("/Заказ?select=id").json()) == 5


@pytest.mark.parametrize(
    ("end", "prefer", "is_kept", "is_echoed"),
    [
        ("commit", "", True, False),
        ("commit", "tx=rollback", True, False),
        ("commit-allow-override", "tx=rollback", False, True),
        ("commit-allow-override", "", True, False),
        ("rollback", "", False, False),
        ("rollback", "tx=commit", False, False),
        ("rollback-allow-override", "tx=commit", True, True),
        ("rollback-allow-override", "", False, False),
    ],
)
def test_how_transactions_end(  # noqa: PLR0917 - fixtures and one case
    make_gateway, login, database, end, prefer, is_kept, is_echoed
):
    """`db-tx-end` says whether writes stay, and whether a request may say otherwise."""
    api = make_gateway(login, settings={"PGRST_DB_TX_END": end})
    with api.client() as client:
        answer = client.post(
            "/item",
            json={"id": 9, "name": "x"},
            headers={"prefer": ",".join(filter(None, ["return=representation", prefer]))},
        )
    assert (answer.status_code, answer.json()) == (201, [{"id": 9, "name": "x"}])
    assert (prefer in answer.headers.get("preference-applied", "")) is (is_echoed or not prefer)
    with database.connect() as connection:
        found = connection.execute("SELECT 1 FROM item WHERE id = 9").fetchone()
    assert (found is not None) is is_kept


def test_the_database_configures_it(make_gateway, login, set_login):
    """Settings of the role that logs in win over the environment's."""
    set_login("pgrst.db_max_rows", "1")
    api = make_gateway(login, settings={"PGRST_DB_MAX_ROWS": "2"})
    with api.client() as client:
        assert len(client.get("/item").json()) == 1
    plain = make_gateway(login, settings={"PGRST_DB_MAX_ROWS": "2", "PGRST_DB_CONFIG": "false"})
    with plain.client() as client:
        assert len(client.get("/item").json()) == 2


def test_a_function_configures_it(make_gateway, login, database):
    """`db-pre-config` sets what the role's settings leave unset."""
    with database.connect() as connection:
        connection.execute(
            "CREATE FUNCTION public.configure() RETURNS void LANGUAGE sql AS"
            " $$ SELECT set_config('pgrst.db_max_rows', '1', true) $$"
        )
    api = make_gateway(login, settings={"PGRST_DB_PRE_CONFIG": "public.configure"})
    with api.client() as client:
        assert len(client.get("/item").json()) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_signal_makes_it_read_the_configuration_again(make_gateway, login, set_login, workers):
    """SIGUSR2: what reloads does so in every worker, and nobody is refused meanwhile."""
    api = make_gateway(login, flags=["--workers", str(workers)])
    with api.client() as client:
        assert len(client.get("/item").json()) == 2
        set_login("pgrst.db_max_rows", "1")
        api.send(signal.SIGUSR2)
        wait_for(
            lambda: len(api.events("configuration_reloaded")) == workers, what="the new settings"
        )
        for _ in range(20):
            assert len(httpx.get(f"{api.url}/item", headers=api.headers).json()) == 1


def test_a_notification_makes_it_read_again(api, database, set_login):
    """`NOTIFY pgrst` reloads the schema or the configuration."""
    with api.client() as client:
        assert client.get("/later").status_code == 404
        with database.connect() as connection:
            connection.execute("CREATE TABLE later (id int)")
            connection.execute("GRANT ALL ON later TO service_role")
            connection.execute("NOTIFY pgrst, 'reload schema'")
        wait_for(lambda: client.get("/later").status_code == 200, what="the new table")
        set_login("pgrst.db_max_rows", "1")
        with database.connect() as connection:
            connection.execute("NOTIFY pgrst, 'reload config'")
        wait_for(lambda: len(client.get("/item").json()) == 1, what="the new settings")


def test_a_signal_makes_it_read_the_schema_again(make_gateway, login, database):
    """SIGUSR1 works where nothing is listened to."""
    api = make_gateway(login, settings={"PGRST_DB_CHANNEL_ENABLED": "false"})
    with api.client() as client:
        client.get("/item")
        with database.connect() as connection:
            connection.execute("ALTER TABLE item ADD COLUMN more int")
        api.send(signal.SIGUSR1)
        wait_for(lambda: api.events("schema_reloaded"), what="the schema")


def test_a_configuration_that_can_not_be_used_keeps_the_old(make_gateway, login, set_login):
    """A mistake in a reload is logged; the gateway serves on as before."""
    api = make_gateway(login)
    with api.client() as client:
        set_login("pgrst.db_schemas", "pg_catalog")
        api.send(signal.SIGUSR2)
        (failed,) = wait_for(lambda: api.events("failed"), what="the complaint")
        assert failed["code"] == "CO100"
        assert client.get("/item").status_code == 200


@pytest.mark.parametrize(
    ("settings", "code", "exit_code"),
    [
        ({"PGRST_DB_TX_END": "sometimes"}, "CO100", 2),
        ({"PGRST_JWT_SECRET": "short"}, "CO100", 2),
        ({"PGRST_DB_URI": "postgresql://nobody@127.0.0.1:{port}/postgres"}, "CO208", 5),
        ({"PGRST_DB_URI": "@/nowhere"}, "CO100", 2),
    ],
)
def test_what_can_not_be_served_ends_at_once(  # noqa: PLR0917 - fixtures and one case
    make_gateway, login, database, settings, code, exit_code
):
    """A wrong setting ends with 2, a login that is refused for good with 5."""
    filled = {n: value.format(port=database.server.port) for n, value in settings.items()}
    api = make_gateway(login, settings=filled, is_awaited=False)
    assert api.process.wait(60) == exit_code
    assert f"error {code}" in api.text()


def test_a_database_that_is_not_there_ends_the_table_at_once(make_gateway):
    """With `[gateway]` a database that can't be reached is 5, as everywhere in the program."""
    api = make_gateway("host=127.0.0.1 port=1 dbname=x", table="", is_awaited=False)
    assert api.process.wait(60) == 5
    assert "error CO201" in api.text()


def test_names_without_effect_are_told(make_gateway, login):
    """A setting that PostgREST has and ours does not serve is a warning, no error."""
    api = make_gateway(login, settings={"PGRST_LOG_QUERY": "true", "PGRST_NONSENSE": "1"})
    assert api.text().count("PGRST_LOG_QUERY") == 1
    assert api.text().count("PGRST_NONSENSE") == 1


def test_own_settings_reach_sql(make_gateway, login):
    """`app.settings.*` are set in each transaction."""
    api = make_gateway(login, settings={"PGRST_APP_SETTINGS_SHOP": "one"})
    with api.client() as client:
        assert client.get("/rpc/told?name=app.settings.shop").json() == "one"


def test_the_files_beside_the_configuration_are_read(make_gateway, login, tmp_path):
    """`@file` of the connection string and of the secret."""
    (tmp_path / "secret").write_text(f"{JWT_SECRET}\n", encoding="utf-8")
    (tmp_path / "secret").chmod(0o600)
    api = make_gateway(login, settings={"PGRST_JWT_SECRET": f"@{tmp_path / 'secret'}"})
    with api.client() as client:
        assert client.get("/rpc/who").json() == "service_role"
