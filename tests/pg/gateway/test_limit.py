"""What a request may cost, and what happens to one that costs more."""

import contextlib
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gateway_process import SECRET_KEY, wait_for

SECOND = "/rpc/slow?seconds=60"


def test_a_body_above_the_limit_is_refused(make_gateway, login):
    """413 with an error object, whether the length was announced or not; nothing is written."""
    api = make_gateway(login, table="body_bytes_max = 1000")
    body = b'[{"id": 9, "name": "' + b"x" * 200_000 + b'"}]'
    with api.client() as client:
        for content in (body, iter([body[:900], body[900:]])):
            answer = client.post("/item", content=content)
            assert answer.status_code == 413
            assert answer.json()["code"] == "GATEWAY413"
        fits = client.post("/item", json={"id": 8, "name": "x" * 900})
        assert fits.status_code == 201
        assert client.get("/item?select=id&id=gt.2").json() == [{"id": 8}]


def test_a_client_that_asks_first_need_not_send(make_gateway, login):
    """With `Expect: 100-continue` a body that is too large is refused before it is sent."""
    api = make_gateway(login, table="body_bytes_max = 1000")
    place = urlsplit(api.url)
    head = "POST /item HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 413 ")


def abort(place, path, key, after_s):
    """Send a request and go without waiting for its answer."""
    with socket.create_connection(place, timeout=30) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\napikey: {key}\r\n\r\n".encode())
        connection.settimeout(after_s)
        with contextlib.suppress(TimeoutError):
            connection.recv(1)


@pytest.mark.parametrize(
    "count",
    [pytest.param(300, id="few"), pytest.param(10_000, id="many", marks=pytest.mark.nightly)],
)
@pytest.mark.timeout(1800)
def test_aborted_requests_leak_nothing(make_gateway, login, database, count):
    """After many requests that nobody waited for: no connection and no descriptor too many."""
    api = make_gateway(login, table="pool_size = 4\nhas_access_log = false")
    place = urlsplit(api.url)
    descriptors = Path(f"/proc/{api.process.pid}/fd")
    with api.client() as client, ThreadPoolExecutor(8) as pool:
        client.get("/item")
        before = len(list(descriptors.iterdir()))
        for number in range(count):
            path = f"/rpc/slow?seconds={(number % 7) / 10}"
            after_s = 0.001 + (number % 5) / 20
            pool.submit(abort, (place.hostname, place.port), path, SECRET_KEY, after_s)
        pool.shutdown()
        answers = [client.get("/item?id=eq.1").status_code for _ in range(20)]
        assert answers == [200] * 20
        wait_for(lambda: len(list(descriptors.iterdir())) <= before + 4, what="few descriptors")
    with database.connect_as_superuser() as connection:
        (count,) = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = 'authenticator'"
            " AND datname = current_database() AND application_name = 'changeover api'"
        ).fetchone()
    assert count <= 4


def test_a_head_above_the_limit_is_refused(client):
    """431 with an error object for headers that are too long; a long list below it is fine."""
    assert client.get(f"/item?id=in.({'1,' * 20_000}1)").status_code == 200
    answer = client.get("/item", headers={"x-long": "x" * 70_000})
    assert answer.status_code == 431
    assert answer.json()["code"] == "GATEWAY431"


def test_a_request_above_its_time_is_cancelled(make_gateway, login, running):
    """504 with an error object, and the statement runs no more; the worker serves on."""
    api = make_gateway(login, table="request_s_max = 0.5")
    with api.client() as client:
        answer = client.get(SECOND)
        assert answer.status_code == 504
        assert answer.json()["code"] == "GATEWAY504"
        wait_for(lambda: not running("slow"), what="the end of the statement")
        assert client.get("/item?id=eq.1").status_code == 200


def test_a_client_that_goes_takes_its_work_along(api, running):
    """Nobody reads the answer, so the statement is cancelled; the log says 499."""
    with api.client() as client:
        gone = pytest.raises(httpx.ReadTimeout)
        with gone:
            client.get(SECOND, timeout=1)
    wait_for(lambda: not running("slow"), what="the end of the statement")
    wait_for(lambda: [e for e in api.events("request") if e["status"] == 499], what="the line")


def test_clients_that_go_leave_no_connection_taken(make_gateway, login):
    """More requests are given up than the pool has connections; it serves on."""
    api = make_gateway(login, settings={"PGRST_DB_POOL": "2"})
    with api.client() as client:
        for _ in range(6):
            with pytest.raises(httpx.ReadTimeout):
                client.get(SECOND, timeout=0.3)
        assert client.get("/item?id=eq.1").json() == [{"id": 1, "name": "one"}]


def test_more_requests_than_allowed_are_sent_away(make_gateway, login, running):
    """503 with Retry-After while as many as allowed are being answered."""
    api = make_gateway(login, table="requests_max = 1")
    with api.client() as client:
        thread = threading.Thread(target=client.get, args=("/rpc/slow?seconds=5",))
        thread.start()
        wait_for(lambda: running("slow"), what="the statement")
        answer = client.get("/item?id=eq.1")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert answer.json()["code"] == "GATEWAY503"
        thread.join()
        assert client.get("/item?id=eq.1").status_code == 200


def test_a_full_pool_is_postgrests_error(make_gateway, login, running):
    """A request that gets no connection in time is PGRST003, 504."""
    settings = {"PGRST_DB_POOL": "1", "PGRST_DB_POOL_ACQUISITION_TIMEOUT": "1"}
    api = make_gateway(login, settings=settings)
    with api.client() as client:
        thread = threading.Thread(target=client.get, args=("/rpc/slow?seconds=5",))
        thread.start()
        wait_for(lambda: running("slow"), what="the statement")
        answer = client.get("/item?id=eq.1")
        thread.join()
    assert (answer.status_code, answer.json()["code"]) == (504, "PGRST003")
