"""The breaker: when it opens, whom it lets through, when it closes."""

from changeover.routing.breaker import Breaker


def opened():
    """Return a breaker that has just opened, at the time 0."""
    breaker = Breaker(3, probe_s=1.0)
    assert [breaker.fail(0.0) for _ in range(3)] == [False, False, True]
    return breaker


def test_failures_in_a_row_open_it_and_a_success_between_them_does_not():
    """A success starts the count anew."""
    breaker = Breaker(3, probe_s=1.0)
    breaker.fail(0.0)
    breaker.fail(0.0)
    assert not breaker.succeed()
    breaker.fail(0.0)
    breaker.fail(0.0)
    assert breaker.allows(0.0)
    assert not breaker.is_open


def test_while_it_is_open_one_read_a_time_goes_through():
    """After the probe time exactly one is let through, then again one."""
    breaker = opened()
    assert [breaker.allows(now) for now in (0.5, 1.0, 1.5, 2.0, 2.1)] == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_a_probe_closes_it_or_keeps_it_open():
    """A failed probe is no news; a good one closes it."""
    breaker = opened()
    assert breaker.allows(1.0)
    assert not breaker.fail(1.0)
    assert breaker.is_open
    assert breaker.succeed()
    assert breaker.allows(1.1)
    assert breaker.failures == 0
