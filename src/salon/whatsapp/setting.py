"""What a session store is told once: lives of keys, waits, intervals."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from salon.error import InvalidArgumentError
from salon.whatsapp.key_type import TTL, TTL_OTHER

TTL_MIN: Final = dt.timedelta(days=2)
"""A key in use is prolonged at half its life, and at most once a day: half is a day or more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a session store.

    Attributes:
        ttl: How long keys of a type live after they were written or prolonged; two days or more.
        ttl_other: The same for every type that `ttl` does not name.
        swap_wait_s_max: Longest wait for a swap that keeps writes closed, in seconds.
        cleanup_every: Between two cleanups.
        health_every: Between two checks of health.
        alarm_every: Within this span there is one alarm at the most.
        is_read_only: Nothing is written, no key is prolonged: for the backup, for shadow reads.
    """

    ttl: Mapping[str, dt.timedelta] = field(default_factory=lambda: TTL)
    ttl_other: dt.timedelta = TTL_OTHER
    swap_wait_s_max: float = 30.0
    cleanup_every: dt.timedelta = dt.timedelta(hours=6)
    health_every: dt.timedelta = dt.timedelta(minutes=5)
    alarm_every: dt.timedelta = dt.timedelta(minutes=30)
    is_read_only: bool = False

    def __post_init__(self) -> None:
        short = sorted(name for name, ttl in self.ttl.items() if ttl < TTL_MIN)
        if self.ttl_other < TTL_MIN:
            short.append("ttl_other")
        if short:
            raise InvalidArgumentError(
                f"keys live two days or more, not so: {', '.join(short)}",
                hint="a key in use is prolonged at half its life and at most once a day",
            )

    def ttl_of(self, key_type: str) -> dt.timedelta:
        """Return how long a key of a type lives."""
        return self.ttl.get(key_type, self.ttl_other)
