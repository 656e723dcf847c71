"""A gateway that is told to stop."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from gateway_process import wait_for

WRITERS = 8


def write_until_refused(api, writer, acknowledged, has_begun):
    """Insert rows one after the other, each with an id of its own; keep what was acknowledged."""
    with api.client() as client:
        for number in range(1_000_000):
            row = 1_000_000 * (writer + 1) + number
            try:
                answer = client.post("/item", json={"id": row, "name": "x"})
            except httpx.TransportError:
                return
            assert answer.status_code in {201, 503}
            if answer.status_code == 201:
                acknowledged.append(row)
            has_begun.set()


@pytest.mark.parametrize("workers", [1, 2])
def test_no_acknowledged_write_is_lost(make_gateway, login, database, workers):
    """Under load SIGTERM ends it with 0, and each write that was acknowledged is there."""
    api = make_gateway(login, table=f"workers = {workers}")
    acknowledged = []
    begun = [threading.Event() for _ in range(WRITERS)]
    with ThreadPoolExecutor(WRITERS) as pool:
        runs = [
            pool.submit(write_until_refused, api, writer, acknowledged, begun[writer])
            for writer in range(WRITERS)
        ]
        assert all(event.wait(60) for event in begun)
        wait_for(lambda: len(acknowledged) > 100, what="the load")
        assert api.stop() == 0
        for run in runs:
            run.result(60)
    with database.connect() as connection:
        found = {row for (row,) in connection.execute("SELECT id FROM item WHERE id > 100")}
    assert set(acknowledged) - found == set()
    # At most the one request of each writer that was in flight may be there without an answer.
    assert len(found - set(acknowledged)) <= WRITERS


@pytest.mark.parametrize("workers", [1, 2])
def test_a_request_in_flight_is_answered(make_gateway, login, running, workers):
    """What was begun before SIGTERM is finished and answered; nobody new is accepted."""
    api = make_gateway(login, table=f"workers = {workers}")
    with ThreadPoolExecutor(1) as pool, api.client() as client:
        answer = pool.submit(client.get, "/rpc/slow?seconds=2")
        wait_for(lambda: running("slow"), what="the statement")
        api.send(signal.SIGTERM)
        assert answer.result(60).json() == 1
    assert api.process.wait(60) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(api.url, trust_env=False)


def test_an_interrupt_is_told_from_an_end(api):
    """SIGINT ends it as gracefully, with 130."""
    assert api.stop(signal.SIGINT) == 130


def test_a_request_that_outlasts_the_limit_is_given_up(make_gateway, login, running):
    """The gateway ends although somebody waits, and the statement is cancelled."""
    api = make_gateway(login, table="stop_s_max = 1")
    with ThreadPoolExecutor(1) as pool, api.client() as client:
        answer = pool.submit(client.get, "/rpc/slow?seconds=60")
        wait_for(lambda: running("slow"), what="the statement")
        assert api.stop() == 0
        assert answer.result(60).json()["code"] == "GATEWAY504"
    wait_for(lambda: not running("slow"), what="the end of the statement")
