"""What numbers of expired keys mean, and when things are due."""

import datetime as dt

import pytest

from salon.whatsapp import Health, Status
from salon.whatsapp.health import is_due, status_of

NOW = dt.datetime(2026, 4, 10, 9, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("expired", "status", "http"),
    [
        (0, Status.HEALTHY, 200),
        (99, Status.HEALTHY, 200),
        (100, Status.WARNING, 200),
        (499, Status.WARNING, 200),
        (500, Status.CRITICAL, 503),
        (625, Status.CRITICAL, 503),
    ],
)
def test_expired_keys_have_bounds(expired, status, http):
    """Below 100 healthy, from 500 on critical, and the codes of HTTP."""
    assert status_of(expired) is status
    assert Health(status=status).http_status == http


def test_what_is_unknown_is_never_healthy():
    """A check that could not run is 500."""
    assert Health(status=Status.UNKNOWN).http_status == 500


def test_the_first_time_is_due_and_then_after_the_span():
    """Not a moment earlier, and at the bound itself."""
    span = dt.timedelta(minutes=30)
    assert is_due(None, span, NOW)
    assert not is_due(NOW - span + dt.timedelta(microseconds=1), span, NOW)
    assert is_due(NOW - span, span, NOW)
