"""The metrics of the daemon, on a port of its own."""

import re
import subprocess

import httpx
import pytest
from gateway_process import wait_for

LIMIT_S = 60


@pytest.fixture
def metrics(program, words, place, pair):
    """A function that returns the metrics of a running daemon as text; the tables are copied."""
    for command in (("capture", "install"), ("copy", "run")):
        assert program(*command, "--yes", "--json").returncode == 0
    log = place / "mirror.log"
    with log.open("w", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            **words("mirror", "run", "--metrics-port", "0"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    try:
        found = wait_for(
            lambda: re.search(r"metrics on (\S+)", log.read_text(encoding="utf-8")), what="a port"
        )
        yield lambda: httpx.get(found[1], timeout=30, trust_env=False).text
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def value(text, name):
    """Return the value of a metric of the forward direction, or None."""
    matched = re.search(rf'^changeover_{name}{{direction="forward"}} (\S+)$', text, re.MULTILINE)
    return float(matched[1]) if matched else None


def test_the_daemon_tells_what_it_carries_and_what_waits(metrics, pair, secrets):
    """Keys are counted, an empty log is 0, the marker has an age; nothing secret is shown."""
    with pair.source.connect() as connection:
        connection.execute("UPDATE public.customer SET name = 'written' WHERE id = 2")
    wait_for(lambda: value(metrics(), "mirror_keys_total"), what="the key")
    wait_for(lambda: value(metrics(), "marker_age_seconds") is not None, what="the marker")
    wait_for(lambda: value(metrics(), "change_log_depth") == 0, what="the empty log")
    text = metrics()
    assert value(text, "mirror_keys_total") == 1
    assert value(text, "marker_age_seconds") < LIMIT_S
    assert [one for one in [*secrets, "written"] if one in text] == []
