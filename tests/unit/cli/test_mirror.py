import os
import signal

import pytest

from changeover.cli.mirror import stopped_by_signals


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_a_wish_and_the_second_an_end(number):
    """The first signal asks for the end after the round; the second one interrupts."""
    before = signal.getsignal(number)
    with stopped_by_signals() as stop:
        assert not stop.is_wanted()
        os.kill(os.getpid(), number)
        assert stop.is_wanted()
        assert stop.numbers == [number]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before
