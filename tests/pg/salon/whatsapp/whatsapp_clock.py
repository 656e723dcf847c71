"""A clock that stands still until a test moves it."""

import datetime as dt

BEGIN = dt.datetime(2026, 4, 10, 9, 0, 0, 123456, tzinfo=dt.UTC)


class Clock:
    """The moment of a test; microseconds are part of it."""

    def __init__(self):
        """Begin."""
        self.now = BEGIN

    def __call__(self) -> dt.datetime:
        """Return it."""
        return self.now

    def move(self, **span: float) -> None:
        """Go on by a span of time, such as `days=1`."""
        self.now += dt.timedelta(**span)
