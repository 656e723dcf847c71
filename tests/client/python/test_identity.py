"""Who asks is told by each request's own headers, never by the connection that it runs on."""

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from gateway_process import PUBLISHABLE_KEY, SECRET_KEY
from postgrest import APIError
from supabase import (
    AsyncClientOptions,
    ClientOptions,
    create_async_client,
    create_client,
)

import changeover

USERS = {
    "a": "00000000-0000-4000-8000-00000000000a",
    "b": "00000000-0000-4000-8000-00000000000b",
}
TURNS = 500


@pytest.fixture
def token(sign):
    """A function that returns a user's token."""
    return lambda user: sign("authenticated", sub=USERS[user])


@pytest.fixture
def auth_url(token):
    """The project's auth service, as far as signing in and out needs it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or "{}")
            if self.path.startswith("/auth/v1/token"):
                self._answer(200, _session(token(asked["email"][0]), asked["email"][0]))
            else:
                self._answer(204, None)

        def _answer(self, status, document):
            body = b"" if document is None else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def _session(access_token, user):
    person = {
        "id": USERS[user],
        "aud": "authenticated",
        "role": "authenticated",
        "app_metadata": {},
        "user_metadata": {},
        "created_at": "2024-01-01T00:00:00Z",
        "updated_at": "2024-01-01T00:00:00Z",
    }
    return {
        "access_token": access_token,
        "token_type": "bearer",
        "expires_in": 3600,
        "refresh_token": "once",
        "user": person,
    }


def _entries(query):
    return [row["entry"] for row in query.data]


def test_signing_in_changes_who_asks(http, auth_url, scene):
    """Signing in over the network makes the next query the user's; signing out undoes it."""
    scene.fill()
    options = ClientOptions(httpx_client=http, auto_refresh_token=False)
    client = create_client(auth_url, scene.keys["anon"], options)
    with pytest.raises(APIError, match="permission denied"):
        client.table("diary").select("entry").execute()
    for user in USERS:
        client.auth.sign_in_with_password({"email": f"{user}@salon.example", "password": "x"})
        assert _entries(client.table("diary").select("entry").execute()) == [f"of {user}"]
    assert client.rpc("who_am_i").execute().data["sub"] == USERS["b"]
    client.auth.sign_out()
    assert client.rpc("who_am_i").execute().data["role"] == "anon"


def test_a_token_is_taken_for_one_client_only(http, scene, token):
    """`auth` gives a sub-client its user; another client of the same connections keeps its own."""
    scene.fill()
    first, second = (
        create_client(
            "https://project.example", scene.keys["anon"], ClientOptions(httpx_client=http)
        )
        for _ in range(2)
    )
    first.postgrest.auth(token("a"))
    second.postgrest.auth(token("b"))
    assert _entries(first.table("diary").select("entry").execute()) == ["of a"]
    assert _entries(second.table("diary").select("entry").execute()) == ["of b"]
    first.table("diary").insert({"id": 3, "entry": "new"}, returning="minimal").execute()
    assert _entries(second.table("diary").select("entry").execute()) == ["of b"]


def test_a_user_and_a_password_are_no_token(http, scene):
    """Basic authentication says nothing here: the project's key alone counts."""
    client = create_client(
        "https://project.example", scene.keys["anon"], ClientOptions(httpx_client=http)
    )
    client.postgrest.auth(None, username="somebody", password="else")  # noqa: S106 - no secret
    assert client.rpc("who_am_i").execute().data["role"] == "anon"


@pytest.mark.parametrize(
    ("claims", "message"),
    [({"exp": 1}, "JWT expired"), ({"nbf": 4_000_000_000}, "JWT not yet valid")],
)
def test_a_token_out_of_time_is_refused(http, scene, sign, claims, message):
    """A token that is no longer, or not yet, valid is refused with PostgREST's code."""
    client = create_client(
        "https://project.example", scene.keys["anon"], ClientOptions(httpx_client=http)
    )
    client.postgrest.auth(sign("authenticated", sub=USERS["a"], **claims))
    with pytest.raises(APIError) as caught:
        client.table("diary").select("*").execute()
    assert (caught.value.code, caught.value.message) == ("PGRST303", message)


@pytest.mark.parametrize(
    ("key", "is_single_role", "role"),
    [
        (PUBLISHABLE_KEY, False, "anon"),
        (SECRET_KEY, False, "service_role"),
        (SECRET_KEY, True, "authenticator"),
        (PUBLISHABLE_KEY, True, None),
    ],
)
def test_a_key_of_the_new_kind_stands_for_its_role(make_http, key, is_single_role, role):
    """Such a key is no token; where there is one role only, the secret key stands for it."""
    keys = changeover.KeySettings(
        mode=changeover.KeyMode.SUPABASE,
        anonymous_role="anon",
        publishable_keys=(changeover.Secret(PUBLISHABLE_KEY),),
        secret_keys=(changeover.Secret(SECRET_KEY),),
        is_single_role=is_single_role,
    )
    with make_http(keys=keys) as http:
        client = create_client("https://project.example", key, ClientOptions(httpx_client=http))
        if role is not None:
            assert client.rpc("who_am_i").execute().data["role"] == role
            return
        with pytest.raises(APIError) as caught:
            client.rpc("who_am_i").execute()
    assert caught.value.code == "42501"


def test_a_strangers_key_is_refused(http):
    """A key that nobody signed is refused before the database is asked."""
    client = create_client(
        "https://project.example", "no.such.key", ClientOptions(httpx_client=http)
    )
    with pytest.raises(APIError) as caught:
        client.table("master").select("*").execute()
    assert caught.value.code == "PGRST301"


def test_users_who_share_connections_see_their_own_rows(make_async_http, runner, scene, token):
    """Two users, asking all at once over two connections, never see each other's rows."""
    scene.fill()

    async def run():
        async with make_async_http(connections_max=2) as http:
            clients = {}
            for user in USERS:
                clients[user] = await create_async_client(
                    "https://project.example",
                    scene.keys["anon"],
                    AsyncClientOptions(httpx_client=http),
                )
                clients[user].postgrest.auth(token(user))

            async def ask(user):
                return user, _entries(await clients[user].table("diary").select("entry").execute())

            return await asyncio.gather(*(ask(user) for user in [*USERS] * TURNS))

    answers = runner.run(run())
    assert len(answers) == 2 * TURNS
    assert [one for one in answers if one[1] != [f"of {one[0]}"]] == []
