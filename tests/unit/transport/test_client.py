"""What the official client does to an HTTP client does no harm to ours."""

import asyncio
import gc

import httpx
import pytest

from changeover.transport import network
from changeover.transport.client import async_client_over, client_over
from changeover.transport.network import Network


def test_the_api_is_answered_in_the_process(echo, host):
    """A request below the mount point reaches the store, with its own headers; no host is asked."""
    with client_over(echo) as http:
        answer = http.get(f"{host.url}/rest/v1/t?a=eq.1", headers={"Authorization": "Bearer x"})
    assert answer.json() == {"method": "GET", "path": "/t", "query": "a=eq.1"}
    assert echo.asked[0].header("authorization") == "Bearer x"
    assert host.seen == []


def test_all_else_goes_to_the_network(echo, host):
    """A request of another service reaches its host and not the store."""
    with client_over(echo) as http:
        assert http.get(f"{host.url}/auth/v1/health").text == "from the network"
    assert [path for path, _ in host.seen] == ["/auth/v1/health"]
    assert echo.asked == []


def test_a_response_tells_how_long_it_took(echo):
    """`elapsed` and the headers read as after a request over the network."""
    with client_over(echo) as http:
        answer = http.get("https://a.example/rest/v1/t")
        assert answer.elapsed.total_seconds() >= 0
        assert answer.headers.get_list("x-twice") == ["a", "b"]
        assert answer.is_closed


def test_closing_is_not_ending(echo, host):
    """A sub-client that closes the client, twice, takes nothing from the others."""
    http = client_over(echo)
    http.close()
    http.close()
    assert http.get("https://a.example/rest/v1/t").status_code == 200
    assert http.get(f"{host.url}/auth/v1/health").status_code == 200
    http.shutdown()
    with pytest.raises(RuntimeError, match="closed"):
        http.get("https://a.example/rest/v1/t")


def test_a_store_of_the_callers_is_not_closed(echo):
    """Ending the client leaves a store alone that it was given."""
    with client_over(echo) as http:
        http.get("https://a.example/rest/v1/t")
    assert echo.closed == 0


def test_a_store_of_its_own_is_closed_once(echo):
    """Ending the client, in whichever way and how often, closes the store made for it once."""
    with client_over(echo).own(echo) as http:
        pass
    http.shutdown()
    assert echo.closed == 1


def test_a_store_goes_with_the_last_reference(echo):
    """A client that nobody holds any more gives its store's connections back."""
    http = client_over(echo).own(echo)
    del http
    gc.collect()
    assert echo.closed == 1


def test_the_librarys_own_behaviour_is_restored(echo, host):
    """Redirects are followed, and an answer may take 120 seconds, as without our client."""
    host.redirects["/functions/v1/old"] = "/functions/v1/new"
    with client_over(echo) as http:
        assert http.timeout == httpx.Timeout(120)
        assert http.get(f"{host.url}/functions/v1/old").status_code == 200
    assert [path for path, _ in host.seen] == ["/functions/v1/old", "/functions/v1/new"]


def test_a_callers_choice_wins(echo, host):
    """Time-out and redirects can be chosen."""
    host.redirects["/functions/v1/old"] = "/functions/v1/new"
    with client_over(echo, wait_s=3, follow_redirects=False) as http:
        assert http.timeout == httpx.Timeout(3)
        assert http.get(f"{host.url}/functions/v1/old").status_code == 307


def test_a_redirect_within_the_host_keeps_the_keys(echo, host):
    """A host that redirects to itself sees the keys again."""
    host.redirects["/functions/v1/old"] = "/functions/v1/new"
    with client_over(echo) as http:
        http.get(f"{host.url}/functions/v1/old", headers={"apiKey": "k", "Authorization": "B x"})
    assert host.seen[1][1]["apikey"] == "k"
    assert host.seen[1][1]["authorization"] == "B x"


def test_a_redirect_to_a_stranger_takes_no_keys_along(echo, host, other_host):
    """Neither the project's key nor the user's token follows a redirect to another origin."""
    host.redirects["/functions/v1/old"] = f"{other_host.url}/elsewhere"
    with client_over(echo) as http:
        http.get(f"{host.url}/functions/v1/old", headers={"apiKey": "k", "Authorization": "B x"})
    ((path, headers),) = other_host.seen
    assert path == "/elsewhere"
    assert "apikey" not in headers
    assert "authorization" not in headers


def test_the_environments_proxy_is_used(echo, host, monkeypatch):
    """A proxy of the environment is asked, unless the host is excepted or nobody trusts it."""
    monkeypatch.setenv("http_proxy", host.url)
    monkeypatch.setenv("no_proxy", "excepted.example")
    url = httpx.URL("http://a.example/auth/v1/health")
    with client_over(echo) as http:
        assert http.get(url).text == "from the network"
    assert host.seen[0][0] == str(url)
    assert Network().proxy_for("http", "excepted.example:80") is None
    assert Network(is_environment_trusted=False).proxy_for("http", "a.example") is None
    other = Network(proxy="http://b.example")
    assert other.proxy_for("http", "a.example") == "http://b.example"


def test_the_environment_is_read_once_for_a_host(echo, host, monkeypatch):
    """It costs more than routing does, so no request pays for it but the first."""
    asked = []
    monkeypatch.setattr(network, "getproxies", lambda: asked.append(1) or {})
    with client_over(echo) as http:
        for _ in range(3):
            assert http.get(f"{host.url}/auth/v1/health").text == "from the network"
    assert asked == [1]


def test_the_loops_client_does_the_same(async_echo, host):
    """In a loop too: the API in the process, the rest on the network, closing is not ending."""

    async def run():
        async with async_client_over(async_echo).own(async_echo) as http:
            await http.aclose()
            await http.aclose()
            answer = await http.post("https://a.example/rest/v1/t", content=b'{"a":1}')
            assert answer.json()["method"] == "POST"
            assert (await http.get(f"{host.url}/auth/v1/health")).text == "from the network"
            assert http.timeout == httpx.Timeout(120)
            assert http.follow_redirects
        assert http.is_closed
        await http.shutdown()

    asyncio.run(run())
    assert async_echo.asked[0].body == b'{"a":1}'
    assert async_echo.closed >= 1


def test_a_redirect_of_the_loops_client_takes_no_keys_along(async_echo, host, other_host):
    """Neither key follows a redirect to another origin in a loop either."""
    host.redirects["/functions/v1/old"] = f"{other_host.url}/elsewhere"

    async def run():
        async with async_client_over(async_echo) as http:
            keys = {"apiKey": "k", "Authorization": "B x"}
            await http.get(f"{host.url}/functions/v1/old", headers=keys)

    asyncio.run(run())
    assert {"apikey", "authorization"}.isdisjoint(other_host.seen[0][1])


def test_an_answer_that_takes_too_long_is_given_up(async_echo):
    """In a loop the client's time-out holds for the store too, and its work is cancelled."""
    ended = []

    async def never(_message):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    async_echo.send = never

    async def run():
        async with async_client_over(async_echo) as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.get("https://a.example/rest/v1/t", timeout=0.01)

    asyncio.run(run())
    assert ended == [True]


def test_an_error_of_the_store_is_no_timeout(async_echo):
    """A TimeoutError that the store raises itself is handed on as it is."""

    async def broken(_message):
        raise TimeoutError("of its own")

    async_echo.send = broken

    async def run():
        async with async_client_over(async_echo) as http:
            with pytest.raises(TimeoutError, match="of its own"):
                await http.get("https://a.example/rest/v1/t")

    asyncio.run(run())
