"""The two databases of a move, and which of them has the authority."""

from enum import StrEnum


class Side(StrEnum):
    """The old database and the new one. They never swap names."""

    SOURCE = "source"
    TARGET = "target"

    @property
    def other(self) -> "Side":
        """The opposite side."""
        return Side.TARGET if self is Side.SOURCE else Side.SOURCE


class Direction(StrEnum):
    """Which way the mirror carries rows: from the primary to the secondary."""

    FORWARD = "forward"
    REVERSE = "reverse"

    @classmethod
    def of_primary(cls, primary: Side) -> "Direction":
        """Return the direction of a mirror while `primary` has the authority."""
        return cls.FORWARD if primary is Side.SOURCE else cls.REVERSE

    @property
    def primary(self) -> Side:
        """The side that rows come from."""
        return Side.SOURCE if self is Direction.FORWARD else Side.TARGET

    @property
    def secondary(self) -> Side:
        """The side that rows go to."""
        return self.primary.other


class Stage(StrEnum):
    """Where the whole system stands; LaunchDarkly made the names usual."""

    OFF = "off"
    DUAL_WRITE = "dual_write"
    SHADOW = "shadow"
    LIVE = "live"
    RAMP_DOWN = "ramp_down"
    COMPLETE = "complete"
