"""A sub-client that closes what it was given ends nothing that others use."""

import asyncio
import gc

import pytest
from gateway_process import wait_for
from supabase import (
    AsyncClientOptions,
    ClientOptions,
    create_async_client,
    create_client,
)

URL = "https://project.example"


def test_closing_a_sub_client_ends_nothing(make_http, scene):
    """After each sub-client has closed the shared client, twice, queries are answered as before."""
    scene.fill()
    with make_http() as http:
        client = create_client(URL, scene.keys["service"], ClientOptions(httpx_client=http))
        closings = (
            client.postgrest.aclose,
            client.auth.close,
            lambda: client.postgrest.__exit__(None, None, None),
            lambda: client.storage.__exit__(None, None, None),
        )
        for close in closings:
            close()
            close()
            assert client.table("master").select("id").eq("id", 1).execute().data == [{"id": 1}]
    with pytest.raises(RuntimeError, match="closed"):
        client.table("master").select("id").execute()


def test_closing_a_sub_client_of_a_loop_ends_nothing(make_async_http, scene):
    """In a loop too, and the connections are gone when the loop ends."""
    scene.fill()

    async def run():
        async with make_async_http() as http:
            client = await create_async_client(
                URL, scene.keys["service"], AsyncClientOptions(httpx_client=http)
            )
            for _ in range(2):
                await client.postgrest.aclose()
                await client.auth.close()
                await client.storage.__aexit__(None, None, None)
                found = await client.table("master").select("id").eq("id", 1).execute()
                assert found.data == [{"id": 1}]

    asyncio.run(run())


def _sessions(scene):
    """Return the processes of the server that serve the API."""
    return {
        pid
        for (pid,) in scene.connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'authenticator'"
        )
    }


def test_ending_the_client_gives_the_connections_back(make_http, scene):
    """After its block the server has none of the client's connections any more."""
    before = _sessions(scene)
    with make_http() as http:
        client = create_client(URL, scene.keys["service"], ClientOptions(httpx_client=http))
        client.table("master").select("id").execute()
        own = _sessions(scene) - before
    assert own
    wait_for(lambda: not own & _sessions(scene), what="the end of the connections")


def test_a_client_that_nobody_holds_gives_its_connections_back(make_http, scene):
    """A client that is forgotten without being ended leaves no connection behind."""
    before = _sessions(scene)
    http = make_http()
    client = create_client(URL, scene.keys["service"], ClientOptions(httpx_client=http))
    client.table("master").select("id").execute()
    own = _sessions(scene) - before
    assert own
    del http, client
    gc.collect()
    wait_for(lambda: not own & _sessions(scene), what="the end of the connections")


def test_a_client_serves_one_loop_after_the_other(make_async_http, scene):
    """A client that was made outside of any loop serves each loop of its process."""
    http = make_async_http()

    async def ask():
        client = await create_async_client(
            URL, scene.keys["service"], AsyncClientOptions(httpx_client=http)
        )
        found = await asyncio.gather(
            *(client.table("master").select("id").eq("id", 1).execute() for _ in range(20))
        )
        return [one.data for one in found]

    assert asyncio.run(ask()) == [[{"id": 1}]] * 20
    assert asyncio.run(ask()) == [[{"id": 1}]] * 20
    asyncio.run(http.shutdown())
