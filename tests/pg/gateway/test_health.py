"""Alive and ready are two things."""

import httpx
from gateway_process import wait_for

from changeover.embedded import Server, binaries, prepare_supabase

TABLE = (
    "CREATE TABLE public.item (id int)",
    "GRANT SELECT ON public.item TO service_role",
)
SETTINGS = {"fsync": False, "wal_level": "logical"}


def create(database):
    """Create a table that the API may read."""
    with database.connect() as connection:
        for statement in TABLE:
            connection.execute(statement)


def status(url, path):
    """Return the status of an answer."""
    return httpx.get(f"{url}{path}", timeout=30, trust_env=False).status_code


def test_ready_follows_the_database_down_and_up(make_gateway):
    """A database that is gone makes the gateway not ready, never dead; back again it is ready."""
    with Server.start(binaries(16), settings=SETTINGS) as server:
        project = prepare_supabase(server)
        create(project.database)
        api = make_gateway(project.authenticator_dsn, table="admin_port = 0")
        paths = ("/-/live", "/-/ready")
        wait_for(lambda: status(api.url, "/-/ready") == 200, what="readiness")
        server.stop("immediate")
        assert [status(api.url, path) for path in paths] == [200, 503]
        with api.client() as client:
            answer = client.get("/rest/v1/item")
        assert answer.status_code == 503
        assert answer.json()["code"] in {"PGRST000", "PGRST001"}
        server.restart()
        wait_for(lambda: status(api.url, "/-/ready") == 200, what="readiness")


def test_a_database_that_is_not_there_yet_is_waited_for(make_gateway):
    """As PostgREST, started before its database it says 503, then serves without a restart."""
    with Server.start(binaries(16), settings=SETTINGS) as server:
        project = prepare_supabase(server)
        create(project.database)
        dsn = project.authenticator_dsn
        server.stop()
        api = make_gateway(dsn, settings={"PGRST_ADMIN_SERVER_PORT": "0"})
        assert "it is waited for" in api.text()
        assert [status(api.admin_url, path) for path in ("/live", "/ready")] == [200, 503]
        with api.client() as client:
            refused = client.get("/item")
            assert refused.status_code == 503
            server.restart()
            wait_for(lambda: status(api.admin_url, "/ready") == 200, what="readiness")
            wait_for(lambda: client.get("/item").status_code == 200, what="an answer")


def test_health_has_a_port_of_its_own(make_gateway, login):
    """With PostgREST's settings the admin's port answers, the API's does not."""
    api = make_gateway(login, settings={"PGRST_ADMIN_SERVER_PORT": "0"})
    wait_for(lambda: status(api.admin_url, "/ready") == 200, what="readiness")
    assert status(api.admin_url, "/live") == 200
    assert status(api.admin_url, "/item") == 404
    assert status(api.url, "/-/ready") == 404
