"""What a line of the log may show."""

import asyncio
import json
import os

import pytest

from changeover.gateway.access_log import Access, AccessLog, shown_keys, shown_path


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/item", "/item"),
        ("/rest/v1/item", "/rest/v1/item"),
        ("/rest/v1/rpc/add", "/rest/v1/rpc/add"),
        ("/rpc/add/7", "/rpc/add/…"),
        ("/item/79991234567", "/item/…"),
        ("/79991234567", "/…"),
        ("/rest/v1/item/79991234567", "/rest/v1/item/…"),
        ("/storage/v1/object/photos/ivan.png", "/storage/v1/…"),
        ("/auth/v1/verify", "/auth/v1/…"),
        ("/-/ready", "/-/ready"),
        ("/", "/"),
        ("/rest/v1/", "/rest/v1/"),
    ],
)
def test_a_path_shows_the_resource_only(path, shown):
    """What stands behind a resource, and what is no name, is a dot dot dot."""
    assert shown_path(path) == shown


def test_a_query_shows_keys_only():
    """Values never, keys as far as they look like names."""
    query = "select=*&name=eq.planted&data->>phone=eq.1&79991234567=eq.1&planted&or=(a.eq.planted)"
    assert shown_keys(query) == ["select", "name", "data->>phone", "…", "…", "or"]


def lines(descriptor):
    """Return what was written to a pipe."""
    return [json.loads(line) for line in os.read(descriptor, 1 << 16).splitlines()]


def test_a_request_is_one_line():
    """The line holds verb, path, keys, status, bytes, time and role, and is written soon."""
    reading, writing = os.pipe()

    async def log():
        kept = AccessLog(status_min=400, descriptor=writing)
        for status in (200, 404):
            kept.access(
                Access(
                    method="GET",
                    path="/item",
                    query="id=eq.7",
                    status=status,
                    bytes=5,
                    ms=1.23456,
                    role="anon",
                )
            )
        kept.flush()

    asyncio.run(log())
    (line,) = lines(reading)
    del line["at"]
    assert line == {
        "event": "request",
        "method": "GET",
        "path": "/item",
        "query": ["id"],
        "status": 404,
        "bytes": 5,
        "ms": 1.235,
        "role": "anon",
    }


def test_a_fault_shows_no_text():
    """Of an error that nobody foresaw kind and place are shown, never what it says."""
    reading, writing = os.pipe()

    async def log():
        kept = AccessLog(descriptor=writing)
        try:
            raise ValueError("planted")  # noqa: TRY301 - its traceback is what is looked at
        except ValueError as error:
            kept.fault(error)
        kept.flush()

    asyncio.run(log())
    (line,) = lines(reading)
    assert line["error"] == "ValueError"
    assert line["where"].startswith("test_access_log.py:")
    assert "planted" not in json.dumps(line)
